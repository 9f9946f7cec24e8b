"""The measures of a replay, from the episodes frame: rows for the run, seats, categories, pairs.

What each measure is, `analysis.measures.table` says. A rate with nothing counted below the line is
null.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from retailsim.analysis.measures.measure import Group, Measure
from retailsim.analysis.measures.scope import KINDS
from retailsim.analysis.measures.table import with_own

Episodes = pl.DataFrame | pl.LazyFrame
"""Episodes that are at hand, or that are read a few thousand at a time."""

_SUMS_AT_ONCE = 14
"""Made in one pass over the episodes: more take more memory, fewer more time."""

_KEYS: Mapping[tuple[str, ...], Group] = {
    ("seller",): "seller",
    ("buyer",): "buyer",
    ("category",): "category",
    ("seller", "buyer"): "pair",
    KINDS: "seller",
}
"""What makes a group, and which measures it has."""


class MeasureRow(dict[str, Any]):
    """The measures of one seller, buyer, category or pair, or of the whole run.

    A dictionary as ``replay --json`` prints it, whose values are attributes as well. Which of
    ``seller``, ``buyer`` and ``category`` it has says what the row is about. ``episodes`` counts
    closed episodes, ``failed`` and ``open`` the others; ``decided`` says of how many of all these
    the decision is known. Rates are from 0 to 1, ratings from 1 to 5, money is in cents.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> Any:
        """Return the value of that name."""
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


COUNTS = (pl.col("status") != "unopened") & ~pl.col("superseded")
"""Which episodes count at all: opened, and not repeated by another."""


def counted(episodes: pl.DataFrame) -> pl.DataFrame:
    """The episodes that count at all: opened, and not repeated by another."""
    wanted = episodes.select(COUNTS).to_series()
    return episodes if wanted.all() else episodes.filter(wanted)  # as a rule no copy is needed


class MeasureSums:
    """What rows of measures are made of: sums of integers, by all that makes a group.

    They are made in one pass that has a few thousand episodes at hand at a time, and are as many as
    sellers meet buyers over categories, however many episodes there are; integers do not mind in
    which order they are added.

    Parameters
    ----------
    episodes : polars.DataFrame or polars.LazyFrame
        Those that count (`COUNTS`), as `counted` gives them.
    own : sequence of Measure
        Those of the run's protocol.
    """

    def __init__(self, episodes: Episodes, own: Sequence[Measure] = ()) -> None:
        there = episodes.collect_schema()
        keys = [name for name in ("seller", "buyer", "category", *KINDS) if name in there]
        self._own = own
        sums, some = _sums(with_own(own)), episodes.lazy().group_by(keys or pl.lit(1).alias("all"))
        # Each pass has only its own columns at hand; keys in order, so that rows stand abreast.
        passes = [sums[at : at + _SUMS_AT_ONCE] for at in range(0, len(sums), _SUMS_AT_ONCE)]
        parts = [some.agg(part).sort(keys or "all").collect(engine="streaming") for part in passes]
        self._sums = parts[0].hstack(
            [one for part in parts[1:] for one in part.drop(keys or "all").get_columns()]
        )

    def overall(self) -> MeasureRow:
        """Measures of the whole run."""
        had = _had_by("overall", self._own)
        [row] = _rows(self._sums.select(_summed(had)), had, ())
        return row

    def by(self, keys: Sequence[str]) -> list[MeasureRow]:
        """Measures per group, sorted by the group's key; episodes with a null key are in none."""
        had = _had_by(_KEYS[tuple(keys)], self._own)
        known = self._sums.drop_nulls(list(keys))
        return list(_rows(known.group_by(keys).agg(_summed(had)).sort(keys), had, keys))

    def by_kind(self) -> list[MeasureRow]:
        """Measures by what took the seats; none where it was the same in all episodes."""
        return self.by(KINDS) if mixed(self._sums) else []


def overall(episodes: Episodes, own: Sequence[Measure] = ()) -> MeasureRow:
    """Measures of the whole run; parameters as for `MeasureSums`."""
    return MeasureSums(episodes, own).overall()


def measures(
    episodes: Episodes, by: Sequence[str], own: Sequence[Measure] = ()
) -> list[MeasureRow]:
    """Measures per group, sorted by the group's key; episodes with a null key are in none.

    Parameters
    ----------
    episodes : polars.DataFrame or polars.LazyFrame
        As `counted` gives them.
    by : ("seller",), ("buyer",), ("category",), ("seller", "buyer") or `KINDS`
        What makes a group.
    own : sequence of Measure
        Those of the run's protocol.
    """
    return MeasureSums(episodes, own).by(by)


def mixed(episodes: pl.DataFrame) -> bool:
    """Whether seats of a role were taken by more than one kind, as the log says it."""
    return any(
        kind in episodes.columns and episodes[kind].drop_nulls().n_unique() > 1 for kind in KINDS
    )


def ratio(one: Measure, episodes: pl.DataFrame) -> float | None:
    """Return a rate or mean over some episodes; None where nothing was counted.

    Parameters
    ----------
    episodes : polars.DataFrame
        At least the columns that the measure reads.
    """
    sums = episodes.select(
        _sum("above", one.above(), one.counted), _sum("below", one.below(), one.counted)
    )
    above, below = sums.row(0)
    return above / below if below else None


def _had_by(group: Group, own: Sequence[Measure]) -> tuple[Measure, ...]:
    return tuple(one for one in with_own(own) if group in one.groups)


def _summed(had: Sequence[Measure]) -> pl.Expr:
    """Sums of the sums of a measure, whatever else there is."""
    return pl.col([one.meta.output_name() for one in _sums(had)]).sum()


def _sums(had: Sequence[Measure]) -> list[pl.Expr]:
    """Integer sums of a group of episodes: above and below the line."""
    sums = []
    for one in had:
        sums.append(_sum(f"{one.name} above", one.above(), one.counted))
        if one.is_float or one.where_known:
            sums.append(_sum(f"{one.name} below", one.below(), one.counted))
    return sums


def _sum(name: str, value: pl.Expr, counts: pl.Expr) -> pl.Expr:
    return pl.when(counts).then(value).sum().alias(name)


def _rows(sums: pl.DataFrame, had: Sequence[Measure], by: Sequence[str]) -> Iterator[MeasureRow]:
    means = {one.name: _mean(sums, one) for one in had if one.centred}
    for line in sums.iter_rows(named=True):
        row = MeasureRow({name: line[name] for name in by})
        for one in had:
            *path, last = one.keys
            place: dict[str, Any] = row
            for key in path:
                place = place.setdefault(key, {})
            place[last] = _value(one, line, means.get(one.name))
        yield row


def _mean(sums: pl.DataFrame, one: Measure) -> tuple[int, int]:
    """The sum over the rows with an episode that counts, and how many these are."""
    observed = sums.filter(pl.col(f"{one.name} below") > 0)
    return int(observed[f"{one.name} above"].sum()), observed.height


def _value(one: Measure, sums: Mapping[str, Any], mean: tuple[int, int] | None) -> Any:
    above = sums[f"{one.name} above"]
    if not one.is_float and not one.where_known:
        return above
    below = sums[f"{one.name} below"]
    if not below:
        return None
    if mean is not None:
        # One division of integers, so that equal rows give exactly 0.
        total, rows = mean
        return (above * rows - total) / rows
    return above if one.is_total else above / below
