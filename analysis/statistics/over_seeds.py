"""Means of what was learnt several times: other training seeds, and other clusters to judge by.

Every learnt policy is judged on the same clusters (profiles, products), so what one seed's policy
comes to there differs from the expected by two accidents at once: which seed it was learnt with,
and which clusters it was judged on. Their variances are those between the means of seeds and of
clusters, less what both of them hold of the single cells (Cameron, Gelbach and Miller 2011);
degrees of freedom are Satterthwaite's, for there are few seeds and many clusters, and what rules
the sum is to rule the interval.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.statistics.clusters import by_t
from retailsim.analysis.statistics.differences import p_of_t
from retailsim.analysis.statistics.values import Test

Floats = NDArray[np.float64]
METHOD = "t over training seeds and clusters"


def over_seeds(values: Floats) -> Test:
    """Return the mean of a table with a row a seed and a column a cluster, tested against 0.

    With a single row it holds for that seed alone, and the note says so.

    Parameters
    ----------
    values : (seeds, clusters)
        What each seed's policy came to in each cluster, or by how much it beat another one there;
        columns with anything unknown (NaN) are left out.
    """
    known = values[:, ~np.isnan(values).any(axis=0)]
    seeds, clusters = known.shape
    if seeds == 0 or clusters == 0:
        return Test(method=METHOD, note="nothing was counted")
    mean = float(known.mean())
    if clusters < 2:
        return Test(method=METHOD, estimate=mean, n=known.size, note="a single cluster")
    parts = [_of_means(known.mean(axis=0)), _of_means(known.mean(axis=1)) if seeds > 1 else 0.0]
    variance = max(*parts, sum(parts) - _of_cells(known))
    note = "" if seeds > 1 else "one training seed: others may do better or worse"
    if variance <= 0.0:
        return Test(method=METHOD, estimate=mean, n=known.size, note="no spread: no interval")
    df = _satterthwaite(parts, (clusters - 1, seeds - 1))
    error = variance**0.5
    return Test(
        method=METHOD,
        estimate=mean,
        p=p_of_t(mean, error, df),
        interval=by_t(mean, error, df),
        n=known.size,
        note=note,
    )


def _of_means(means: Floats) -> float:
    """Variance of the mean of some means."""
    return float(means.var(ddof=1)) / len(means)


def _of_cells(values: Floats) -> float:
    """Variance that the cells' own accidents leave in the mean of all."""
    seeds, clusters = values.shape
    if seeds < 2:
        return 0.0
    rest = values - values.mean(axis=0) - values.mean(axis=1)[:, None] + values.mean()
    squares = float((rest**2).sum())
    return squares / float((seeds - 1) * (clusters - 1) * values.size)


def _satterthwaite(parts: list[float], df: tuple[int, int]) -> float:
    shares = [part**2 / each for part, each in zip(parts, df, strict=True) if each > 0]
    return float(sum(parts) ** 2 / sum(shares)) if sum(shares) > 0.0 else float(df[0])
