"""The measures of a run with what they are worth: every estimate with n, interval, effective n.

Episodes of one product share that product; so intervals come from clusters of products (in
conversations without one, of profiles).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.measures.measure import DECIDED, Measure, Unit
from retailsim.analysis.measures.scope import SHARED_BY
from retailsim.analysis.measures.table import columns_read, with_own
from retailsim.analysis.statistics.clusters import Within, mean, rate
from retailsim.analysis.statistics.two_way import SHARE, two_way
from retailsim.analysis.statistics.values import Estimate

SEED = 1
"""Of the two-way bootstrap."""

ENDS: Mapping[Unit, Within] = {
    "share": SHARE,
    "stars": (1.0, 5.0),
    "cents": (0.0, None),
    "units": (1.0, None),
}
"""The ends that no value of a unit passes; nor does an interval. An order has at least one unit."""


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
    least : mapping of str to int
        How low such a total may be, where failures left something of it open.
    """

    keys: tuple[str, ...]
    episodes: int
    estimates: Mapping[str, Estimate]
    totals: Mapping[str, int]
    least: Mapping[str, int] = {}

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
    alone = [name for name in ("episode",) if name in episodes.columns]
    cluster = pl.coalesce(*shared, *alone)
    counted = episodes.select(~pl.col("superseded") & DECIDED).to_series().fill_null(False)
    some = episodes if counted.all() else episodes.filter(counted)  # as a rule no copy is needed
    return some.with_columns(cluster=cluster)


def measured(
    episodes: pl.DataFrame, by: Sequence[str] = (), own: Sequence[Measure] = ()
) -> list[Measured]:
    """Return measures for each value of the columns `by`, sorted; one entry without any.

    That one also has the intervals for other buyers.

    Parameters
    ----------
    episodes : polars.DataFrame
        As `decided` returns them.
    own : sequence of Measure
        Those of the run's protocol.
    """
    if not by:
        return [_measured((), episodes, own, and_by="buyer")]
    wanted = {*by, "cluster", "buyer", *columns_read(shown_with_bounds(own))}
    known = episodes.lazy().with_row_index("at").drop_nulls(list(by))
    groups = known.group_by(by).agg(pl.col("at").sort()).sort(by).collect()
    # Beside the episodes, memory holds one group's columns.
    columns = episodes.select(name for name in episodes.columns if name in wanted)
    return [_measured(tuple(map(str, keys)), columns[at], own) for *keys, at in _parts(groups)]


def _parts(groups: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield each group's keys, and last the rows that are in it."""
    for row, at in zip(groups.drop("at").iter_rows(), groups["at"], strict=True):
        yield *row, at


def shown_with_bounds(own: Sequence[Measure]) -> list[Measure]:
    """Return the measures that tables for people show, and those that bound them."""
    every = with_own(own)
    shown = [one for one in every if one.views]
    bounds = {one.least for one in shown}
    return [one for one in every if one.views or one.name in bounds]


def _measured(
    keys: tuple[str, ...],
    some: pl.DataFrame,
    own: Sequence[Measure],
    and_by: str | None = None,
) -> Measured:
    needed = shown_with_bounds(own)
    shown = [one for one in needed if one.views]
    totals = _totals(some, (one for one in needed if one.is_total))
    return Measured(
        keys=keys,
        episodes=some.height,
        estimates={
            one.name: estimate(one, some, and_by=and_by) for one in shown if one.unit != "count"
        },
        totals={one.name: totals[one.name] for one in shown if one.name in totals},
        least={
            one.name: totals[one.least]
            for one in shown
            if one.name in totals and one.least_of(totals) is not None
        },
    )


def _totals(some: pl.DataFrame, shown: Iterable[Measure]) -> dict[str, int]:
    """Sums by name; what is known of no episode is left out."""
    asked = list(shown)
    if not asked:
        return {}
    sums = {one.name: pl.when(one.counted).then(one.above()).sum() for one in asked}
    known = {f"{one.name} known": one.counted.any() for one in asked if one.where_known}
    found = some.select(**sums, **known).row(0, named=True)
    return {name: found[name] for name in sums if found.get(f"{name} known", True)}


def estimate(
    one: Measure, some: pl.DataFrame, cluster: str = "cluster", *, and_by: str | None = None
) -> Estimate:
    """Return what a measure comes to over some episodes, with what that is worth.

    Parameters
    ----------
    some : polars.DataFrame
        Episodes, with the columns that the measure reads.
    cluster : str
        The column that says what episodes share.
    and_by : str or None
        A second one, such as ``buyer``, that the interval `Estimate.two_way` allows for too.
    """
    keys = [cluster] if and_by is None else [cluster, and_by]
    part = some.lazy().filter(one.counted)  # copies no other column
    found = part.select(*keys, above=one.above(), below=one.below()).collect()
    above, below = found["above"], found["below"]
    told = _by_one(one, above, below, found[cluster])
    if and_by is None or told.interval is None:
        return told
    both = two_way(above, below, found.select(keys), within=_ends(one), seed=SEED)
    return msgspec.structs.replace(told, two_way=both.interval)


def _by_one(one: Measure, above: pl.Series, below: pl.Series, cluster: pl.Series) -> Estimate:
    if one.unit == "share":
        return rate(above, below, cluster)
    weights = None if one.weighs_alike else below
    return mean(above, cluster, weights=weights, within=_ends(one))


def _ends(one: Measure) -> Within:
    return None if one.signed else ENDS.get(one.unit)
