"""Which conversations a report shows: from all over the run, the same in any order of the log."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from retailsim.analysis.exhibits.parts import ExampleConversation
from retailsim.analysis.lookup import kept
from retailsim.analysis.projection.loader import load
from retailsim.analysis.report.examples import examples
from retailsim.events.messages import EpisodeFailed, Event, MessageSent
from tests.analysis.fakelog import closed, episode, market, opened, order, write_run


def said(text: str) -> MessageSent:
    """What a buyer says."""
    return MessageSent(stage="pre_inquiry", role="buyer", turn=1, text=text)


def a_market(number: int) -> list[Event]:
    """A market of a buyer that buys and one that does not; each says its own name."""
    name = f"m{number:02d}"
    return market(
        name,
        closed(f"{name}/buys", opened(buyer="b"), said(f"{name}/buys"), order()),
        closed(f"{name}/leaves", opened(buyer="l"), said(f"{name}/leaves")),
    )


def markets(numbers: Iterable[int]) -> list[Event]:
    """Some of these markets, one after the other."""
    return [event for number in numbers for event in a_market(number)]


def shown(run: Path) -> tuple[ExampleConversation, ...]:
    """What a report of a run shows."""
    return examples(run, load(run).episodes, {})


def words(found: tuple[ExampleConversation, ...], who: str) -> list[list[str]]:
    """What one side says in each of the conversations."""
    return [[one.text for one in shown.messages if one.who == who] for shown in found]


def test_examples_are_from_all_over_the_run(tmp_path: Path) -> None:
    """Of 40 of each kind those at one and three quarters, with nothing of their neighbours."""
    found = shown(write_run(tmp_path / "run", markets(range(40))))
    assert [one.title.partition(":")[0] for one in found] == [
        *["bought and kept"] * 2,
        *["not bought"] * 2,
    ]
    assert words(found, "buyer") == [["m10/buys"], ["m30/buys"], ["m10/leaves"], ["m30/leaves"]]
    assert words(found, "market")[:2] == [["Order of 1 at $10.00 each."]] * 2


def test_they_are_the_same_in_any_order_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of more workers, and again from what is kept of the index."""
    monkeypatch.setattr(kept, "WORTH_BYTES", 1)
    one = write_run(tmp_path / "one", markets(range(9)))
    two = write_run(tmp_path / "two", markets(range(8, 2, -1)), markets(range(3)))
    assert shown(one) == shown(two) == shown(two) != ()
    assert (two / "derived" / "lookup").is_dir()


def test_few_are_shown_once(tmp_path: Path) -> None:
    """One of its kind is not shown twice, and one of two kinds under the first."""
    end = EpisodeFailed(stage="review", reason="no answer")
    failed = episode("m/e", opened(), order(), end)
    parts = [closed("m/one", opened(), said("hello")), failed]
    found = shown(write_run(tmp_path / "run", market("m", *parts)))
    assert [one.title.partition(":")[0] for one in found] == ["bought and kept", "not bought"]
    assert words(found, "buyer") == [[], ["hello"]]


def test_of_nothing_nothing_is_shown(tmp_path: Path) -> None:
    assert shown(write_run(tmp_path / "run", market("m"))) == ()
