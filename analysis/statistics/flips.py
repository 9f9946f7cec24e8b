"""Sign flips of whole clusters, as a test and as the interval that belongs to it.

A change `d` of every pair is rejected where the differences less `d` are further from 0 than all
but few of their flips are; the interval holds what is not. For a flip, the changes that it does not
reject lie between the mean of the clusters that it leaves and that of the clusters it turns, so the
interval is read off the ends of all flips and nothing is searched (Hartigan 1969).
"""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXACT_CLUSTERS = 12
"""All flips are gone through up to so many clusters; with more they are drawn."""
FLIPS = 10_000
_CELLS = 2_000_000
"""Flips times clusters at once, so that memory stays bounded with many clusters."""


def flipped(
    totals: Floats, counts: Floats, *, seed: int, level: float
) -> tuple[float, float, float]:
    """Return p of no change and the ends of the interval; infinite where clusters are too few.

    Parameters
    ----------
    totals, counts : arrays of shape (clusters,)
        Sums of differences, and of how many.
    seed : int
        Of the drawn flips.
    level : float
        Of the interval, such as 0.95.
    """
    if len(totals) <= EXACT_CLUSTERS:
        lows, highs = _ends(_every(len(totals)), totals, counts)
    else:
        lows, highs = _drawn(totals, counts, seed)
    # What was seen reaches itself, up to rounding.
    near = 1e-9 * max(1.0, abs(float(totals.sum() / counts.sum())))
    p = float(np.mean((lows <= near) & (highs >= -near)))
    # Rejected are changes that at most so many flips leave standing.
    left = math.floor((1.0 - level) * len(lows) + 1e-9)
    low, high = np.partition(lows, left)[left], -np.partition(-highs, left)[left]
    return p, float(low), float(high)


def _every(clusters: int) -> Floats:
    """All flips: 1 where a cluster is left as it is, 0 where it is turned."""
    return np.array(list(itertools.product((1.0, 0.0), repeat=clusters)))


def _drawn(totals: Floats, counts: Floats, seed: int) -> tuple[Floats, Floats]:
    """Ends of drawn flips, and of what was seen as one of them."""
    generator, clusters = np.random.default_rng(seed), len(totals)
    parts = [_ends(np.ones((1, clusters)), totals, counts)]
    size = max(1, _CELLS // clusters)
    for start in range(0, FLIPS, size):
        rows = min(size, FLIPS - start)
        drawn = np.frombuffer(generator.bytes(rows * clusters // 8 + 1), np.uint8)
        kept = np.unpackbits(drawn, count=rows * clusters).reshape(rows, clusters)
        parts.append(_ends(kept.astype(np.float64), totals, counts))
    lows, highs = (np.concatenate(ends) for ends in zip(*parts, strict=True))
    return lows, highs


def _ends(kept: Floats, totals: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Between which changes each flip is at least as far from 0 as what was seen."""
    sums, sizes = (kept @ np.column_stack((totals, counts))).T
    with np.errstate(invalid="ignore", divide="ignore"):
        left, turned = sums / sizes, (totals.sum() - sums) / (counts.sum() - sizes)
    low, high = np.minimum(left, turned), np.maximum(left, turned)
    # Turning all or nothing is as far from 0 whatever the change.
    nothing = (sizes <= 0.0) | (sizes >= counts.sum())
    low[nothing], high[nothing] = -np.inf, np.inf
    return low, high
