"""What an interrupted run left in its log, wherever the lines of a market stand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from retailsim.events import recorded_answers
from retailsim.events.log import zstd
from retailsim.events.log.segment import segments
from retailsim.events.messages import (
    EpisodeClosed,
    Event,
    MarketClosed,
    MarketFailed,
    MarketOpened,
    ModelCalled,
    OutsideAnswered,
)
from retailsim.events.recorded_answers import StoredAnswers
from retailsim.sim.errors import MarketDiverged
from retailsim.sim.play import leftovers
from retailsim.sim.play.leftovers import Leftover, Leftovers, StoredLines, whole_markets
from retailsim.sim.play.survey import places, survey
from tests.analysis.fakelog import closed, encode, market, opened, stamp, write_run

ODD = 'a "b" \\ \u00fc\n'
"""A market's name with everything that JSON has to escape."""


def whole(name: str) -> list[Event]:
    return market(name, closed(f"{name}/e", opened()))


def begun(name: str, *, closing: bool = False) -> list[Event]:
    """The first events of a market, or all but the first two."""
    events = stamp(name, [MarketOpened(), *closed(f"{name}/e", opened()), MarketClosed()])
    return events[2:] if closing else events[:2]


def answered(market: str, call: int = 0) -> OutsideAnswered:
    return OutsideAnswered(
        market=market, episode=None, t=0, source="seller:s", call=call, key="k", digest="",
        answer=f"answer {call}",
    )  # fmt: skip


def called(market: str, call: int = 0) -> ModelCalled:
    return ModelCalled(
        market=market, episode=None, t=0, source="seller:s", call=call, stage="pitch",
        role="seller", model="x", prompt_version="", request_sha256="", answer="", finish="stop",
        input_tokens=0, cached_tokens=0, output_tokens=0, reasoning_tokens=0, cost_nanousd=None,
    )  # fmt: skip


def logged(folder: Path, *shards: Sequence[Any], **options: Any) -> Path:
    return write_run(folder / "run", *shards, **options) / "events"


def bytes_of(events: Sequence[Event]) -> bytes:
    return b"".join(map(encode, events))


@pytest.mark.parametrize("name", ["a", ODD])
def test_a_market_with_an_end_is_done_and_one_without_is_begun(name: str, tmp_path: Path) -> None:
    fails = market("c", end=MarketFailed(stage="pitch", reason="r"))
    events = logged(tmp_path, [*whole("b"), *begun(name), *fails], seal=False)
    found = survey(events)
    assert found.closed == {"b", "c"}
    assert dict(Leftovers(events, found.begun)) == {name: Leftover(events=bytes_of(begun(name)))}


def test_a_market_of_which_only_answers_are_logged_has_begun(tmp_path: Path) -> None:
    """Its events come in one piece when it ends; what was paid until then stands alone."""
    records = (answered("a"), called("a", 1), answered("a", 2))
    events = logged(tmp_path, [*records, *whole("b"), answered("b")], seal=False)
    found = survey(events)
    assert dict(Leftovers(events, found.begun)) == {"a": Leftover(records=records)}
    assert found.closed == {"b"}


def test_what_is_left_of_many_markets_is_what_a_look_at_each_line_finds(tmp_path: Path) -> None:
    """Whatever stands between their lines, in however many batches and segments."""
    names = ["a", "a/b", ODD, "done"]
    lines: list[Any] = [line for name in names for line in (answered(name), *begun(name)[:1])]
    lines += [answered(names[i % 3], i) for i in range(1, 60)]
    lines += [*whole("done")[1:], *(event for name in names[:3] for event in begun(name)[1:])]
    events = logged(tmp_path, lines, seal=False)
    found = survey(events)
    assert found.begun.keys() == set(names[:3])
    for name, left in Leftovers(events, found.begun).items():
        own = [line for line in lines if isinstance(line, ModelCalled | OutsideAnswered)]
        assert left.records == tuple(record for record in own if record.market == name)
        assert left.events == bytes_of(begun(name))
    [segment] = segments(events)
    text = segment.path.read_bytes()
    for name, stretches in found.begun.items():
        parts = [text[one.start : one.end] for one in stretches]
        assert all(
            json.loads(line)["market"] == name for part in parts for line in part.splitlines()
        )


def test_nothing_is_left_of_a_run_that_ended(tmp_path: Path) -> None:
    found = survey(logged(tmp_path, [*whole("a"), *whole("b")]))
    assert (found.closed, found.begun) == (frozenset({"a", "b"}), {})


def test_nothing_is_known_of_a_run_that_wrote_nothing(tmp_path: Path) -> None:
    found = survey(logged(tmp_path, []))
    assert (found.closed, found.begun) == (frozenset(), {})


