"""The measures of a run with what they are worth: every estimate with n, interval, effective n.

Episodes of one product share that product; so intervals come from clusters of products (in
conversations without one, of profiles).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import polars as pl

from retailsim.analysis.measures.measure import DECIDED, Measure
from retailsim.analysis.measures.table import with_own
from retailsim.analysis.statistics.clusters import mean, rate
from retailsim.analysis.statistics.values import Estimate

SHARED_BY = ("product", "profile")
"""The columns that say what episodes share: the first one that an episode has is its cluster."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of some decided episodes that tables for people show.

    Parameters
    ----------
    keys : tuple of str
        What these episodes have in common, in the order that was asked for.
    episodes : int
        How many of them there are.
    estimates : mapping of str to Estimate
        By the measure's name; a total is estimated per episode.
    totals : mapping of str to int
        Of measures that are totals.
    """

    keys: tuple[str, ...]
    episodes: int
    estimates: Mapping[str, Estimate]
    totals: Mapping[str, int]

    def __getitem__(self, name: str) -> Estimate:
        """Return the estimate of the measure of that name."""
        return self.estimates[name]


def decided(episodes: pl.DataFrame) -> pl.DataFrame:
    """Return the episodes whose decision is known, each with the ``cluster`` it belongs to.

    All that measures of later stages count is among them: nobody has an order, a refund or a rating
    without a decision. Measures leave out themselves what did not come so far.

    An episode that shares nothing is a cluster of its own.
    """
    shared = [name for name in SHARED_BY if name in episodes.columns]
    cluster = pl.coalesce(*shared, "episode")
    return episodes.filter(~pl.col("superseded"), DECIDED).with_columns(cluster=cluster)


def measured(
    episodes: pl.DataFrame, by: Sequence[str] = (), own: Sequence[Measure] = ()
) -> list[Measured]:
    """Return measures for each value of the columns `by`, sorted; one entry without any.

    Parameters
    ----------
    episodes : polars.DataFrame
        As `decided` returns them.
    own : sequence of Measure
        Those of the run's protocol.
    """
    if not by:
        return [_measured((), episodes, own)]
    groups = episodes.drop_nulls(list(by)).sort(by).group_by(by, maintain_order=True)
    return [_measured(tuple(map(str, keys)), some, own) for keys, some in groups]


def _measured(keys: tuple[str, ...], some: pl.DataFrame, own: Sequence[Measure]) -> Measured:
    shown = [one for one in with_own(own) if one.views]
    return Measured(
        keys=keys,
        episodes=some.height,
        estimates={one.name: estimate(one, some) for one in shown if one.unit != "count"},
        totals=_totals(some, (one for one in shown if one.is_total)),
    )


def _totals(some: pl.DataFrame, shown: Iterable[Measure]) -> dict[str, int]:
    sums = {one.name: pl.when(one.counts).then(one.above()).sum() for one in shown}
    return some.select(**sums).row(0, named=True) if sums else {}


def estimate(one: Measure, some: pl.DataFrame, cluster: str = "cluster") -> Estimate:
    """Return what a measure comes to over some episodes, with what that is worth.

    Parameters
    ----------
    some : polars.DataFrame
        Episodes, with the columns that the measure reads.
    cluster : str
        The column that says what episodes share.
    """
    part = some.filter(one.counts)
    found = part.select(above=one.above(), below=one.below(), cluster=pl.col(cluster))
    above, below, clusters = found["above"], found["below"], found["cluster"]
    if one.needs_all and above.null_count():
        return Estimate(value=None, n=part.height, note="not known of every episode")
    if one.unit == "share":
        return rate(above, below, clusters)
    return mean(above, clusters, weights=None if one.weighs_alike else below)
