"""Tests of differences: paired by common random numbers, or between different episodes."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtri, stdtr

from retailsim.analysis.statistics.clusters import by_t, ratio_variance, sums
from retailsim.analysis.statistics.flips import flipped
from retailsim.analysis.statistics.values import LEVEL, Interval, Test

Floats = NDArray[np.float64]

EXACT_DISCORDANT = 25
"""McNemar's test is exact below so many discordant pairs."""
FEW_ON_A_SIDE = 10
"""Below so many clusters of one of two groups their own spread alone is not relied on."""
MANY_CLUSTERS = 500
"""From here on means of clusters are normal enough, and flips take long."""


def mcnemar(first: pl.Series, second: pl.Series) -> Test:
    """McNemar's test of paired yes or no; exact where few pairs are discordant.

    Pairs that lack one side do not count. The estimate is the first share minus the second.

    Parameters
    ----------
    first, second : polars.Series of bool
        One row a pair; null where a side is missing.
    """
    pairs = pl.DataFrame({"one": first, "two": second}).drop_nulls()
    gained = int((pairs["one"] & ~pairs["two"]).sum())
    lost = int((~pairs["one"] & pairs["two"]).sum())
    discordant, n = gained + lost, pairs.height
    if n == 0:
        return Test(method="McNemar", note="no pairs")
    estimate = (gained - lost) / n
    if discordant < EXACT_DISCORDANT:
        from scipy.stats import binomtest  # 50 MB that few need

        p = float(binomtest(gained, discordant).pvalue) if discordant else 1.0
        return Test(method="McNemar, exact", estimate=estimate, p=p, n=n)
    statistic = (abs(gained - lost) - 1.0) ** 2 / discordant
    return Test(method="McNemar", estimate=estimate, p=float(chdtrc(1, statistic)), n=n)


def sign_flip(
    differences: pl.Series,
    cluster: pl.Series,
    *,
    seed: int,
    level: float = LEVEL,
    most: float = math.inf,
) -> Test:
    """Sign-flip permutation of paired differences, whole clusters at a time, beside Student's t.

    Under no effect the sum of a cluster's differences is as likely negative as positive. The
    estimate is the mean difference. Flips are exact where nothing differs on the average, t
    follows the skew that a few large gains make: p is the larger of the two, and the interval
    spans both, so that it leaves out 0 exactly where p is at most 1 - level. From 500 clusters
    on they are the same, and t alone is used.

    Parameters
    ----------
    differences : polars.Series
        Per pair, in any unit; null where a side is missing: such pairs do not count.
    cluster : polars.Series
        What pairs share, such as the product.
    seed : int
        Of the drawn flips.
    level : float
        Of the interval.
    most : float
        The largest difference that there can be. Without one there is no interval where clusters
        are too few for the level: then no difference, however large, can be excluded.
    """
    totals, counts = sums(differences, pl.repeat(1.0, len(differences), eager=True), cluster)
    n, method = int(counts.sum()), "sign flip by cluster"
    if n == 0:
        return Test(method="sign flip", note="no pairs")
    estimate = float(totals.sum() / counts.sum())
    if not totals.any():
        interval = Interval(estimate, estimate, "no cluster differs")
        return Test(method="sign flip", estimate=estimate, p=1.0, interval=interval, n=n)
    p, low, high = 0.0, math.inf, -math.inf
    if len(totals) <= MANY_CLUSTERS:
        p, low, high = flipped(totals, counts, seed=seed, level=level)
    if len(totals) >= 2:
        error, df = math.sqrt(ratio_variance(totals, counts)), len(totals) - 1
        by = by_t(estimate, error, df, level=level)
        p, low, high = max(p, p_of_t(estimate, error, df)), min(low, by.low), max(high, by.high)
    low, high = max(-most, low), min(most, high)
    if math.isinf(low) or math.isinf(high):
        note = f"{len(totals)} cluster{'s' * (len(totals) != 1)}: no interval"
        return Test(method=method, estimate=estimate, p=p, n=n, note=note)
    return Test(
        method=method, estimate=estimate, p=p, interval=Interval(low, high, "sign flip and t"), n=n
    )


def two_rates(
    first: tuple[pl.Series, pl.Series, pl.Series],
    second: tuple[pl.Series, pl.Series, pl.Series],
    *,
    level: float = LEVEL,
) -> Test:
    """Test two ratios of sums that come from different episodes, robust to clusters.

    Student's t with Welch's degrees of freedom. The spread between two or three clusters is small
    by accident rather often; so where a side has fewer than 10, the error is at least the one that
    both sides' clusters together would give it.

    Parameters
    ----------
    first, second : (above, below, cluster)
        As for `clusters.rate`. Clusters of one name in both are taken as the same: what they
        share is taken out of the difference.
    level : float
        Of the interval.
    """
    method = "clustered difference"
    both = _by_cluster(*first).join(
        _by_cluster(*second), on="cluster", how="full", coalesce=True, suffix="_two"
    )
    # Sums of floats depend on their order, and a join does not keep any.
    ordered = both.fill_null(0.0).sort("cluster").drop("cluster")
    tops, bottoms, other_tops, other_bottoms = ordered.to_numpy().T
    n = int(bottoms.sum() + other_bottoms.sum())
    if bottoms.sum() == 0.0 or other_bottoms.sum() == 0.0:
        return Test(method=method, n=n, note="nothing was counted on one side")
    p, q = float(tops.sum() / bottoms.sum()), float(other_tops.sum() / other_bottoms.sum())
    if both.height < 2:
        return Test(method=method, estimate=p - q, n=n, note="a single cluster")
    if min(np.count_nonzero(bottoms), np.count_nonzero(other_bottoms)) < 2:
        return Test(method=method, estimate=p - q, n=n, note="a single cluster on one side")
    one, two = _scores(tops, bottoms), _scores(other_tops, other_bottoms)
    df = _welch(one, two, bottoms, other_bottoms)
    error = math.sqrt(_variance(one, two, bottoms, other_bottoms))
    if error == 0.0 and p != q:
        note = "no spread between clusters: how certain this is cannot be estimated"
        return Test(method=method, estimate=p - q, n=n, note=note)
    return Test(
        method=f"{method}, t with {df:.0f} df",
        estimate=p - q,
        p=p_of_t(p - q, error, df),
        interval=by_t(p - q, error, df, level=level),
        n=n,
    )


