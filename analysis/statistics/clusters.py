"""Estimates from clustered observations: ratios of sums, with what clustering takes away.

Everything here works on sums by cluster: above (what is counted) and below (out of how much). A
rate is a ratio of sums; its variance is the linearised one between clusters.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from retailsim.analysis.statistics import skewed
from retailsim.analysis.statistics.cells import NUMBER, Moments, added
from retailsim.analysis.statistics.proportions import wilson
from retailsim.analysis.statistics.values import FEW_CLUSTERS, LEVEL, Estimate, Interval

Floats = NDArray[np.float64]
Within = tuple[float, float | None] | None
"""Ends that no value can pass; no upper one where that is None."""
_ROUNDING = 1e-9
"""What floats may be below an end."""


def rate(
    above: pl.Series, below: pl.Series, cluster: pl.Series, *, level: float = LEVEL
) -> Estimate:
    """Estimate a proportion: the sum of `above` over the sum of `below`.

    Wilson's interval at the effective n, with Student's quantile, for that n is an estimate; with
    fewer than 20 clusters one by Student's t on the log odds, which says so. With a single cluster
    there is no interval: nothing tells how clusters differ.

    Parameters
    ----------
    above, below : polars.Series
        Per observation, 0 <= above <= below; rows with 0 below do not count.
    cluster : polars.Series
        What observations share, such as the product.
    level : float
        Of the interval.
    """
    tops, bottoms = sums(above, below, cluster)
    total, n = float(tops.sum()), float(bottoms.sum())
    if n == 0.0:
        return Estimate(value=None, n=0, note="nothing was counted")
    value, count = total / n, len(bottoms)
    if count < 2:
        note = "a single cluster: no interval"
        return Estimate(value=value, n=int(n), clusters=count, note=note)
    variance = ratio_variance(tops, bottoms)
    effect = _design_effect(variance, value * (1.0 - value) / n, count, n)
    effective = n / effect
    interval, note = _of_rate(value, variance, effective, count, level)
    return Estimate(
        value=value,
        n=int(n),
        interval=interval,
        effective_n=effective,
        design_effect=effect,
        clusters=count,
        note=note,
    )


def _of_rate(
    value: float, variance: float, effective: float, clusters: int, level: float
) -> tuple[Interval, str]:
    """Return a rate's interval, and what to say of it."""
    quantile = float(stdtrit(clusters - 1, 0.5 + level / 2.0))
    if clusters >= FEW_CLUSTERS:
        return wilson(value * effective, effective, quantile=quantile), ""
    if variance <= 0.0:  # no spread is no certainty: each cluster counts once
        normal = float(ndtri(0.5 + level / 2.0))
        alone = wilson(value * clusters, clusters, quantile=normal)
        return alone, f"{clusters} clusters, no spread"
    # On the scale of log odds, t keeps its level with few clusters and far from one half.
    between = by_t_between(value, variance**0.5, clusters - 1, (0.0, 1.0), level=level)
    return between, f"{clusters} clusters: Student's t"


