"""The cyclic collector passes seldom while a run is played; behind a large one memory is free."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

from retailsim.market.core.shipping import fee_cents
from retailsim.market.rules.phrases import phrase
from retailsim.sim.execution import runner
from retailsim.sim.execution.garbage import MANY, YOUNG, few_collections, give_back
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.run import conclusion
from retailsim.sim.terminal.terminal import Terminal


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.mark.parametrize(
    ("before", "within"),
    [((700, 10, 10), YOUNG), ((YOUNG * 2, 5, 5), YOUNG * 2), ((0, 10, 10), 0)],
    ids=["the usual", "the user's own, fewer still", "none at all"],
)
def test_passes_are_seldom_within_and_as_before_behind_it(
    before: tuple[int, int, int], within: int
) -> None:
    gc.set_threshold(*before)
    with pytest.raises(KeyError), few_collections():
        assert gc.get_threshold() == (within, *before[1:])
        assert gc.get_freeze_count() > 0
        raise KeyError
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_cycles_made_within_are_collected_within() -> None:
    """Else a run of any size would need memory by its size."""

    class Knot:
        made = gone = 0

        def __init__(self) -> None:
            self.itself = self
            Knot.made += 1

        def __del__(self) -> None:
            Knot.gone += 1

    with few_collections():
        while not Knot.gone:
            Knot()
    assert Knot.made <= YOUNG + 1_000


@pytest.mark.slow
def test_what_our_functions_remember_of_a_run_is_given_back_and_no_more() -> None:
    """Tables that are made once stay, and so does what somebody else's functions remember."""

    @lru_cache(maxsize=64)
    def of_a_plugin(number: int) -> int:
        return number

    @cache
    def table() -> object:
        return object()

    table.__module__ = fee_cents.__module__
    of_a_plugin(1)
    made = table()
    phrase("buy now")
    assert phrase.cache_info().currsize > 0
    give_back()
    assert phrase.cache_info().currsize == 0
    assert of_a_plugin.cache_info().currsize == 1
    assert table() is made


@pytest.mark.parametrize(("episodes", "given"), [(MANY - 1, 0), (MANY, 1)])
def test_only_a_large_run_gives_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, episodes: int, given: int
) -> None:
    """Small ones follow each other in one process, and would fill the same caches again."""
    calls: list[None] = []
    monkeypatch.setattr(conclusion, "give_back", lambda: calls.append(None))
    monkeypatch.setattr(conclusion, "show_replay", lambda *_: len(calls))
    outcome = runner.RunOutcome(progress=Progress(episodes=episodes), finished=True)
    assert conclusion.conclude(RunFolder(tmp_path), outcome, Terminal()) == given
