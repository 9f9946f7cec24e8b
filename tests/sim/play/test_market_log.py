"""What of a market is written, and what the log holds of it already."""

from __future__ import annotations

import msgspec
import pytest

from retailsim.events.messages import (
    DecisionMade,
    EpisodeClosed,
    EpisodeFailed,
    Event,
    MarketOpened,
    MessageSent,
    ReviewPosted,
)
from retailsim.market.protocols.retail.events import PitchPresented, StrategyFormed
from retailsim.sim.errors import MarketDiverged
from retailsim.sim.play.market_log import MarketLog, first_difference
from tests.analysis.fakelog import encode, order, stamp


class Kept:
    """A log in memory."""

    def __init__(self) -> None:
        self.lines = b""
        self.count = 0
        self.writes = 0

    def append(self, lines: bytes, count: int) -> None:
        assert lines.count(b"\n") == count
        self.lines += lines
        self.count += count
        self.writes += 1

    async def append_durable(self, lines: bytes, count: int) -> None:
        raise AssertionError("a market's events wait for nobody")

    async def room(self) -> None:
        raise AssertionError("not asked here")


def said(text: str) -> MessageSent:
    return MessageSent(stage="pre_inquiry", role="buyer", turn=1, text=text, episode="e")


EVENTS: list[Event] = stamp(
    "m",
    [
        MarketOpened(),
        said("one"),
        said("two"),
        EpisodeFailed(episode="e", stage="s", reason="r"),
        EpisodeFailed(episode="f", stage="s", reason="r"),
    ],
)
LINES = [encode(event) for event in EVENTS]


@pytest.mark.parametrize("known", range(len(EVENTS) + 1))
@pytest.mark.parametrize("parts", [[5], [2, 3], [1, 1, 1, 1, 1]])
def test_what_the_log_holds_already_is_written_no_second_time(known: int, parts: list[int]) -> None:
    """Wherever the first execution was broken off, and in whatever parts the second one writes."""
    log = Kept()
    logged = b"".join(LINES[:known])
    pieces = (logged[at : at + 7] for at in range(0, known and len(logged), 7))
    log_of = MarketLog("m", log, logged if len(parts) == 1 else pieces, texts=True)
    rest = list(EVENTS)
    for part in parts:
        log_of.write(rest[:part])
        rest = rest[part:]
    log_of.end()
    assert log.lines == b"".join(LINES[known:])
    assert log.count == len(EVENTS) - known
    assert log_of.failed == 2, "also those that were written before"


def test_nothing_new_is_no_write_at_all() -> None:
    log = Kept()
    MarketLog("m", log, b"".join(LINES), texts=True).write(EVENTS)
    assert log.writes == 0


def test_a_market_that_begins_otherwise_than_it_is_logged_is_stopped() -> None:
    log = Kept()
    other = stamp("m", [MarketOpened(), said("else")])
    log_of = MarketLog("m", log, b"".join(LINES[:3]), texts=True)
    with pytest.raises(MarketDiverged) as caught:
        log_of.write(other)
    there, here = (line.decode().strip() for line in (LINES[1], encode(other[1])))
    assert f"event 1 is logged as {there}, now it is {here}" in str(caught.value)
    assert not log.lines


def test_a_market_that_has_fewer_events_than_are_logged_is_stopped() -> None:
    log_of = MarketLog("m", Kept(), b"".join(LINES[:3]), texts=True)
    log_of.write(EVENTS[:2])
    with pytest.raises(MarketDiverged, match="more events are logged than it has now"):
        log_of.end()


def test_a_difference_is_told_by_the_first_event_that_differs() -> None:
    long = b"x" * 300
    assert first_difference(b"a\nb\n", b"a\nc\n") == "event 1 is logged as b, now it is c"
    assert first_difference(b"a\nb\n", b"a\n") == "2 events are logged, now 1"
    shortened = f"{'x' * 200}..."
    assert first_difference(long, b"y") == f"event 0 is logged as {shortened}, now it is y"


STRATEGY = StrategyFormed(
    seller="s",
    product="p",
    target_expansion="a",
    value_proposition="b",
    contextual_urgency="c",
    objection_handling="d",
)
DECISION = DecisionMade(
    will_purchase=True, quantity=2, quantity_reason="a", sentiment="Positive", reason="b"
)


@pytest.mark.parametrize(
    ("event", "changes"),
    [
        (said("hello"), {"text": ""}),
        (ReviewPosted(aspect="pitch", rating=4, text="good"), {"text": ""}),
        (
            PitchPresented(
                seller="s", product="p", sections={"a": "x", "b": "y"}, claims=("c",),
                unsupported=("c",),
            ),
            {"sections": {"a": "", "b": ""}},
        ),
        (
            STRATEGY,
            dict.fromkeys(
                (
                    *("target_expansion", "value_proposition"),
                    *("contextual_urgency", "objection_handling"),
                )
            ),
        ),
        (DECISION, {"reason": "", "quantity_reason": ""}),
        (order(), {}),
        (EpisodeClosed(episode="e"), {}),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Event) else "",
)  # fmt: skip
def test_without_texts_all_numbers_and_choices_stay(
    event: Event, changes: dict[str, object]
) -> None:
    """In a copy: who holds the event still reads what was said."""
    before = msgspec.to_builtins(event)
    bare = event.without_texts()
    assert msgspec.to_builtins(bare) == before | changes
    assert msgspec.to_builtins(event) == before


def test_a_run_without_texts_writes_none() -> None:
    log = Kept()
    MarketLog("m", log, b"", texts=False).write(EVENTS)
    assert log.lines == b"".join(encode(event.without_texts()) for event in EVENTS)
    assert b"one" not in log.lines