def mean(
    values: pl.Series,
    cluster: pl.Series,
    *,
    weights: pl.Series | None = None,
    within: Within = None,
    moments: Moments | None = None,
    level: float = LEVEL,
) -> Estimate:
    """Estimate a mean, or a ratio of sums where `weights` say out of how much each value is.

    The interval is by Student's t with one degree of freedom less than clusters; on the scale of
    log odds where values have two ends, of logarithms where they have a lower one.

    Parameters
    ----------
    values : polars.Series
        Per observation, in any unit; null where there is none.
    cluster : polars.Series
        What observations share, such as the product.
    weights : polars.Series or None
        Per observation, at least 0; `n` is their sum. Rows with 0 do not count.
    within : (low, high) or None
        Ends that no value can pass, and so no interval. ``(0.0, None)`` for money that is never
        negative, ``(1.0, None)`` for units per order: the interval is of what goes beyond that
        end. Where some value is below it all the same, the end counts for nothing.
    moments : Moments or None
        Of the observations, where `values` and `weights` are sums by cell (`cells.cells`).
    level : float
        Of the interval; at least 95%.
    """
    below = pl.repeat(1.0, len(values), eager=True) if weights is None else weights
    tops, bottoms = sums(values, below, cluster)
    n = float(bottoms.sum())
    if n == 0.0:
        return Estimate(value=None, n=0, note="nothing was counted")
    value, count = float(tops.sum()) / n, len(bottoms)
    if count < 2:
        note = "a single cluster: no interval"
        return Estimate(value=value, n=int(n), clusters=count, note=note)
    variance = ratio_variance(tops, bottoms)
    apart = moments.independent() if moments else _independent(values, weights, cluster, n)
    effect = _design_effect(variance, apart, count, n)
    interval, note = None, "no spread: no interval"
    if variance > 0.0:
        interval = around(value, variance**0.5, count - 1, within, (tops, bottoms), level=level)
        note = f"{count} clusters: Student's t" if count < FEW_CLUSTERS else ""
        if interval.rough:
            note = f"{count} clusters: rough"
    return Estimate(
        value=value,
        n=int(n),
        interval=interval,
        effective_n=n / effect if effect else None,
        design_effect=effect,
        clusters=count,
        note=note,
    )


def _independent(
    values: pl.Series, weights: pl.Series | None, cluster: pl.Series, n: float
) -> float:
    """Variance of a mean or ratio, were no two observations in one cluster."""
    if weights is None:
        known = values.is_not_null() & cluster.is_not_null()
        return float(values.filter(known).cast(pl.Float64).var() or 0.0) / n  # type: ignore[arg-type]
    rows = pl.DataFrame({"above": values, "below": weights, "cluster": cluster}).drop_nulls()
    some = rows.filter(pl.col("below") > 0).cast({"above": pl.Float64, "below": pl.Float64})
    if some.height < 2:
        return 0.0
    return ratio_variance(some["above"].to_numpy(), some["below"].to_numpy())


def sums(above: pl.Series, below: pl.Series, cluster: pl.Series) -> tuple[Floats, Floats]:
    """Return the sums by cluster, ordered by the cluster's name; clusters without any drop out.

    Clusters that are numbered, from 0 and in the order of their names, take a tenth of the time.
    """
    frame = pl.DataFrame({"above": above, "below": below, "cluster": cluster}).drop_nulls()
    if cluster.dtype == NUMBER:
        return _by_number(frame)
    grouped = (
        frame.group_by("cluster")
        .agg(pl.col("above").cast(pl.Float64).sum(), pl.col("below").cast(pl.Float64).sum())
        .filter(pl.col("below") > 0)
        .sort("cluster")
    )
    return grouped["above"].to_numpy(), grouped["below"].to_numpy()


def _by_number(known: pl.DataFrame) -> tuple[Floats, Floats]:
    tops, bottoms = (added(known["cluster"], known[name]) for name in ("above", "below"))
    counted = bottoms > 0
    return tops[counted], bottoms[counted]


def ratio_variance(above: Floats, below: Floats) -> float:
    """Variance of a ratio of sums between clusters, linearised, with the k / (k - 1) correction."""
    count = len(below)
    rest = above - above.sum() / below.sum() * below
    return float(count / (count - 1) * (rest**2).sum() / below.sum() ** 2)


def intraclass(values: pl.Series, cluster: pl.Series) -> float | None:
    """Intra-class correlation by analysis of variance, for clusters of unequal sizes.

    None where nothing can be said: fewer than two clusters, none with two values, or no spread.
    It is negative where values of a cluster differ more than those of different ones.
    """
    frame = pl.DataFrame({"value": values.cast(pl.Float64), "cluster": cluster}).drop_nulls()
    groups = frame.group_by("cluster").agg(
        n=pl.len().cast(pl.Float64), mean=pl.col("value").mean(), ss=_squares()
    )
    sizes: Any = groups["n"].to_numpy()
    count, n = len(sizes), float(sizes.sum())
    if count < 2 or n <= count:
        return None
    grand = float((groups["mean"].to_numpy() * sizes).sum() / n)
    between = float((sizes * (groups["mean"].to_numpy() - grand) ** 2).sum()) / (count - 1)
    within = float(groups["ss"].sum()) / (n - count)
    usual = (n - float((sizes**2).sum()) / n) / (count - 1)
    total = between + (usual - 1.0) * within
    return (between - within) / total if total > 0.0 else None


