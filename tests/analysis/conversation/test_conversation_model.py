"""One conversation out of the log: its money as the replay counts it, and every event once."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from retailsim import protocol_kit as kit
from retailsim.analysis.conversation.books import books
from retailsim.analysis.conversation.clock import clock
from retailsim.analysis.conversation.conversation import conversation
from retailsim.analysis.conversation.lines import scanned_lines
from retailsim.analysis.conversation.outcome import outcome
from retailsim.analysis.conversation.text import Text, visible
from retailsim.analysis.conversation.transcript import transcript
from retailsim.analysis.exhibits.beside import Beside
from retailsim.analysis.projection.errors import EpisodeUnreadable
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocol import ProtocolAnalysis, Remark, analysis_of
from retailsim.market.core.durations import DAY_US, HOUR_US, SECOND_US
from tests.analysis.fakelog import closed as ended
from tests.analysis.fakelog import encode, market, opened
from tests.sim.runs import SMALL, event_lines, launched

Event = Mapping[str, Any]

COSTS = (
    *("--set", "policy.tax=0.19", "--set", "policy.payment_fee=0.02"),
    *("--set", "policy.payment_fee_cents=25", "--set", "policy.salvage=0.3"),
    *("--set", "shipping.rate=0.02"),
)
"""So that each account has something to book, and carriers take more than buyers pay."""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("conversation") / "run"
    launched(out, *SMALL, *COSTS)
    return out


@pytest.fixture(scope="module")
def sales(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("conversation") / "sales"
    launched(out, "csales", *SMALL, "--sellers", "csi,random-action", "--set", "policy.tax=0.19")
    return out


@cache
def own_events(run: Path) -> dict[str, list[Event]]:
    """The events of each episode, in their order."""
    found = defaultdict(list)
    for line in event_lines(run):
        event = json.loads(line)
        if event["episode"] is not None:
            found[event["episode"]].append(event)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", ["run", "sales"])
def test_the_books_of_all_episodes_are_what_the_replay_counts(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(name)
    events, moved = own_events(folder), set()
    for row in load(folder).episodes.iter_rows(named=True):
        found = books(events[row["episode"]])
        accounts = found.accounts
        assert found.gross_cents == row["gross_revenue_cents"]
        assert found.net_cents == row["net_revenue_cents"]
        assert found.profit_cents == row["profit_cents"]
        assert accounts["stock"] == row["goods_cost_cents"]
        assert accounts["tax"] == row["tax_cents"]
        assert accounts["payment fees"] == row["payment_fee_cents"]
        ways_back = row["return_shipping_seller_cents"] + row["return_shipping_buyer_cents"]
        assert accounts["returns"] == ways_back
        assert (
            accounts["carrier"] + row["return_shipping_seller_cents"]
            == (row["delivery_cost_cents"])
        )
        assert sum(accounts.values()) == 0
        if found.postings:
            assert found.postings[-1].balance_cents == row["profit_cents"]
        moved |= {one.what for one in found.postings}
    assert {"sale", "shipping", "carrier", "tax in the price", "cost of the goods"} <= moved
    if name == "run":
        assert {"refund", "return shipping", "worth of what came back"} <= moved
        assert {"payment fee", "tax of the refund", "cost of the new goods"} <= moved


def test_goods_of_unknown_cost_leave_the_profit_open(run: Path) -> None:
    events = max(own_events(run).values(), key=lambda own: len(books(own).postings))
    free = [{k: v for k, v in one.items() if k != "unit_cost_cents"} for one in events]
    assert books(events).profit_cents is not None
    assert books(free).profit_cents is None
    assert books(free).net_cents == books(events).net_cents


@pytest.mark.slow
@pytest.mark.parametrize("name", ["run", "sales"])
def test_every_event_is_a_turn_once_and_has_words(
    name: str, request: pytest.FixtureRequest
) -> None:
    folder: Path = request.getfixturevalue(name)
    events = own_events(folder)
    for episode in list(events)[:12]:
        lines = scanned_lines(folder, episode)
        shown = conversation(episode, reversed(lines), analysis_of(folder))
        seqs = sorted(json.loads(line)["seq"] for line in lines)
        assert {one["seq"] for one in events[episode]} <= set(seqs)
        assert [turn.seq for stage in shown.stages for turn in stage.turns] == seqs
        assert [one.seq for one in shown.events] == seqs
        assert not [t.kind for s in shown.stages for t in s.turns if t.fold == "Fields"]
        told = transcript(shown)
        for one in events[episode]:
            assert one.get("text", "") in told


def test_what_a_seller_chose_from_is_told_with_how_likely_it_was(sales: Path) -> None:
    chosen = [
        (turn, event.fields)
        for episode in list(own_events(sales))[:6]
        for shown in [conversation(episode, scanned_lines(sales, episode), analysis_of(sales))]
        for stage in shown.stages
        for turn in stage.turns
        for event in shown.events
        if event.seq == turn.seq and turn.kind == "ActionChosen"
    ]
    assert chosen
    for turn, event in chosen:
        assert [one.label for one in turn.why] == event["options"]
        told = [float(one.text.shown.removesuffix("%")) for one in turn.why]
        assert told == pytest.approx(
            [100 * one / 2**32 for one in event["probabilities"]], abs=0.06
        )


def test_lines_are_those_of_the_episode_and_of_its_market_alone(run: Path) -> None:
    episode = next(iter(own_events(run)))
    found = [json.loads(line) for line in scanned_lines(run, episode)]
    assert {one["episode"] for one in found} == {None, episode}
    assert len({one["market"] for one in found}) == 1
    expected = [json.loads(line) for line in event_lines(run)]
    market_ = found[0]["market"]
    assert sorted(one["seq"] for one in found) == [
        one["seq"]
        for one in expected
        if one["market"] == market_ and one["episode"] in (None, episode)
    ]
    assert scanned_lines(run, f"{episode}x") == []


def test_an_unknown_event_and_words_that_fail_are_shown_by_their_fields() -> None:
    def broken(_: Event) -> str:
        raise ZeroDivisionError

    lines = [
        {"type": "GiftWrapped", "seq": 1, "episode": "e", "paper_color": "red", "n": {"a": 1}},
        {"type": "Odd", "seq": 2, "t": 7, "episode": "e", "reason": "x"},
        {"type": "MessageSent", "seq": 3, "episode": "e"},
    ]
    protocol = ProtocolAnalysis(remarks={"Odd": Remark(says=broken, stage="Oddities")})
    shown = conversation("e", map(encode, lines), protocol)
    turns = [turn for stage in shown.stages for turn in stage.turns]
    assert [turn.says for turn in turns] == ["Gift wrapped.", "Odd.", "Message sent."]
    assert [stage.name for stage in shown.stages] == ["Opening", "Oddities"]
    told = {one.label: one.text.shown for one in turns[0].why}
    assert told == {"Paper color": "red", "N": '{"a":1}'}
    failed = "Fields; its words failed: "
    assert [turn.fold.partition("(")[0] for turn in turns] == [
        "Fields",
        f"{failed}ZeroDivisionError",
        f"{failed}KeyError",
    ]


def test_a_table_of_the_protocol_that_fails_is_said_to_have() -> None:
    def broken(_: Sequence[Event]) -> Beside | None:
        raise ZeroDivisionError("by nothing")

    line = {"type": "Odd", "seq": 2, "t": 7, "episode": "e"}
    shown = conversation("e", [encode(line)], ProtocolAnalysis(beside=broken))
    assert shown.beside is not None
    assert shown.beside.lead.endswith("failed: ZeroDivisionError('by nothing')")


def test_a_name_does_not_turn_the_sentence_around_it() -> None:
    events = market("m", ended("e", opened("s\u202e", "b")))
    shown = conversation("e", map(encode, events), ProtocolAnalysis())
    assert "s\\u202e and b meet." in [one.says for stage in shown.stages for one in stage.turns]


def test_a_line_that_is_no_event_is_refused_in_one_line() -> None:
    for bad in (b"[]", b"{", b'{"type":"A","seq":"x"}\n', b'{"seq":1}', b'{"type":"ModelCalled"}'):
        with pytest.raises(EpisodeUnreadable, match=r"^episode e: an event of it cannot be read"):
            conversation("e", [bad, encode({"type": "A", "seq": 1})], ProtocolAnalysis())


def test_how_it_came_out_is_said_of_each_kind_of_end(run: Path) -> None:
    rows = {row["episode"]: row for row in load(run).episodes.iter_rows(named=True)}
    ends = defaultdict(set)
    for episode, own in own_events(run).items():
        shown = conversation(episode, map(encode, map(dict, own)), analysis_of(run))
        facts = [fact.text for fact in outcome(shown)]
        row = rows[episode]
        ends["bought"].add(any(one.startswith("bought") for one in facts) == (row["orders"] == 1))
        ends["not"].add(("did not buy" in facts) == (row["orders"] == 0))
        ends["back"].add(
            any(one.endswith("refunded") for one in facts) == (row["refunded_cents"] > 0)
        )
    assert dict(ends) == {"bought": {True}, "not": {True}, "back": {True}}


def test_a_protocol_names_the_seller_later_and_says_its_own() -> None:
    def one_row(events: Sequence[Event]) -> kit.Beside:
        row = kit.ThoughtRow(name="Bids", seq=0, cells=(kit.Thought(str(len(events)), "right"),))
        return kit.Beside(title="Bids", lead="", columns=("Seen",), rows=(row,))

    taken = {"type": "BidTaken", "market": "m", "episode": "e", "seq": 2, "seller": "late"}
    lines = [*map(encode, market("m", [])[:1]), encode(opened(None)), encode(taken)]
    first = encode({**json.loads(lines[1]), "market": "m", "episode": "e", "seq": 1})
    remarks = {"BidTaken": kit.Remark(says=lambda event: f"{event['seller']} wins", stage="Bids")}
    protocol = ProtocolAnalysis(names_seller=("BidTaken",), remarks=remarks, beside=one_row)
    shown = conversation("e", [lines[0], first, lines[2]], protocol)
    assert shown.seller == "late" and shown.stages[-1].turns[-1].says == "late wins"
    assert shown.beside is not None and shown.beside.rows[0].cells[0].text == "2"  # its own events
    assert conversation("e", [lines[0], first, lines[2]], ProtocolAnalysis()).seller is None


def test_an_episode_without_an_end_says_so() -> None:
    events = market("m", ended("e", opened()))
    whole = conversation("e", map(encode, events), ProtocolAnalysis())
    part = conversation("e", map(encode, events[:2]), ProtocolAnalysis())
    assert whole.ended and not part.ended
    assert [fact.text for fact in outcome(whole)] == ["did not buy"]
    assert outcome(part) == ()


def test_a_long_text_is_cut_and_what_nobody_sees_is_counted_and_written_out() -> None:
    text = Text("x" * 30_000)
    assert text.cut and len(text.shown) == 20_000 and text.length == 30_000
    assert not Text("two\nlines\tand a tab").unseen
    hostile = "a\u202eb\u200bc\x1b"
    assert Text(hostile).unseen == 3
    assert visible(hostile) == "a\\u202eb\\u200bc\\u001b"
    assert visible("é 😀\n") == "é 😀\n"
    assert visible("\U000e0041") == "\\udb40\\udc41"  # as JSON writes it: a pair


def test_market_time_is_told_in_days_and_hours() -> None:
    assert clock(0) == "day 1, 00:00"
    assert clock(DAY_US + HOUR_US) == "day 2, 01:00"
    assert clock(SECOND_US * 61) == "day 1, 00:01:01"
