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
_ROUNDING = 1e-12
"""Of what is summed: spread below it is none."""
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
    """Studentised intervals of sums of ratios, all from the same draws of clusters.

    Each draw is divided by its own linearised standard error (bootstrap-t; Hall 1988), which
    follows the skew that a few heavy clusters make better than percentiles do. None with fewer
    than two clusters.

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
    generator = np.random.default_rng(seed)
    drawn: list[list[Floats]] = [[] for _ in wanted]
    values = [one.value for one in wanted]
    for start in range(0, draws, _CHUNK):
        size = min(_CHUNK, draws - start)
        weights = generator.multinomial(count, np.full(count, 1.0 / count), size=size).astype(float)
        for one, value, found in zip(wanted, values, drawn, strict=True):
            totals, errors = _with_errors(one, weights)
            known = errors > 0.0
            found.append(np.divide(totals - value, errors, np.zeros(size), where=known))
    pairs = zip(wanted, values, drawn, strict=True)
    return [_studentised(one, value, np.concatenate(found)) for one, value, found in pairs]


def _with_errors(parts: Parts, weights: Floats) -> tuple[Floats, Floats]:
    """Return sums of ratios with their linearised standard errors, for each row of weights."""
    below = weights @ parts.below
    inverse: Floats = np.divide(1.0, below, np.zeros(below.shape), where=below > 0.0)
    ratios = (weights @ parts.above) * inverse
    scores = inverse @ parts.above.T - (ratios * inverse) @ parts.below.T
    count = weights.shape[1]
    variances = (weights * scores**2).sum(axis=1) * count / (count - 1)
    return ratios.sum(axis=1), np.sqrt(variances)


def _studentised(parts: Parts, value: float, drawn: Floats) -> Interval:
    [error] = _with_errors(parts, np.ones((1, len(parts.below))))[1]
    if error <= _ROUNDING * np.abs(parts.above).sum() / max(1.0, len(parts.below)):
        return Interval(value, value, "no spread between clusters")
    low, high = np.quantile(drawn, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0]) * error
    return Interval(float(value - high), float(value - low), "cluster bootstrap-t")


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
