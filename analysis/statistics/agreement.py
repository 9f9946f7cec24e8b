"""Whether raters agree: Krippendorff's alpha with a bootstrap interval, and majority votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

import krippendorff
import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.statistics.values import LEVEL, Interval, Test

BAR = 0.67
"""Alpha below this is too little agreement to rely on."""
_DRAWS = 1_000

Scale = Literal["nominal", "ordinal", "interval"]


def alpha(ratings: Sequence[Sequence[float | None]], scale: Scale, *, seed: int) -> Test:
    """Krippendorff's alpha: 1 is full agreement, 0 is chance.

    Parameters
    ----------
    ratings : (raters, items)
        None where a rater did not rate an item.
    seed : int
        Of the bootstrap over items.
    """
    table = np.array([[np.nan if r is None else r for r in rater] for rater in ratings], float)
    rated = int((np.count_nonzero(~np.isnan(table), axis=0) >= 2).sum()) if table.size else 0
    if rated < 2:
        return Test(method="Krippendorff", n=rated, note="fewer than two items that two rated")
    if len(np.unique(table[~np.isnan(table)])) == 1:
        note = "all ratings are the same: agreement cannot be told from a lack of spread"
        return Test(method="Krippendorff", n=rated, note=note)
    value = _alpha(table, scale)
    generator = np.random.default_rng(seed)
    items = table.shape[1]
    drawn = [_alpha(table[:, generator.integers(0, items, items)], scale) for _ in range(_DRAWS)]
    known = [d for d in drawn if d is not None]
    interval = None
    if known:
        low, high = np.quantile(known, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0])
        interval = Interval(float(low), float(high), "bootstrap over items")
    note = f"below {BAR}" if value is not None and value < BAR else ""
    return Test(
        method=f"Krippendorff, {scale}", estimate=value, interval=interval, n=rated, note=note
    )


def _alpha(table: NDArray[np.float64], scale: Scale) -> float | None:
    """Alpha of one table; None where a draw holds one value only."""
    values = table[~np.isnan(table)]
    pairable = np.count_nonzero(~np.isnan(table), axis=0) >= 2
    if not pairable.any() or len(np.unique(table[:, pairable][~np.isnan(table[:, pairable])])) < 2:
        return None
    assert len(values)
    found = krippendorff.alpha(reliability_data=table, level_of_measurement=scale)
    return None if np.isnan(found) else float(found)


def majority(votes: Sequence[object]) -> object | None:
    """Return what more than half of the votes say; None where nothing does."""
    if not votes:
        return None
    choice, count = Counter(votes).most_common(1)[0]
    return choice if count * 2 > len(votes) else None
