"""A run's episodes in memory, only what a list shows of them: filtered, sorted, seen by the slice.

Of a million rows none is copied to sort them: one column is, and then the rows that are looked at.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from retailsim.analysis.listing.columns import CAME, ListColumn, columns_with, read_for
from retailsim.analysis.listing.episode_filter import CHOICES, NAMES, EpisodeFilter
from retailsim.analysis.listing.errors import BadFilter, not_among
from retailsim.analysis.measures.rows import counted
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocol import analysis_of

_OFTEN = 4
"""A text that stands in so many rows on average is kept once, and the rows have its number."""
_VIEWS = 4
"""Filters whose rows are remembered: a list is looked at a hundred rows at a time."""
_INDEX_BYTES = 4


class Rows(NamedTuple):
    """Some rows of a list.

    Parameters
    ----------
    total : int
        How many the filter lets through.
    rows : list of dict
        Those from ``offset`` on, ``limit`` at most.
    """

    total: int
    rows: list[dict[str, Any]]


class Neighbours(NamedTuple):
    """Where an episode stands in a filtered list.

    Parameters
    ----------
    previous, next : str or None
        Ids of the episodes beside it; None at an end, and where it is not in the list.
    place : int or None
        From 1; None: the filter does not let it through.
    total : int
        How many it lets through.
    """

    previous: str | None
    next: str | None
    place: int | None
    total: int


class EpisodeList:
    """The episodes of a run that count in its measures, in the order of their ids.

    Parameters
    ----------
    episodes : polars.DataFrame
        A projection's, with at least the columns that are read for the list.
    columns : sequence of ListColumn
        What can be shown, searched and sorted by.
    """

    def __init__(self, episodes: pl.DataFrame, columns: Sequence[ListColumn]) -> None:
        rows = counted(episodes)
        self._frame = pl.DataFrame(
            [_kept(rows.select(one.value.alias(one.field)).to_series()) for one in columns]
        )
        self._came = rows.select(CAME)
        self._columns = {one.name: one for one in columns}
        self._views: OrderedDict[str, pl.Series | None] = OrderedDict()

    @property
    def height(self) -> int:
        """How many episodes there are."""
        return self._frame.height

    @property
    def columns(self) -> tuple[ListColumn, ...]:
        """What it may be sorted by."""
        return tuple(self._columns.values())

    def knows(self, name: str) -> bool:
        """Whether a column says something of any episode."""
        column = self._frame[self._columns[name].field]
        return column.null_count() < self.height

    @property
    def n_bytes(self) -> int:
        """How much memory it takes at most."""
        kept = self._frame.estimated_size() + self._came.estimated_size()
        return int(kept) + _VIEWS * _INDEX_BYTES * self.height

    def values(self, name: str) -> list[str]:
        """Return the texts that a column has, sorted."""
        column = self._frame[self._columns[name].field]
        if isinstance(column.dtype, pl.Enum):
            return column.dtype.categories.to_list()
        return column.drop_nulls().unique().sort().to_list()

    def rows(self, wanted: EpisodeFilter) -> Rows:
        """Return the rows that a filter asks for.

        Raises
        ------
        BadFilter
            If it names what the run does not have.
        """
        view = self._view(wanted)
        if view is None:
            some, total = self._frame.slice(wanted.offset, wanted.limit), self.height
        else:
            some, total = self._frame[view.slice(wanted.offset, wanted.limit)], view.len()
        return Rows(total, some.to_dicts())

    def neighbours(self, wanted: EpisodeFilter, episode: str) -> Neighbours:
        """Return which episodes stand beside one in the filtered list.

        Raises
        ------
        BadFilter
            As `rows`.
        """
        view = self._view(wanted)
        total = self.height if view is None else view.len()
        at: int | None = self._frame["episode"].index_of(episode)
        if at is not None and view is not None:
            at = view.index_of(at)
        if at is None:
            return Neighbours(None, None, None, total)

        def id_at(place: int) -> str | None:
            if not 0 <= place < total:
                return None
            row = place if view is None else view[place]
            return str(self._frame["episode"][row])

        return Neighbours(id_at(at - 1), id_at(at + 1), at + 1, total)

    def _view(self, wanted: EpisodeFilter) -> pl.Series | None:
        """The numbers of the rows that are let through, in order; None: all as they stand."""
        key = wanted.query(offset=0, limit=1)
        if key not in self._views:
            self._views[key] = self._sorted(self._let_through(wanted), wanted)
            if len(self._views) > _VIEWS:
                self._views.popitem(last=False)
        self._views.move_to_end(key)
        return self._views[key]

    def _let_through(self, wanted: EpisodeFilter) -> pl.Series | None:
        met = list(self._conditions(wanted))
        if not met:
            return None
        rows = self._frame.lazy()
        if wanted.step:
            rows = rows.with_columns(self._came[f"came_{wanted.step}"])
        return rows.select(pl.arg_where(pl.all_horizontal(met))).collect().to_series()

    def _conditions(self, wanted: EpisodeFilter) -> Iterable[pl.Expr]:
        asked = wanted.conditions
        for name in (*NAMES, "status", "outcome"):
            if name in asked:
                yield self._is(name, asked[name])
        if wanted.bought:
            yield pl.col("bought") == (wanted.bought == "yes")
        if wanted.step:
            yield pl.col(f"came_{wanted.step}")
        if wanted.min_rating:
            yield pl.col("stars") >= wanted.min_rating
        if wanted.text:
            yield self._contains(wanted.text)

    def _is(self, name: str, value: str) -> pl.Expr:
        known = self.values(name)
        if value in known:
            return pl.col(self._columns[name].field) == value
        if name in CHOICES:
            return pl.lit(value=False)
        raise BadFilter(name, not_among(value, known))

    def _contains(self, text: str) -> pl.Expr:
        """Whether a text stands in any of the row's; of those kept once, each is looked at once."""
        pattern = f"(?i){pl.escape_regex(text)}"
        found: list[pl.Expr] = []
        for one in self._columns.values():
            kept = self._frame[one.field]
            if isinstance(kept.dtype, pl.Enum):
                names = kept.dtype.categories
                matching = names.filter(names.str.contains(pattern))
                found.append(pl.col(one.field).is_in(matching.cast(kept.dtype).implode()))
            elif one.unit == "text":
                found.append(pl.col(one.field).str.contains(pattern))
        return pl.any_horizontal(one.fill_null(value=False) for one in found)

    def _sorted(self, view: pl.Series | None, wanted: EpisodeFilter) -> pl.Series | None:
        name, falling = wanted.order
        if not name:
            return view
        if name not in self._columns:
            raise BadFilter("sort", not_among(name, self._columns))
        key = self._frame[self._columns[name].field]
        key = key if view is None else key.gather(view)
        places = (
            key.to_frame("key")
            .select(pl.arg_sort_by("key", descending=falling, nulls_last=True, maintain_order=True))
            .to_series()
        )
        return places if view is None else view.gather(places)


def _kept(column: pl.Series) -> pl.Series:
    """A column as it is kept: of texts that come often, each once."""
    if column.dtype != pl.String:
        return column
    names = column.drop_nulls().unique()
    if names.len() * _OFTEN > column.len():
        return column
    return column.cast(pl.Enum(names.sort()))


def episode_list(run: Path) -> EpisodeList:
    """Return the episodes of a run, finished or not, as a list.

    Parameters
    ----------
    run : Path
        The run's folder.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable, BadTables
        As `projection.loader.load`.
    """
    columns = columns_with(analysis_of(run).listed, run.name)
    return EpisodeList(load(run, read_for(columns)).episodes, columns)
