"""Transcripts: what was said, in order, to whom it was said, whatever the log's order."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.analysis.export import transcripts
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.events.messages import (
    EpisodeFailed,
    Event,
    IssueRaised,
    IssueResolved,
    MarketFailed,
    MessageSent,
)
from retailsim.market.protocols.csales.events import BuyerLeft, ItemSelected, ItemsShown
from retailsim.market.protocols.retail.events import PitchPresented, StrategyFormed
from tests.analysis.fakelog import (
    closed,
    episode,
    market,
    opened,
    order,
    refund,
    review,
    stamp,
    write_run,
)
from tests.sim.protocols.test_csales import ROW
from tests.sim.runs import SMALL, event_lines, launched, sim, small_run

PITCH_SAID = ("assistant", "Good day.\n\nRye!")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("transcripts") / "run"
    small_run(out)
    return out


def pitch(**sections: str) -> PitchPresented:
    told = sections or {"a": "Good day.", "b": "", "c": "Rye!"}
    return PitchPresented(seller="s", product="p", sections=told)


def say(role: Any, text: str, stage: Any = "pre_inquiry") -> MessageSent:
    return MessageSent(stage=stage, role=role, turn=1, text=text)


def exported(run: Path, out: Path, *options: object) -> list[dict[str, Any]]:
    result = sim("export", run, "transcripts", "--out", out, *options)
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in out.read_bytes().splitlines()]


def words(chat: dict[str, Any]) -> list[tuple[str, str]]:
    return [(message["role"], message["content"]) for message in chat["messages"]]


def spoken(run: Path) -> dict[str, list[tuple[str, str]]]:
    """What sellers and buyers said in each episode, read line by line in plain Python."""
    events = [json.loads(line) for line in event_lines(run)]
    found: dict[str, list[tuple[str, str]]] = {}
    pitches = {e["market"]: e["sections"] for e in events if e["type"] == "PitchPresented"}
    for event in events:
        if event["type"] == "EpisodeOpened":
            texts = filter(None, pitches[event["market"]].values())
            found[event["episode"]] = [("seller", "\n\n".join(texts))]
        elif event["type"] == "MessageSent":
            found[event["episode"]].append((event["role"], event["text"]))
    return found


def test_every_word_of_a_run_is_in_its_transcripts(run: Path, tmp_path: Path) -> None:
    chats = exported(run, tmp_path / "chats.jsonl")
    said = {
        chat["episode"]: [
            (message["name"], message["content"])
            for message in chat["messages"]
            if message["name"] != "market"
        ]
        for chat in chats
    }
    assert said == spoken(run)
    assert [chat["episode"] for chat in chats] == sorted(said)
    roles = {(m["name"], m["role"]) for chat in chats for m in chat["messages"]}
    assert roles == {("seller", "assistant"), ("buyer", "user"), ("market", "system")}


def test_as_buyer_switches_the_two(run: Path, tmp_path: Path) -> None:
    ours = exported(run, tmp_path / "seller.jsonl")
    theirs = exported(run, tmp_path / "buyer.jsonl", "--as", "buyer")
    other = {"assistant": "user", "user": "assistant", "system": "system"}
    for chat in theirs:
        for message in chat["messages"]:
            message["role"] = other[message["role"]]
    assert theirs == ours


@pytest.mark.slow
def test_the_file_is_the_same_whoever_and_however_many_played(run: Path, tmp_path: Path) -> None:
    launched(tmp_path / "two", *SMALL, "--workers", "2")
    exported(run, tmp_path / "one.jsonl")
    exported(tmp_path / "two", tmp_path / "two.jsonl")
    assert (tmp_path / "one.jsonl").read_bytes() == (tmp_path / "two.jsonl").read_bytes()


def test_the_whole_of_one_episode(tmp_path: Path) -> None:
    raised = IssueRaised(order="o", issue="it arrived broken")
    resolved = IssueResolved(order="o", outcome="refunded", resolution="one back", reason="why")
    events = [
        *(say("buyer", "How old?"), say("seller", "A day."), order(2, 123456), raised),
        *(say("buyer", "Broken!", "post_inquiry"), resolved, refund(1, 99)),
        review("product", 2, False),
    ]
    run = write_run(tmp_path / "run", market("m", [pitch()], closed("m/1", opened(), *events)))
    (chat,) = transcripts(run)
    assert words(chat) == [
        ("assistant", "Good day.\n\nRye!"),
        ("user", "How old?"),
        ("assistant", "A day."),
        ("system", "Order of 2 at $1,234.56 each."),
        ("system", "Issue: it arrived broken."),
        ("user", "Broken!"),
        ("system", "Resolved, refunded: one back."),
        ("system", "Refund of $0.99 for 1."),
    ]
    assert chat["reviews"] == [{"aspect": "product", "rating": 2, "text": ""}]
    assert (chat["status"], chat["units"], chat["net_revenue_cents"]) == ("closed", 2, 246813)
    assert (chat["outcome"], chat["would_recommend"]) == ("refunded", False)


def test_a_shared_pitch_is_each_buyers_and_an_own_one_only_its_buyers(tmp_path: Path) -> None:
    own = pitch(script="For you.")
    shared = market("m", [pitch()], closed("m/1", opened()), closed("m/2", opened(buyer="c")))
    alone = market("n", closed("n/1", opened(), own), closed("n/2", opened(buyer="c")))
    chats = {c["episode"]: words(c) for c in transcripts(write_run(tmp_path / "r", shared, alone))}
    assert chats["m/1"] == chats["m/2"] == [("assistant", "Good day.\n\nRye!")]
    assert (chats["n/1"], chats["n/2"]) == ([("assistant", "For you.")], [])


@pytest.mark.slow
def test_a_market_in_several_shards_in_any_order_is_one(tmp_path: Path) -> None:
    """After a resume with other workers the end of a market may stand before its beginning."""
    talk = [say("buyer", "One?"), say("seller", "Two."), say("buyer", "Three?")]
    events = market("m", [pitch()], closed("m/1", opened(), *talk))
    reference = list(transcripts(write_run(tmp_path / "one", events)))
    assert [text for _, text in words(reference[0])][1:] == ["One?", "Two.", "Three?"]
    for cut in range(1, len(events)):
        run = write_run(tmp_path / f"cut-{cut}", events[cut:], events[:cut])
        assert list(transcripts(run)) == reference


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_the_order_of_the_log_does_not_matter(data: st.DataObject) -> None:
    """However markets are spread over shards and mixed in them, the chats are the same."""
    markets = [
        market(n, [pitch()], closed(f"{n}/1", opened(), say("buyer", n), say("seller", f"{n}!")))
        for n in "abc"
    ]
    reference = {f"{n}/1": [PITCH_SAID, ("user", n), ("assistant", f"{n}!")] for n in "abc"}
    shards: list[list[Event]] = [[], []]
    while any(markets):
        lines = data.draw(st.sampled_from([one for one in markets if one]))
        data.draw(st.sampled_from(shards)).append(lines.pop(0))
    with TemporaryDirectory() as folder:
        chats = list(transcripts(write_run(Path(folder) / "run", *shards)))
    assert {chat["episode"]: words(chat) for chat in chats} == reference
    assert len(chats) == len(reference)


def test_a_run_without_texts_says_why(tmp_path: Path) -> None:
    launched(tmp_path / "run", *SMALL, "--set", "design.transcripts=false")
    result = sim("export", tmp_path / "run", "transcripts", "--out", tmp_path / "c.jsonl")
    assert (result.exit_code, result.stderr) == (
        0,
        "no chat holds any speech: design.transcripts = false leaves it out of a log\n",
    )


def test_a_bare_log_without_texts_says_so(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", market("m", closed("m/1", opened(), say("buyer", ""))))
    result = sim("export", run, "transcripts", "--out", tmp_path / "c.jsonl")
    assert (result.exit_code, result.stderr) == (
        0,
        "no chat holds any speech: its log has no texts, or nobody spoke\n",
    )


def test_markets_side_by_side_are_kept_apart(tmp_path: Path) -> None:
    both = [
        market(name, closed(f"{name}/1", opened(), say("buyer", name), say("seller", f"{name}!")))
        for name in "ab"
    ]
    run = write_run(tmp_path / "run", [event for pair in zip(*both, strict=True) for event in pair])
    assert {chat["episode"]: words(chat) for chat in transcripts(run)} == {
        f"{name}/1": [("user", name), ("assistant", f"{name}!")] for name in "ab"
    }


def test_open_and_failed_episodes_are_there_with_their_status(tmp_path: Path) -> None:
    failing = EpisodeFailed(stage="decide", reason="unreadable")
    failed = market("a", episode("a/1", opened(), say("buyer", "Hm?"), failing))
    begun = market("b", episode("b/1", opened(), say("buyer", "So?")))[:-1]
    run = write_run(tmp_path / "run", [*begun, *failed], seal=False)
    chats = exported(run, tmp_path / "chats.jsonl")
    assert [(c["episode"], c["status"], words(c)) for c in chats] == [
        ("a/1", "failed", [("user", "Hm?")]),
        ("b/1", "open", [("user", "So?")]),
    ]


def test_a_market_without_a_pitch_has_no_chat(tmp_path: Path) -> None:
    end = MarketFailed(stage="pitch", reason="nothing")
    run = write_run(
        tmp_path / "run", market("m", [StrategyFormed(seller="s", product="p")], end=end)
    )
    assert exported(run, tmp_path / "chats.jsonl") == []
    assert (tmp_path / "chats.jsonl").read_bytes() == b""


def test_sales_conversations_say_what_was_shown(tmp_path: Path) -> None:
    shown = ItemsShown(
        turn=1, showing="suggestion", products=("p", "q"), prices_cents=(500, 1250), fitting=2
    )
    selected = ItemSelected(
        turn=1, product="q", price_cents=1250, candidate=None, candidate_price_cents=None
    )
    left = BuyerLeft(turn=2, how="leave", reason="too dear")
    talk: list[Event] = [opened(product=None), say("seller", "Look.", "sales"), shown]
    events = market("m", closed("m/1", *talk, selected, left))
    run = write_run(tmp_path / "run", events, protocol="csales")
    (chat,) = transcripts(run)
    assert words(chat) == [
        ("assistant", "Look."),
        ("system", "Shown: p at $5.00, q at $12.50."),
        ("system", "Selected: q."),
        ("system", "The buyer leaves: too dear."),
    ]


def test_a_run_of_sales_conversations_has_its_words_too(tmp_path: Path) -> None:
    (tmp_path / "profiles.jsonl").write_text(json.dumps(ROW))
    launched(tmp_path / "run", "csales", "--profiles", tmp_path / "profiles.jsonl")
    chats = exported(tmp_path / "run", tmp_path / "chats.jsonl")
    lines = [json.loads(line) for line in event_lines(tmp_path / "run")]
    assert chats
    for chat in chats:
        said = [
            (event["role"], event["text"])
            for event in lines
            if event["type"] == "MessageSent" and event["episode"] == chat["episode"]
        ]
        named = [(m["name"], m["content"]) for m in chat["messages"] if m["name"] != "market"]
        assert named == said
        assert said


def test_text_of_any_script_comes_out_as_it_went_in(tmp_path: Path) -> None:
    text = 'Grüße, 世界 \U0001f35e "quoted"\u2028\n\\end'
    run = write_run(tmp_path / "run", market("m", closed("m/1", opened(), say("buyer", text))))
    (chat,) = exported(run, tmp_path / "chats.jsonl")
    assert words(chat) == [("user", text)]


def test_an_event_without_a_field_is_named(tmp_path: Path) -> None:
    odd: list[Any] = [*market("m", closed("m/1", opened()))]
    odd[2:2] = [{"type": "MessageSent", "market": "m", "episode": "m/1", "seq": 2, "t": 0}]
    run = write_run(tmp_path / "run", odd)
    with pytest.raises(LogUnreadable, match="MessageSent"):
        list(transcripts(run))


def test_a_superseded_episode_says_so(tmp_path: Path) -> None:
    first = market("m", episode("m/1", opened(), EpisodeFailed(stage="ask", reason="x")))
    again = stamp("m#2", closed("m#2/1", opened(retries="m/1")))
    run = write_run(tmp_path / "run", first, again)
    assert {c["episode"]: c["superseded"] for c in exported(run, tmp_path / "c.jsonl")} == {
        "m/1": True,
        "m#2/1": False,
    }
