"""Cluster bootstrap of ratios of sums: whole clusters are drawn, so what they share stays together.

Randomness is the caller's: every function takes a seed and gives the same interval for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.statistics.values import LEVEL, Interval

Floats = NDArray[np.float64]

DRAWS = 2_000
_CHUNK = 250
"""Draws at once, so that memory stays bounded with many clusters."""


def ratio(above: Floats, below: Floats, *, seed: int, draws: int = DRAWS) -> Interval | None:
    """Percentile interval of ``sum(above) / sum(below)`` over sums by cluster.

    None with fewer than two clusters. Draws in which nothing stands below are left out.

    Parameters
    ----------
    above, below : arrays of shape (clusters,)
    seed : int
        Of the draws.
    """
    count = len(below)
    if count < 2:
        return None
    generator = np.random.default_rng(seed)
    parts = []
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        weights = generator.multinomial(count, np.full(count, 1.0 / count), size=size)
        parts.append(_ratios(weights @ above, weights @ below))
    return _percentiles(np.concatenate(parts), "cluster bootstrap")


@dataclass(frozen=True, slots=True)
class Parts:
    """A sum of J ratios of sums over clusters, such as an estimate that is normalised turn by turn.

    Parameters
    ----------
    above, below : arrays of shape (clusters, J)
        Sums by cluster.
    """

    above: Floats
    below: Floats

    @classmethod
    def of(cls, above: Floats, below: Floats) -> Parts:
        """Return one of a single ratio, from arrays of shape (clusters,)."""
        return cls(above[:, None], below[:, None])

    def __add__(self, other: Parts) -> Parts:
        """Return the sum of both."""
        return Parts(np.hstack([self.above, other.above]), np.hstack([self.below, other.below]))

    def __neg__(self) -> Parts:
        """Return it with the other sign."""
        return Parts(-self.above, self.below)

    @property
    def value(self) -> float:
        """The estimate; a ratio with nothing below counts nothing."""
        return float(_ratios(self.above.sum(axis=0), self.below.sum(axis=0), missing=0.0).sum())


def ratio_sums(wanted: Sequence[Parts], *, seed: int, draws: int = DRAWS) -> list[Interval | None]:
    """Percentile intervals of sums of ratios, all from the same draws of clusters.

    None with fewer than two clusters.

    Parameters
    ----------
    wanted : sequence of Parts
        All over the same clusters.
    seed : int
        Of the draws.
    """
    count = len(wanted[0].below)
    if count < 2:
        return [None] * len(wanted)
    above = np.hstack([one.above for one in wanted])
    below = np.hstack([one.below for one in wanted])
    starts = np.cumsum([0, *(one.above.shape[1] for one in wanted[:-1])])
    generator = np.random.default_rng(seed)
    drawn = []
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        weights = generator.multinomial(count, np.full(count, 1.0 / count), size=size).astype(float)
        parts = _ratios(weights @ above, weights @ below, missing=0.0)
        drawn.append(np.add.reduceat(parts, starts, axis=1))
    return [_percentiles(values, "cluster bootstrap") for values in np.concatenate(drawn).T]


def two_way_ratio(above: Floats, below: Floats, *, seed: int) -> Interval | None:
    """Percentile interval where observations share two things, such as product and buyer.

    Rows and columns are drawn apart and a cell weighs the product of both draws (the pigeonhole
    bootstrap of Owen), which errs on the wide side.

    Parameters
    ----------
    above, below : arrays of shape (rows, columns)
        Sums by cell; 0 below where a cell was not observed.
    """
    rows, columns = below.shape
    if rows < 2 or columns < 2:
        return None
    generator = np.random.default_rng(seed)
    by_row = generator.multinomial(rows, np.full(rows, 1.0 / rows), size=DRAWS)
    by_column = generator.multinomial(columns, np.full(columns, 1.0 / columns), size=DRAWS)
    tops = np.einsum("dr,rc,dc->d", by_row, above, by_column, optimize=True)
    bottoms = np.einsum("dr,rc,dc->d", by_row, below, by_column, optimize=True)
    return _percentiles(_ratios(tops, bottoms), "two-way bootstrap")


def _ratios(above: Floats, below: Floats, missing: float = np.nan) -> Floats:
    found: Floats = np.full(below.shape, missing)
    np.divide(above, below, out=found, where=below > 0)
    return found


def _percentiles(ratios: Floats, method: str) -> Interval | None:
    known = ratios[~np.isnan(ratios)]
    if len(known) == 0:
        return None
    low, high = np.quantile(known, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0])
    return Interval(float(low), float(high), method)
