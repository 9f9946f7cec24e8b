"""The measures of a run with what they are worth: every estimate with n, interval, effective n.

Episodes of one product share that product; so intervals come from clusters of products (in
conversations without one, of profiles).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import polars as pl

from retailsim.analysis.measures.measure import DECIDED, Measure, Unit
from retailsim.analysis.measures.rows import Episodes
from retailsim.analysis.measures.scope import SHARED_BY
from retailsim.analysis.measures.table import columns_read, with_own
from retailsim.analysis.statistics.cells import Cells, cells, numbered
from retailsim.analysis.statistics.clusters import Within, mean, rate
from retailsim.analysis.statistics.two_way import SHARE, two_way
from retailsim.analysis.statistics.values import LEVEL, Estimate

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
    counted = episodes.select(_COUNTS).to_series().fill_null(False)
    some = episodes if counted.all() else episodes.filter(counted)  # as a rule no copy is needed
    return some.with_columns(cluster=_cluster(episodes))


def deciding(episodes: Episodes) -> pl.LazyFrame:
    """Return what `decided` does, to be read a few thousand episodes at a time."""
    return episodes.lazy().filter(_COUNTS).with_columns(cluster=_cluster(episodes))


_COUNTS = ~pl.col("superseded") & DECIDED


def _cluster(episodes: Episodes) -> pl.Expr:
    there = episodes.collect_schema()
    return pl.coalesce(name for name in (*SHARED_BY, "episode") if name in there)


def by_number(some: pl.DataFrame) -> pl.DataFrame:
    """Return decided episodes whose ``cluster`` is a number instead of a name: of a single run.

    All estimates are as before, and quicker; clusters of two runs have nothing in common any more.
    """
    return some.with_columns(cluster=numbered(some["cluster"]))


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
        return [whole(episodes, own)]
    wanted = {*by, "cluster", "buyer", *columns_read(shown_with_bounds(own))}
    known = episodes.lazy().with_row_index("at").drop_nulls(list(by))
    groups = known.group_by(by).agg(pl.col("at").sort()).sort(by).collect()
    # Beside the episodes, memory holds one group's columns.
    columns = episodes.select(name for name in episodes.columns if name in wanted)
    return [
        _measured(tuple(map(str, keys)), _rows(columns, at), own) for *keys, at in _parts(groups)
    ]


def whole(episodes: Episodes, own: Sequence[Measure] = ()) -> Measured:
    """Return the measures of all these episodes together, with the intervals for other buyers.

    Parameters
    ----------
    episodes : polars.DataFrame or polars.LazyFrame
        As `decided` or `deciding` return them.
    own : sequence of Measure
        Those of the run's protocol.
    """
    return _measured((), episodes, own, and_by="buyer")


def _rows(columns: pl.DataFrame, at: pl.Series) -> pl.DataFrame:
    """Return the rows at these places, which ascend; of many, in a fifth of the time."""
    if at.len() * _MANY_OF < columns.height:
        return columns[at]
    among = np.zeros(columns.height, dtype=bool)
    among[at.to_numpy()] = True
    return columns.filter(among)


_MANY_OF = 20
"""Rows of which one is wanted on the average, and it is as quick to look at each."""


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
    some: Episodes,
    own: Sequence[Measure],
    and_by: str | None = None,
) -> Measured:
    needed = shown_with_bounds(own)
    shown = [one for one in needed if one.views]
    episodes, totals = _totals(some, [one for one in needed if one.is_total])
    return Measured(
        keys=keys,
        episodes=episodes,
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


def _totals(some: Episodes, shown: Sequence[Measure]) -> tuple[int, dict[str, int]]:
    """How many episodes, and sums by name; what is known of no episode is left out."""
    sums = {one.name: pl.when(one.counted).then(one.above()).sum() for one in shown}
    known = {f"{one.name} known": one.counted.any() for one in shown if one.where_known}
    asked = some.lazy().select(pl.len(), **sums, **known)
    streaming = isinstance(some, pl.LazyFrame)
    found = asked.collect(engine="streaming" if streaming else "auto").row(0, named=True)
    return found["len"], {name: found[name] for name in sums if found.get(f"{name} known", True)}


def estimate(
    one: Measure,
    some: Episodes,
    cluster: str = "cluster",
    *,
    and_by: str | None = None,
    level: float = LEVEL,
) -> Estimate:
    """Return what a measure comes to over some episodes, with what that is worth.

    Parameters
    ----------
    some : polars.DataFrame or polars.LazyFrame
        Episodes, with the columns that the measure reads.
    cluster : str
        The column that says what episodes share.
    and_by : str or None
        A second one, such as ``buyer``, that the interval `Estimate.two_way` allows for too.
    level : float
        Of the interval by cluster: above 95% where it is one of several that hold together.
    """
    keys = [cluster] if and_by is None else [cluster, and_by]
    part = some.lazy().filter(one.counted)  # copies no other column
    seen = part.select(*keys, above=one.above(), below=one.below())
    found = cells(seen, keys, streaming=isinstance(some, pl.LazyFrame))
    told = _by_one(one, found, cluster, level)
    if and_by is None or told.interval is None:
        return told
    above, below, sharing = found.sums["above"], found.sums["below"], found.sums.select(keys)
    both = two_way(above, below, sharing, within=_ends(one), seed=SEED)
    return msgspec.structs.replace(told, two_way=both.interval)


def _by_one(one: Measure, found: Cells, cluster: str, level: float) -> Estimate:
    above, below, of = (found.sums[name] for name in ("above", "below", cluster))
    if one.unit == "share":
        return rate(above, below, of, level=level)
    within, moments = _ends(one), found.moments
    return mean(above, of, weights=below, within=within, moments=moments, level=level)


def _ends(one: Measure) -> Within:
    return None if one.signed else ENDS.get(one.unit)
