"""Means over folds that judge each other's policies: their intervals cover."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t

from retailsim.analysis.statistics.over_seeds import over_folds, over_seeds
from retailsim.analysis.statistics.values import Interval

Floats = NDArray[np.float64]
TRUTH, SEEDS, SHELVES, EACH, TIMES = 0.3, 5, 40, 2, 400
NAMES = [f"shelf {at % SHELVES}" for at in range(SHELVES * EACH)]
"""Of the profiles of a fold; every shelf is in both."""


def drawn(random: np.random.Generator, *, of_seeds: float, of_shelves: float) -> list[Floats]:
    """Two folds with accidents of their seeds, of shelves, of profiles and of cells."""
    shelves = of_shelves * random.normal(size=SHELVES)
    return [
        TRUTH
        + of_seeds * random.normal(size=(SEEDS, 1))
        + np.tile(shelves, EACH)
        + random.normal(size=(1, SHELVES * EACH))
        + random.normal(size=(SEEDS, SHELVES * EACH))
        for _ in range(2)
    ]


def interval_of(folds: Sequence[Floats], by_shelf: bool) -> Interval:
    found = over_folds(folds, [NAMES, NAMES] if by_shelf else None).interval
    assert found is not None
    return found


def covered(*, of_seeds: float, of_shelves: float, by_shelf: bool, seeds: int = SEEDS) -> float:
    """How often the interval holds the truth; from so many seeds of a fold."""
    random, held = np.random.default_rng(7), 0
    for _ in range(TIMES):
        folds = drawn(random, of_seeds=of_seeds, of_shelves=of_shelves)
        interval = interval_of([fold[:seeds] for fold in folds], by_shelf)
        held += interval.low <= TRUTH <= interval.high
    return held / TIMES


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of_seeds", "of_shelves", "by_shelf"),
    [(0.2, 0.0, False), (0.8, 0.0, False), (0.2, 0.7, True)],
)
def test_the_interval_covers_as_often_as_it_says(
    of_seeds: float, of_shelves: float, by_shelf: bool
) -> None:
    """Within three standard errors of so many draws; 3,000 of each gave 94.5 to 95.6 %."""
    found = covered(of_seeds=of_seeds, of_shelves=of_shelves, by_shelf=by_shelf)
    assert abs(found - 0.95) < 3.0 * (0.95 * 0.05 / TIMES) ** 0.5


@pytest.mark.slow
def test_whoever_leaves_an_accident_out_covers_too_seldom() -> None:
    """The controls: shelves that all profiles share, and seeds, judged as if there were none."""
    assert covered(of_seeds=0.0, of_shelves=0.7, by_shelf=False) < 0.9
    assert covered(of_seeds=0.4, of_shelves=0.0, by_shelf=False, seeds=1) < 0.85


def by_hand(folds: Sequence[Floats], names: Sequence[Sequence[str]]) -> tuple[float, float, float]:
    """Mean, standard error and degrees of freedom, cell by cell."""
    values = [sum(row[at] for row in fold) / len(fold)
              for fold in folds for at in range(fold.shape[1])]  # fmt: skip
    columns = len(values)
    mean = sum(values) / columns
    totals: dict[str, list[float]] = {}
    for name, value in zip([name for of in names for name in of], values, strict=True):
        totals.setdefault(name, []).append(value - mean)
    k = len(totals)
    parts = [k / (k - 1) * sum(sum(one) ** 2 for one in totals.values()) / columns**2]
    df = [columns**2 / sum(len(one) ** 2 for one in totals.values()) - 1]
    cells = 0.0
    for fold, of in zip(folds, names, strict=True):
        seeds, width = fold.shape
        rows = [sum(row) / width for row in fold]
        spread = sum((row - sum(rows) / seeds) ** 2 for row in rows) / (seeds - 1) / seeds
        parts.append((width / columns) ** 2 * spread)
        df.append(seeds - 1)
        squares, k = _squares(fold, of), len(set(of))
        cells += k / (k - 1) / (seeds - 1) * squares / seeds / columns**2
    satterthwaite = sum(parts) ** 2 / sum(one**2 / d for one, d in zip(parts, df, strict=True))
    return float(mean), float(max(*parts, sum(parts) - cells) ** 0.5), float(satterthwaite)


def _squares(fold: Floats, of: Sequence[str]) -> float:
    """Sum over seeds and shelves of what is left of neither, squared."""
    seeds, squares = len(fold), 0.0
    for row in fold:
        for shelf in set(of):
            rest = 0.0
            for at in [at for at, name in enumerate(of) if name == shelf]:
                here = sum(one[at] for one in fold) / seeds
                rest += row[at] - sum(row) / len(of) - here + fold.mean()
            squares += rest**2
    return squares


@pytest.mark.parametrize("names", ["aabbbcd abbbbcccd", "abcdefg hijklmnop"])
def test_it_is_what_is_reckoned_by_hand(names: str) -> None:
    """Folds and shelves of different sizes, and seeds of a fold that are more than the other's."""
    random = np.random.default_rng(3)
    folds = [random.normal(size=(4, 7)) + 1.0, random.normal(size=(3, 9)) + random.normal(size=9)]
    mean, error, df = by_hand(folds, names.split())
    found = over_folds(folds, names.split())
    assert found.estimate == pytest.approx(mean)
    assert found.interval is not None
    low, high = t.interval(0.95, df, mean, error)
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high))
    assert found.p == pytest.approx(2.0 * t.sf(abs(mean) / error, df))


def test_one_fold_is_a_table_of_seeds() -> None:
    table = drawn(np.random.default_rng(1), of_seeds=0.2, of_shelves=0.0)[0]
    assert over_folds([table]) == over_seeds(table)
    nothing = np.empty((3, 0))
    assert over_folds([table, nothing]) == over_seeds(table)
    assert over_folds([nothing]).note == "nothing was counted"


def test_a_fold_weighs_by_who_judges_in_it_and_not_by_its_seeds() -> None:
    folds = [np.full((2, 30), 1.0), np.full((6, 10), 5.0)]
    assert over_folds(folds).estimate == pytest.approx((30 * 1.0 + 10 * 5.0) / 40)
