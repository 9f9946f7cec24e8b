"""Which markets repeat what failed, under which names, and what they need not ask again."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.events.messages import EpisodeFailed, Event, MarketFailed, ModelCalled
from retailsim.sim.play.retries import (
    attempt,
    next_attempts,
    retry_markets,
    shared_answers,
)
from retailsim.sim.play.survey import Failures, survey
from tests.analysis.fakelog import Line, closed, episode, market, opened, write_run
from tests.market.players import market_spec

DESIGN = (market_spec(("ann", "bob"), id="a"), market_spec(("cid",), id="b"))


def fails(name: str) -> list[Event]:
    return episode(name, opened(), EpisodeFailed(stage="decision", reason="no answer"))


def call(market: str, answer: str, episode: str | None = None, number: int = 0) -> ModelCalled:
    return ModelCalled(
        market=market, episode=episode, t=0, source="seller:sam", call=number, stage="pitch",
        role="seller", model="x", prompt_version="", request_sha256="", answer=answer,
        finish="stop", input_tokens=1, cached_tokens=0, output_tokens=1, reasoning_tokens=0,
        cost_nanousd=1,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("a", ("a", 0)),
        ("a~1", ("a", 1)),
        ("a~12", ("a", 12)),
        ("a~b", ("a~b", 0)),
        ("a~b~2", ("a~b", 2)),
        ("a~", ("a~", 0)),
    ],
)
def test_an_attempt_is_the_number_behind_the_last_tilde(name: str, parts: tuple[str, int]) -> None:
    assert attempt(name) == parts


def test_what_failed_is_read_from_the_log_by_market(tmp_path: Path) -> None:
    events = [
        *market("a", fails("e2"), fails("e1"), closed("e3", opened())),
        *market("b", closed("e4", opened())),
        *market('c "d"', fails("e5"), end=MarketFailed(stage="pitch", reason="r")),
    ]
    found = survey(write_run(tmp_path / "run", events) / "events").failed
    assert found.episodes == {"a": ("e1", "e2"), 'c "d"': ("e5",)}
    assert found.markets == {'c "d"'}


def test_a_retry_holds_only_the_episodes_that_failed_and_names_them() -> None:
    failed = Failures(episodes={"a": ("e2",)})
    [retry] = retry_markets(DESIGN, failed, attempts=["a~1"])
    assert (retry.id, retry.seller) == ("a~1", DESIGN[0].seller)
    [buying] = retry.episodes
    assert (buying.episode, buying.buyer.id, buying.retries) == ("e2~1", "bob", "e2")


def test_a_second_retry_repeats_what_failed_in_the_first() -> None:
    failed = Failures(episodes={"a": ("e1", "e2"), "a~1": ("e2~1",)})
    first, second = retry_markets(DESIGN, failed, attempts=["a~2", "a~1"])
    assert [(one.episode, one.retries) for one in first.episodes] == [
        ("e1~1", "e1"),
        ("e2~1", "e2"),
    ]
    assert [(one.episode, one.retries) for one in second.episodes] == [("e2~2", "e2~1")]


def test_what_nobody_wants_to_repeat_is_not_repeated() -> None:
    assert list(retry_markets(DESIGN, Failures(episodes={"a": ("e1",)}), attempts=[])) == []


def test_each_market_that_failed_is_tried_once_more_unless_it_was() -> None:
    failed = Failures(episodes={"b": ("e",), "a": ("e1",), "a~1": ("e1~1",)})
    assert next_attempts(failed, frozenset({"a", "b", "a~1"})) == ["a~2", "b~1"]
    assert next_attempts(failed, frozenset({"a", "b", "a~1", "a~2"})) == ["b~1"]


def test_a_retry_shares_the_answers_behind_the_pitch_and_no_others(tmp_path: Path) -> None:
    """They are recorded as the retry's own; those of the episodes are asked for anew."""
    lines: list[Line] = [
        call("a", "plan"),
        call("a", "pitch", number=1),
        call("a", "hello", episode="e1"),
        call("b", "another", number=0),
        *market("a", fails("e1")),
    ]
    events = write_run(tmp_path / "run", lines) / "events"
    failed = survey(events).failed
    retries = tuple(retry_markets(DESIGN, failed, attempts=["a~1"]))
    shared = shared_answers(events, retries, failed)
    assert {name: [r.market for r in found] for name, found in shared.items()} == {
        "a~1": ["a~1", "a~1"]
    }
    assert [record.answer for record in shared["a~1"]] == ["plan", "pitch"]


def test_a_broadcast_that_failed_has_nothing_to_share(tmp_path: Path) -> None:
    """Its answers led to no pitch: a retry that got them would fail the same way for ever."""
    whole = MarketFailed(stage="pitch", reason="no words")
    lines: list[Line] = [
        call("a", "good plan"),
        *market("a", fails("e1")),
        call("a~1", "bad plan"),
        *market("a~1", fails("e1~1"), end=whole),
        call("b", "bad plan"),
        *market("b", fails("e1"), end=MarketFailed(stage="pitch", reason="no words")),
    ]
    events = write_run(tmp_path / "run", lines) / "events"
    failed = survey(events).failed
    retries = tuple(retry_markets(DESIGN, failed, attempts=["a~2", "b~1"]))
    shared = shared_answers(events, retries, failed)
    assert {name: [r.answer for r in found] for name, found in shared.items()} == {
        "a~2": ["good plan"],
        "b~1": [],
    }
