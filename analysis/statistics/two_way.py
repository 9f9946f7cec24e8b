"""Estimates for other products and other buyers: where observations share two things at once.

The variance of a ratio is that between the ones (products) plus that between the others (buyers)
less that between their cells (Cameron, Gelbach and Miller 2011), with one degree of freedom less
than there are of the rarer.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retailsim.analysis.statistics.bootstrap import two_way_ratio
from retailsim.analysis.statistics.cells import NUMBER
from retailsim.analysis.statistics.clusters import Within, around, ratio_variance
from retailsim.analysis.statistics.values import FEW_CLUSTERS, Estimate, Interval

Floats = NDArray[np.float64]

SHARE = (0.0, 1.0)
MOST_CELLS = 20_000
"""Pairs that the bootstrap looks at; it takes long with more."""


def two_way(
    above: pl.Series, below: pl.Series, cells: pl.DataFrame, *, within: Within, seed: int
) -> Estimate:
    """Estimate a ratio of sums whose observations share two things, such as product and buyer.

    The interval is by Student's t, on the scale that the ends of the values ask for; that of a
    proportion with 20 clusters of each or more is a two-way bootstrap.

    Parameters
    ----------
    above, below : polars.Series
        As for `clusters.rate` and `clusters.mean`.
    cells : polars.DataFrame
        Two columns: what is shared. The first says how skewed money is.
    within : (low, high) or None
        As for `clusters.mean`; ``(0.0, 1.0)`` for a proportion.
    seed : int
        Of the bootstrap.
    """
    one, two = (_named(cells[name]) for name in cells.columns)
    frame = pl.DataFrame({"above": above, "below": below, "one": one, "two": two}).drop_nulls()
    by_cell = _sums(frame.filter(pl.col("below") > 0), "one", "two")
    sides = [_sums(by_cell, name) for name in ("one", "two")]
    n, fewest = float(by_cell["below"].sum()), min(side.height for side in sides)
    if n == 0.0:
        return Estimate(value=None, n=0, note="nothing was counted")
    value = float(by_cell["above"].sum()) / n
    if fewest < 2:
        return _without(value, n, fewest)
    parts = [ratio_variance(*_columns(side)) for side in sides]
    variance = max(*parts, sum(parts) - ratio_variance(*_columns(by_cell)))
    if variance <= 0.0 or (value in SHARE and within == SHARE):
        return _without(value, n, fewest)
    interval: Interval | None = around(value, variance**0.5, fewest - 1, within, _columns(sides[0]))
    note = f"{fewest} clusters: Student's t" if fewest < FEW_CLUSTERS else ""
    effect = None
    if within == SHARE:
        effect = max(1.0, variance / (value * (1.0 - value) / n))
        if not note and sides[0].height * sides[1].height <= MOST_CELLS:
            tables = (_matrix(by_cell, name) for name in ("above", "below"))
            interval = two_way_ratio(*tables, seed=seed)
    return Estimate(
        value=value,
        n=int(n),
        interval=interval,
        effective_n=n / effect if effect else None,
        design_effect=effect,
        clusters=fewest,
        note=note,
    )


def _named(shared: pl.Series) -> pl.Series:
    return shared if shared.dtype == NUMBER else shared.cast(pl.String)


def _without(value: float, n: float, clusters: int) -> Estimate:
    note = "a single cluster, or no spread: no interval"
    return Estimate(value=value, n=int(n), clusters=clusters, note=note)


def _sums(frame: pl.DataFrame, *keys: str) -> pl.DataFrame:
    """Sums by these keys, in their order: sums of floats depend on it."""
    totals = (pl.col("above").cast(pl.Float64).sum(), pl.col("below").cast(pl.Float64).sum())
    return frame.group_by(keys).agg(*totals).sort(keys)


def _columns(sums: pl.DataFrame) -> tuple[Floats, Floats]:
    return sums["above"].to_numpy(), sums["below"].to_numpy()


def _matrix(sums_of: pl.DataFrame, name: str) -> Floats:
    """Sums by cell as a table, 0 where there are none; rows and columns in order."""
    table = sums_of.pivot("two", index="one", values=name).sort("one").drop("one").fill_null(0.0)
    return table.select(sorted(table.columns)).to_numpy()
