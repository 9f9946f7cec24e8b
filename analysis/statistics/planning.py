"""How many clusters a difference needs, from how clusters differed in a pilot.

What is compared is one number a cluster: its mean, or the difference of its means in two arms.
Its variance has a part that more replications make smaller and one that they do not, and both are
measured by an analysis of variance (Searle, Casella and McCulloch 1992). Power is that of Student's
t over clusters, by the noncentral t distribution.
"""

from __future__ import annotations

import math

import msgspec
import polars as pl
from scipy.stats import nct
from scipy.stats import t as student

POWER = 0.8
ALPHA = 0.05
FEWEST = 6
"""Clusters: of fewer, no change of signs is rare enough to tell anything at 5%."""
MOST = 10_000_000


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How clusters differ.

    Parameters
    ----------
    mean : float
        Over clusters.
    between : float
        Variance of a cluster's mean, were it replicated without end.
    within : float
        What one replication adds to it.
    clusters : int
        From how many this was measured.
    """

    mean: float
    between: float
    within: float
    clusters: int

    def variance(self, replications: int = 1) -> float:
        """Return the variance of a cluster's mean over so many replications."""
        return self.between + self.within / replications


def spread(values: pl.Series, cluster: pl.Series, cell: pl.Series) -> Spread | None:
    """Measure how clusters differ; None with fewer than two of them.

    Parameters
    ----------
    values : polars.Series
        Per episode, in any unit; null where there is none.
    cluster, cell : polars.Series
        What episodes share, and what replications of one episode share, such as product and seats.
        Without any replication all of the variance counts as `between`.
    """
    rows = pl.DataFrame(
        {"value": values.cast(pl.Float64), "cluster": cluster, "cell": cell}
    ).drop_nulls()
    cells = rows.group_by("cluster", "cell").agg(
        n=pl.len(),
        squares=((pl.col("value") - pl.col("value").mean()) ** 2).sum(),
    )
    means = rows.group_by("cluster").agg(pl.col("value").mean())["value"].to_numpy()
    if len(means) < 2:
        return None
    observed, more = float(means.var(ddof=1)), rows.height - cells.height
    within = float(cells["squares"].sum()) / more if more else 0.0
    each = within * len(means) / cells.height  # of a cluster's mean over its cells
    replications = rows.height / cells.height
    return Spread(
        mean=float(means.mean()),
        between=max(0.0, observed - each / replications),
        within=each if observed > 0.0 else 0.0,
        clusters=len(means),
    )


def power_of(
    difference: float, variance: float, clusters: int, *, paired: bool, alpha: float = ALPHA
) -> float:
    """Return how often a difference is told from 0, by Student's t, two-sided.

    Parameters
    ----------
    variance : float
        Of a cluster's difference; unpaired, of a cluster's mean in both arms together.
    clusters : int
        At least 2, in each arm.
    paired : bool
        Whether both arms have the same clusters.
    """
    if variance <= 0.0:
        return 1.0
    df = clusters - 1 if paired else 2 * (clusters - 1)
    shift = abs(difference) / math.sqrt(variance / clusters)
    beyond = float(student.isf(alpha / 2.0, df))
    if shift > 30.0:  # further out the distribution is not computed, and nothing is missed
        return 1.0
    return float(nct.sf(beyond, df, shift) + nct.cdf(-beyond, df, shift))


def clusters_needed(
    difference: float,
    variance: float,
    *,
    paired: bool,
    power: float = POWER,
    alpha: float = ALPHA,
) -> int | None:
    """Return how many clusters each arm needs for a difference; None for more than 10 million.

    Raises
    ------
    ValueError
        If the difference is 0: nothing tells it from 0.
    """
    if difference == 0.0:
        raise ValueError("a difference of 0 cannot be told from 0")

    def enough(clusters: int) -> bool:
        return power_of(difference, variance, clusters, paired=paired, alpha=alpha) >= power

    high = FEWEST
    while not enough(high):
        high *= 2
        if high > MOST:
            return None
    low = max(FEWEST - 1, high // 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def difference_told(
    variance: float, clusters: int, *, paired: bool, power: float = POWER, alpha: float = ALPHA
) -> float:
    """Return the smallest difference that so many clusters, at least 2, tell with that power."""
    low, high = 0.0, 1.0
    if variance <= 0.0:
        return 0.0
    scale = math.sqrt(variance / clusters)
    while power_of(high * scale, variance, clusters, paired=paired, alpha=alpha) < power:
        high *= 2.0
    for _ in range(50):
        middle = (low + high) / 2.0
        found = power_of(middle * scale, variance, clusters, paired=paired, alpha=alpha)
        low, high = (low, middle) if found >= power else (middle, high)
    return high * scale
