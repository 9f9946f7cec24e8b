"""Intervals of one proportion and of the difference of two, for independent observations."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import ndtri

from retailsim.analysis.statistics.values import LEVEL, Interval, Test


def wilson(successes: float, n: float, *, quantile: float | None = None) -> Interval:
    """Wilson's score interval, also at an effective n that is no whole number.

    `quantile` replaces the normal one, as by Student's t where n was estimated from clusters.

    Raises
    ------
    ValueError
        If n is not above 0, or successes not within it.
    """
    if not 0.0 <= successes <= n or n <= 0.0:
        raise ValueError(f"{successes} of {n}: successes must be from 0 to n, and n above 0")
    z = float(ndtri(0.5 + LEVEL / 2.0)) if quantile is None else quantile
    share, spread = successes / n, z * z / n
    centre = (share + spread / 2.0) / (1.0 + spread)
    half = math.sqrt(share * (1.0 - share) * spread + spread * spread / 4.0) / (1.0 + spread)
    # At the ends the formula meets 0 and 1 up to rounding.
    low = 0.0 if successes == 0.0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(low, high, "Wilson")


def newcombe(
    successes: float, n: float, others: float, other_n: float, *, level: float = LEVEL
) -> Interval:
    """Newcombe's interval of the first proportion minus the second, from two Wilson intervals."""
    z = float(ndtri(0.5 + level / 2.0))
    first, second = wilson(successes, n, quantile=z), wilson(others, other_n, quantile=z)
    p, q = successes / n, others / other_n
    low = p - q - math.hypot(p - first.low, second.high - q)
    high = p - q + math.hypot(first.high - p, q - second.low)
    return Interval(max(-1.0, low), min(1.0, high), "Newcombe")


def two_proportions(
    first: tuple[int, int], second: tuple[int, int], *, level: float = LEVEL
) -> Test:
    """Test two independent proportions: Fisher's exact p, and Newcombe's interval.

    Parameters
    ----------
    first, second : (successes, n)
    """
    (successes, n), (others, other_n) = first, second
    method = "Fisher exact"
    if not n or not other_n:
        return Test(method=method, n=n + other_n, note="nothing was counted on one side")
    from scipy.stats import fisher_exact  # 50 MB that few need

    found = fisher_exact(np.array([[successes, n - successes], [others, other_n - others]]))
    return Test(
        method=method,
        estimate=successes / n - others / other_n,
        p=float(found.pvalue),
        interval=newcombe(successes, n, others, other_n, level=level),
        n=n + other_n,
    )


def binomial(successes: int, n: int, chance: float = 0.5) -> Test:
    """Exact two-sided binomial test against `chance`, with the exact interval."""
    if n == 0:
        return Test(method="exact binomial", note="nothing was counted")
    from scipy.stats import binomtest  # 50 MB that few need

    found = binomtest(successes, n, chance)
    exact = found.proportion_ci(LEVEL, method="exact")
    interval = Interval(float(exact.low), float(exact.high), "Clopper-Pearson")
    return Test(
        method="exact binomial",
        estimate=successes / n,
        p=float(found.pvalue),
        interval=interval,
        n=n,
    )
