"""Means of what was learnt several times: other training seeds, and other clusters to judge by.

Every learnt policy is judged on the same clusters (profiles, products), so what one seed's policy
comes to there differs from the expected by two accidents at once: which seed it was learnt with,
and which clusters it was judged on. Their variances are those between the means of seeds and of
clusters, less what both of them hold of the single cells (Cameron, Gelbach and Miller 2011);
degrees of freedom are Satterthwaite's, for there are few seeds and many clusters, and what rules
the sum is to rule the interval.

In cross-fitting everybody judges what the others taught: a fold's policies are judged by that fold
alone, and the folds are pooled. Clusters are then compared with the mean of all folds, so that by
how much folds differ counts as well ("all pairs" of Bayle et al. 2020); seeds are compared within
their fold.
"""

from __future__ import annotations

from collections.abc import Sequence

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
    return over_folds([values])


def over_folds(folds: Sequence[Floats], clusters: Sequence[Sequence[str]] | None = None) -> Test:
    """Return the mean over the columns of all folds, tested against 0.

    Parameters
    ----------
    folds : sequence of (seeds, columns)
        For each fold, what its policies came to with each of those who judge; no policy is in two
        folds, and nobody judges in two. Columns with anything unknown (NaN) are left out.
    clusters : sequence of sequences of str, optional
        For each fold, the cluster that each column belongs to, which may be in several folds;
        each column is one of its own unless given.
    """
    tables, names = _known(folds, clusters)
    n = sum(table.size for table in tables)
    if n == 0:
        return Test(method=METHOD, note="nothing was counted")
    columns = sum(table.shape[1] for table in tables)
    mean = float(sum(table.mean(axis=0).sum() for table in tables)) / columns
    count = len(set().union(*names))
    if count < 2:
        return Test(method=METHOD, estimate=mean, n=n, note="a single cluster")
    between, sizes = _between(tables, names, mean)
    shares = [table.shape[1] / columns for table in tables]
    parts = [between, *(w**2 * _of_seeds(t) for w, t in zip(shares, tables, strict=True))]
    cells = sum(w**2 * _of_cells(t, g) for w, t, g in zip(shares, tables, names, strict=True))
    variance = max(*parts, sum(parts) - cells)
    alone = any(len(table) < 2 for table in tables)
    note = "one training seed: others may do better or worse" if alone else ""
    if variance <= 0.0:
        return Test(method=METHOD, estimate=mean, n=n, note="no spread: no interval")
    worth = columns**2 / float((sizes**2).sum())  # so many clusters of one size
    df = _satterthwaite(parts, [worth - 1.0, *(len(table) - 1.0 for table in tables)])
    error = variance**0.5
    return Test(
        method=METHOD,
        estimate=mean,
        p=p_of_t(mean, error, df),
        interval=by_t(mean, error, df),
        n=n,
        note=note,
    )


def _known(
    folds: Sequence[Floats], clusters: Sequence[Sequence[str]] | None
) -> tuple[list[Floats], list[list[str]]]:
    """Return the columns in which all is known, and the cluster of each; no fold without any."""
    tables, names = [], []
    for number, fold in enumerate(folds):
        kept = np.flatnonzero(~np.isnan(fold).any(axis=0)).tolist()
        if kept and len(fold):
            tables.append(fold[:, kept])
            names.append([clusters[number][at] if clusters else f"{number}/{at}" for at in kept])
    return tables, names


def _between(
    tables: Sequence[Floats], names: Sequence[Sequence[str]], mean: float
) -> tuple[float, Floats]:
    """Variance of the mean between clusters, wherever they judge; and how large these are."""
    away: dict[str, list[float]] = {}
    for table, of in zip(tables, names, strict=True):
        for name, value in zip(of, table.mean(axis=0) - mean, strict=True):
            away.setdefault(name, []).append(float(value))
    sizes = np.array([len(values) for values in away.values()], np.float64)
    totals = np.array([sum(values) for values in away.values()])
    count = len(totals)
    return count / (count - 1) * float((totals**2).sum()) / float(sizes.sum()) ** 2, sizes


def _of_seeds(table: Floats) -> float:
    """Variance of a fold's mean between its seeds; of a single one nothing is known."""
    return float(table.mean(axis=1).var(ddof=1)) / len(table) if len(table) > 1 else 0.0


def _of_cells(table: Floats, names: Sequence[str]) -> float:
    """Variance that the accidents of the cells, a cluster with a seed, leave in a fold's mean."""
    seeds, columns = table.shape
    groups = {name: at for at, name in enumerate(dict.fromkeys(names))}
    count = len(groups)
    if seeds < 2 or count < 2:
        return 0.0
    rest = table - table.mean(axis=0) - table.mean(axis=1)[:, None] + table.mean()
    member = np.zeros((columns, count))  # which column is of which cluster
    member[np.arange(columns), [groups[name] for name in names]] = 1.0
    squares = float(((rest @ member) ** 2).sum())
    return squares * count / float((seeds - 1) * (count - 1) * seeds * columns**2)


def _satterthwaite(parts: Sequence[float], df: Sequence[float]) -> float:
    shares = [part**2 / each for part, each in zip(parts, df, strict=True) if each > 0]
    return float(sum(parts) ** 2 / sum(shares)) if sum(shares) > 0.0 else float(df[0])
