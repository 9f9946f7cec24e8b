"""While a run is played, the cyclic collector passes seldom, and afterwards as before."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from retailsim.sim.execution.garbage import YOUNG, few_collections


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
