"""Fieller's interval: of a ratio whose denominator is itself uncertain.

The interval is the set of ratios that a test of ``above - ratio * below`` does not refuse, so it
keeps its level where the denominator is small against its error; where it cannot be told apart from
0, no ratio can be excluded, and there is no interval (Fieller 1954).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from retailsim.analysis.statistics.values import LEVEL, Interval

Floats = NDArray[np.float64]


def fieller(
    above: float, below: float, spread_above: Floats, spread_below: Floats, *, level: float = LEVEL
) -> Interval | None:
    """Return the interval of ``above / below``; None where it is not bounded.

    Parameters
    ----------
    above, below : float
        Both estimates, `below` not 0.
    spread_above, spread_below : arrays of shape (clusters,)
        What each cluster contributes to the error of either, linearised; each sums to 0.
    level : float
        Of the interval, by Student's t with one degree of freedom less than clusters.
    """
    count = len(spread_above)
    if count < 2:
        return None
    scale = count / (count - 1)
    variance, other = (float((one**2).sum()) * scale for one in (spread_above, spread_below))
    covariance = float((spread_above * spread_below).sum()) * scale
    limit = float(stdtrit(count - 1, 0.5 + level / 2.0)) ** 2
    # (above - r below)^2 <= limit * var(above - r below), solved for r
    square = below**2 - limit * other
    if square <= 0.0:
        return None
    middle = above * below - limit * covariance
    root = math.sqrt(max(0.0, middle**2 - square * (above**2 - limit * variance)))
    return Interval((middle - root) / square, (middle + root) / square, f"Fieller, {count - 1} df")
