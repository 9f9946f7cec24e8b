"""Intervals over training seeds and profiles at once: they cover, and one of profiles would not."""

from __future__ import annotations

import numpy as np
import pytest

from retailsim.analysis.statistics.bootstrap import two_way_ratio
from retailsim.analysis.statistics.over_seeds import over_seeds

TRUTH = 0.3


def drawn(random: np.random.Generator, seeds: int, of_seeds: float) -> np.ndarray:
    """A table with accidents of seeds, of 80 profiles, and of cells."""
    return (
        TRUTH
        + of_seeds * random.normal(size=(seeds, 1))
        + random.normal(size=(1, 80))
        + random.normal(size=(seeds, 80))
    )


def covered(seeds: int, of_seeds: float, *, first: int = 0) -> float:
    """How often the interval holds the truth; of the first seed's row alone where asked."""
    random, held = np.random.default_rng(seeds), 0
    for _ in range(600):
        table = drawn(random, seeds, of_seeds)
        interval = over_seeds(table[:first] if first else table).interval
        assert interval is not None
        held += interval.low <= TRUTH <= interval.high
    return held / 600


@pytest.mark.slow
@pytest.mark.parametrize(("seeds", "of_seeds"), [(5, 0.0), (5, 0.15), (8, 0.3), (5, 1.0)])
def test_the_interval_covers_as_often_as_it_says(seeds: int, of_seeds: float) -> None:
    assert 0.925 < covered(seeds, of_seeds) <= 0.99


def test_the_interval_of_one_seed_says_nothing_of_others() -> None:
    """The control: judged by profiles alone, one seed's luck is taken for skill."""
    assert covered(5, 0.3, first=1) < 0.85
    found = over_seeds(drawn(np.random.default_rng(1), 1, 0.3))
    assert found.note == "one training seed: others may do better or worse"


def test_a_bootstrap_of_both_comes_to_about_the_same() -> None:
    table = drawn(np.random.default_rng(4), 8, 0.2)
    ours, theirs = over_seeds(table).interval, two_way_ratio(table, np.ones_like(table), seed=1)
    assert ours is not None
    assert theirs is not None
    assert theirs.high - theirs.low == pytest.approx(ours.high - ours.low, rel=0.35)
    assert over_seeds(table).estimate == pytest.approx(table.mean())


def test_what_cannot_be_said_has_a_reason() -> None:
    assert over_seeds(np.empty((3, 0))).note == "nothing was counted"
    assert over_seeds(np.array([[1.0], [2.0]])).note == "a single cluster"
    for seeds in (1, 3):
        assert over_seeds(np.ones((seeds, 4))).note == "no spread: no interval"
    known = over_seeds(np.array([[1.0, np.nan, 2.0], [2.0, 5.0, 3.0]]))
    assert known.estimate == pytest.approx(2.0)
    assert known.n == 4