def _squares() -> pl.Expr:
    return ((pl.col("value") - pl.col("value").mean()) ** 2).sum()


def _design_effect(variance: float, independent: float, clusters: int, n: float) -> float:
    """Return how much clustering inflates the variance.

    Never below 1: fewer clusters than observations cannot be worth more than independent ones.
    Without any spread (a rate of 0 or 1) nothing can be estimated, and each cluster counts once.
    """
    if independent <= 0.0:
        return n / clusters
    return max(1.0, variance / independent)


def by_t(value: float, error: float, df: float, *, level: float = LEVEL) -> Interval:
    """Interval of an estimate by Student's t, from its standard error and degrees of freedom."""
    half = float(stdtrit(df, 0.5 + level / 2.0)) * error if error else 0.0
    return Interval(value - half, value + half, f"t, {df:.0f} df")


def by_t_between(
    value: float, error: float, df: float, ends: tuple[float, float], *, level: float = LEVEL
) -> Interval:
    """Interval by Student's t on the scale of log odds, for what lies between two ends."""
    low, high = ends
    share = (value - low) / (high - low)
    half = float(stdtrit(df, 0.5 + level / 2.0)) * error / ((high - low) * share * (1.0 - share))
    centre = math.log(share / (1.0 - share))
    first, last = (low + (high - low) * _logistic(end) for end in (centre - half, centre + half))
    return Interval(first, last, f"t, {df:.0f} df")


def _logistic(at: float) -> float:
    """Without overflow, however far out."""
    return math.exp(at) / (1.0 + math.exp(at)) if at < 0.0 else 1.0 / (1.0 + math.exp(-at))


def _beyond(low: float, by_cluster: tuple[Floats, Floats]) -> Floats:
    """How much each cluster has beyond the least that it can have."""
    above, below = by_cluster
    return above - low * below


def _from_end(low: float, value: float, error: float, df: float, level: float) -> Interval:
    """Interval of what goes beyond a lower end such as one unit per order.

    By Student's t on the scale of its logarithm. With few degrees of freedom, as of two buyers,
    that would reach up without measure: then it is cut off at the end instead, and rough.
    """
    plain = by_t(value, error, df, level=level)
    if df + 1 < skewed.FEW:
        return Interval(max(low, plain.low), plain.high, f"{plain.method}, rough")
    factor = math.exp((plain.high - value) / (value - low))
    first, last = low + (value - low) / factor, low + (value - low) * factor
    return Interval(first, last, f"log scale, {df:.0f} df")


def around(
    value: float,
    error: float,
    df: float,
    within: Within,
    by_cluster: tuple[Floats, Floats],
    *,
    level: float = LEVEL,
) -> Interval:
    """Interval of a ratio of sums from its error, on the scale that its ends ask for.

    Parameters
    ----------
    by_cluster : (above, below)
        Sums by cluster: they say how skewed a ratio without an upper end is.
    level : float
        At least 95%. Whatever the scale, a higher level's interval holds that of a lower one.
    """
    match within:
        case (low, float(high)) if low < value < high:
            return by_t_between(value, error, df, (low, high), level=level)
        case (0.0, None) if by_cluster[0].min() >= 0.0:
            return skewed.of_positive(*by_cluster, error, df, level=level)
        case (low, None) if value > low and _beyond(low, by_cluster).min() >= -_ROUNDING:
            return _from_end(low, value, error, df, level)
        case _:
            return by_t(value, error, df, level=level)