def test_a_text_that_looks_like_an_end_is_none(tmp_path: Path) -> None:
    """Agents may say anything, a line of a log among it."""
    lure = '{"type":"MarketClosed","market":"a","episode":null}'
    events = stamp("a", [MarketOpened(), *closed("e", opened(title=lure))])
    found = survey(logged(tmp_path, [events[0], *events[1:]], seal=False))
    assert not found.closed
    assert set(found.begun) == {"a"}


def test_lines_of_several_shards_are_put_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    """A run that goes on with other workers writes the rest of a market elsewhere."""
    late, early = begun("a", closing=True), begun("a")
    events = logged(tmp_path, [*late, answered("a", 1)], [answered("a"), *early])
    [(name, found)] = whole_markets(events)
    assert name == "a"
    assert found.events == bytes_of([*early, *late])
    assert {record.call for record in found.records} == {0, 1}


def test_every_market_that_is_done_comes_whole_and_once(tmp_path: Path) -> None:
    first = [*begun("a"), answered("b"), *whole("b"), *begun("open")]
    second = [*whole("c"), *begun("a", closing=True)]
    found = dict(whole_markets(logged(tmp_path, first, second, seal=False)))
    assert {name: one.events for name, one in found.items()} == {
        "a": bytes_of([*begun("a"), *begun("a", closing=True)]),
        "b": bytes_of(whole("b")),
        "c": bytes_of(whole("c")),
    }
    assert found["b"].records == (answered("b"),)


def test_a_market_that_goes_on_after_its_end_is_damage(tmp_path: Path) -> None:
    events = logged(tmp_path, [*whole("a"), *stamp("a", [EpisodeClosed(episode="x")])])
    with pytest.raises(MarketDiverged, match="events are logged after its end"):
        list(whole_markets(events))


def test_a_market_that_nobody_logged_has_nothing_left(tmp_path: Path) -> None:
    events = logged(tmp_path, whole("a"))
    assert dict(Leftovers(events, places(events, ["b"]))) == {"b": Leftover()}


@pytest.mark.parametrize("compress", [False, True])
@pytest.mark.parametrize("shards", [1, 2])
def test_a_market_larger_than_what_is_held_is_read_where_it_stands(
    shards: int, compress: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same lines and answers, in the same order."""
    parts = [[answered("b"), *begun("b")], [answered("b", 1), *begun("b", closing=True)]]
    lines = [*parts[0], *whole("a"), *parts[1]]
    logs = [lines] if shards == 1 else [[*parts[1], *whole("a")], parts[0]]
    events = logged(tmp_path, *logs)
    if compress:
        for segment in segments(events):
            zstd.compress(segment.path)
    monkeypatch.setattr(leftovers, "HELD_BYTES", 0)
    found = dict(whole_markets(events))
    assert found.keys() == {"a", "b"}
    [stored] = (one.events for name, one in found.items() if name == "b")
    assert isinstance(stored, StoredLines) and b"".join(stored) == bytes_of(whole("b"))
    assert {record.call for record in found["b"].records} == {0, 1}


@pytest.mark.parametrize("compressed", [False, True])
def test_answers_of_a_large_market_stay_on_disk(
    compressed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether its segments are compressed or not, and however many hold them."""
    records = tuple(answered("a", number) for number in range(40))
    events = logged(tmp_path, [*records, *begun("a")], batch=3, segment_bytes=2_000, seal=False)
    closed_ones = [one for one in segments(events) if not one.is_open]
    assert len(closed_ones) > 1
    for one in closed_ones if compressed else ():
        zstd.compress(one.path)
    where = survey(events).begun
    small = Leftovers(events, where)["a"]
    monkeypatch.setattr(leftovers, "HELD_BYTES", 100)
    large = Leftovers(events, where, {"a": (called("a", 99),)})["a"]
    assert isinstance(small.records, tuple)
    assert isinstance(large.records, StoredAnswers)
    assert tuple(large.records) == (called("a", 99), *small.records)
    assert large.records.find(None, "seller:s", 7) == records[7]
    assert large.records.find(None, "seller:s", 99) == called("a", 99)
    assert isinstance(large.events, StoredLines)
    assert b"".join(large.events) == small.events


def test_answers_are_at_hand_where_no_file_can_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Path) -> BinaryIO:
        raise OSError(28, "No space left on device")

    events = logged(tmp_path, [answered("a"), *begun("a")], seal=False)
    monkeypatch.setattr(leftovers, "HELD_BYTES", 0)
    monkeypatch.setattr(recorded_answers, "_unnamed", full)
    assert Leftovers(events, survey(events).begun)["a"].records == (answered("a"),)
