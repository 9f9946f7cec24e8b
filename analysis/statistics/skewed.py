"""Intervals of money: sums that are never negative, and ruled by a few dear products.

Student's t fails such sums on one side: while no dear product is among those seen, the mean is too
low and its error too small at once. So the interval is symmetric on the scale of logarithms, and
its upper end reaches as far as it has to where what products bring is lognormal with as much
spread as was seen. ``python -m benchmarks.quality.coverage`` prints how often it covers the truth.

Where one product in ten is of a dear kind, a dozen products hold none of it in a quarter of all
cases, and look like a shop without. Nothing that was seen tells the two apart: to call rough what
hangs on one product would leave just the samples that missed the dear ones. So it is the number of
clusters that decides.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from retailsim.analysis.statistics.values import LEVEL, Interval

Floats = NDArray[np.float64]

ROUGH = 120
"""Below so many clusters a dear kind may be missed or met too seldom, and the interval is called
rough; from here on it covers 94% and more where there is one, too
(`benchmarks.quality.coverage`)."""
FEW = 8
"""Below so many the spread says nothing about the tail, and the interval is Student's t."""
_DRAWS = 4_000
_MOST_DRAWN = 1_000_000
"""Numbers drawn for one quantile: with more clusters there are fewer draws."""
_MOST_RARER = 10.0
"""A rarer tail takes so many times the draws at most."""
_MANY = 1_000
"""From so many clusters on the mean is normal enough."""
_STEP = 0.05
_MOST_SPREAD = 3.0
_TAILED = 1.5
"""The logs of a few products that sold next to nothing lie far off; so their spread counts up to
so many times what the coefficient of variation says."""
_SEED = 1


def of_positive(
    above: Floats,
    below: Floats,
    error: float,
    df: float | None = None,
    *,
    level: float = LEVEL,
) -> Interval:
    """Return the interval of a ratio of sums that cannot be negative.

    Parameters
    ----------
    above, below : arrays of shape (clusters,)
        Sums by cluster, above at least 0 and not all 0, below above 0.
    error : float
        Standard error of the ratio.
    df : float or None
        Degrees of freedom of the error; None: clusters - 1.
    level : float
        At least 95%: an interval of a higher level holds those of the lower ones.
    """
    value, count = float(above.sum() / below.sum()), len(below)
    df = count - 1 if df is None else df
    quantile = float(stdtrit(df, 0.5 + level / 2.0))
    rough = ", rough" if count < ROUGH else ""
    if count < FEW:
        half = quantile * error
        return Interval(max(0.0, value - half), value + half, f"t, {df:.0f} df{rough}")
    up = quantile
    if count < _MANY:
        # The spread of one draw of as many clusters, whatever they share besides.
        up = max(quantile, reach(count, _spread(above, below), level))
    relative = error / value
    high = value * math.exp(up * relative)
    low = value * math.exp(-quantile * relative)
    return Interval(low, high, f"log scale, {df:.0f} df{rough}")


def _spread(above: Floats, below: Floats) -> float:
    """Standard deviation of the logarithms of what clusters bring, as a lognormal would have it."""
    count = len(below)
    rest = above - above.sum() / below.sum() * below
    variation = count / (count - 1) * float((rest**2).sum()) * count / float(above.sum()) ** 2
    implied = math.sqrt(math.log1p(variation))
    some = above > 0.0
    if np.count_nonzero(some) < 2:
        return implied
    of_logs = float(np.log(above[some] / below[some]).std(ddof=1))
    return max(implied, min(of_logs, _TAILED * implied))


def reach(clusters: int, spread: float, level: float = LEVEL) -> float:
    """How many standard errors, on the scale of logarithms, the upper end lies above the mean.

    Drawn, always from the same seed: minus the quantile of ``(ln mean - ln true mean) / (error /
    mean)`` that leaves out half of what the level does (2.5% at 95%), over samples of so many
    lognormal clusters. Never less than at 95%, though a higher level is drawn more often.

    Parameters
    ----------
    clusters : int
        At least 2.
    spread : float
        Standard deviation of the logarithms; rounded up to 0.05, and at most 3.
    """
    steps = max(1, math.ceil(min(spread, _MOST_SPREAD) / _STEP))
    return max(_reach(clusters, steps, one) for one in {LEVEL, level})


@lru_cache(maxsize=1_024)
def _reach(clusters: int, steps: int, level: float) -> float:
    sigma, tail = steps * _STEP, 0.5 - level / 2.0
    rarer = min(_MOST_RARER, (0.5 - LEVEL / 2.0) / tail)
    draws = max(200, min(round(_DRAWS * rarer), _MOST_DRAWN // clusters))
    sample = np.exp(sigma * np.random.default_rng(_SEED).normal(size=(draws, clusters)))
    means = sample.mean(axis=1)
    errors = sample.std(axis=1, ddof=1) / math.sqrt(clusters)
    studentised = (np.log(means) - sigma * sigma / 2.0) / (errors / means)
    return -float(np.quantile(studentised, tail))