def _variance(one: Floats, two: Floats, below: Floats, other_below: Floats) -> float:
    """Variance of a difference from its scores; that of a side of few clusters is no accident."""
    found = float(((one - two) ** 2).sum())
    k, m = int(np.count_nonzero(below)), int(np.count_nonzero(other_below))
    if min(k, m) >= FEW_ON_A_SIDE:
        return found
    v, w = float((one**2).sum()), float((two**2).sum())
    pooled = ((k - 1) * k * v + (m - 1) * m * w) / (k + m - 2)
    return max(found, pooled * (1.0 / k + 1.0 / m) - 2.0 * float((one * two).sum()))


def _scores(above: Floats, below: Floats) -> Floats:
    """What each cluster adds to the error of a ratio; clusters that are not in it add nothing."""
    count = np.count_nonzero(below)
    found: Floats = math.sqrt(count / (count - 1)) * (above - above.sum() / below.sum() * below)
    found /= below.sum()
    return found


def _welch(one: Floats, two: Floats, below: Floats, other_below: Floats) -> float:
    """Degrees of freedom: Welch's, so that the side with few clusters rules if it is the unsure
    one; never more than clusters - 1.
    """
    most = float(np.count_nonzero(below + other_below) - 1)
    v, w = float((one**2).sum()), float((two**2).sum())
    k, m = np.count_nonzero(below) - 1, np.count_nonzero(other_below) - 1
    spread = v * v / k + w * w / m
    return min(most, (v + w) ** 2 / spread) if spread > 0.0 else most


def _by_cluster(above: pl.Series, below: pl.Series, cluster: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"above": above, "below": below, "cluster": cluster}).drop_nulls()
    totals = (pl.col("above").cast(pl.Float64).sum(), pl.col("below").cast(pl.Float64).sum())
    return frame.group_by("cluster").agg(*totals).sort("cluster")


def rank_sum(first: pl.Series, second: pl.Series) -> Test:
    """Mann-Whitney's test, with Cliff's delta (-1 to 1) as the estimate.

    Delta is above 0 where the first are larger; nulls do not count. Its interval is Cliff's own,
    from the variance of dominances, and None where a side has one value or no values overlap.
    """
    one, two = (part.drop_nulls().cast(pl.Float64).to_numpy() for part in (first, second))
    n = len(one) + len(two)
    if not len(one) or not len(two):
        return Test(method="Mann-Whitney", n=n, note="nothing was counted on one side")
    from scipy.stats import mannwhitneyu  # 50 MB that few need

    found = mannwhitneyu(one, two, alternative="two-sided", method="asymptotic")
    delta = 2.0 * float(found.statistic) / (len(one) * len(two)) - 1.0
    flat = len(np.unique(np.concatenate((one, two)))) == 1
    p = 1.0 if flat else float(found.pvalue)
    return Test(method="Mann-Whitney", estimate=delta, p=p, interval=_cliff(one, two, delta), n=n)


def _cliff(one: Floats, two: Floats, delta: float) -> Interval | None:
    """Cliff's asymmetric interval; None where a side has fewer than two values."""
    if len(one) < 2 or len(two) < 2 or abs(delta) == 1.0:
        return None
    by_one = _dominance(one, two)
    by_two = -_dominance(two, one)
    n, m = len(one), len(two)
    spread_one, spread_two = by_one.var(ddof=1), by_two.var(ddof=1)
    inner = (1.0 - delta**2) / (n * m - 1.0)
    variance = max(inner, spread_one / n + spread_two / m)
    z = float(ndtri(0.5 + LEVEL / 2.0))
    root = z * math.sqrt(variance) * math.sqrt((1.0 - delta**2) ** 2 + z * z * variance)
    centre, scale = delta - delta**3, 1.0 - delta**2 + z * z * variance
    low, high = (centre - root) / scale, (centre + root) / scale
    return Interval(max(-1.0, float(low)), min(1.0, float(high)), "Cliff")


def _dominance(values: Floats, others: Floats) -> Floats:
    """For each value, the share of others below it minus the share above it."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    above = len(ordered) - np.searchsorted(ordered, values, side="right")
    found: Floats = (below - above) / len(ordered)
    return found


def p_of_t(estimate: float, error: float, df: float) -> float:
    """Return the two-sided p of an estimate over its error, by Student's t."""
    if error == 0.0:
        return 1.0 if estimate == 0.0 else 0.0
    return 2.0 * float(stdtr(df, -abs(estimate) / error))
