"""The tables of one protocol: those that all protocols have, and what it adds to them.

A protocol adds columns of the episodes table and tables of rows. All of them come out of the same
pass over the log as the shared tables, and are kept beside them. What it measures is read off the
episodes table like the shared measures.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import sha256

import polars as pl

from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import collisions
from retailsim.analysis.projection.columns import EPISODES, FIELDS, PARTS, SHARED
from retailsim.analysis.projection.errors import BadTables
from retailsim.analysis.projection.tables import ENVELOPE, Column, ColumnTable, RowTable
from retailsim.events.messages import ASPECTS

FINISHED = (
    *("status", "superseded", "decided", "settled", "net_revenue_cents", "reviews"),
    *(f"rating_{aspect}" for aspect in ASPECTS),
    *("returned_cost_cents", "goods_cost_cents", "delivery_cost_cents", "tax_cents"),
    "profit_cents",
)
"""Columns of the episodes table that come from its other columns."""

_TAKEN = frozenset((*EPISODES.key, "seq", *EPISODES.columns, *FINISHED))
_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, kw_only=True, eq=False)
class ProtocolTables:
    """What a protocol adds to the tables that all protocols have.

    Parameters
    ----------
    columns : mapping of str to Column
        Further columns of the episodes table.
    tables : mapping of str to RowTable
        Tables with a row for each event of a type.
    names_seller : tuple of str
        The event types whose field ``seller`` says who sells in an episode that was opened without
        a seller, or from then on.
    measures : tuple of Measure
        What it measures beside the shared ones, read off any columns of the episodes table. They
        stand behind the shared ones in `replay --json` and the export, and in the tables for
        people that they name.
    """

    columns: Mapping[str, Column] = field(default_factory=dict)
    tables: Mapping[str, RowTable] = field(default_factory=dict)
    names_seller: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()


NO_MORE = ProtocolTables()
"""A protocol that adds nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class TableSet:
    """All tables of a protocol, ready to be read.

    Parameters
    ----------
    folded : mapping of str to ColumnTable
        By name, the shared ones with the protocol's columns in them.
    rows : mapping of str to RowTable
    decoded : mapping of str to polars.Struct
        The event types that feed any table, each with the fields that are needed.
    digest : str
        Changes when any of it does.
    """

    folded: Mapping[str, ColumnTable]
    rows: Mapping[str, RowTable]
    decoded: Mapping[str, pl.Struct]
    digest: str

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all tables."""
        return (*self.folded, *self.rows)

    @property
    def frames(self) -> tuple[str, ...]:
        """The folded tables that a projection has; the others are parts of these."""
        return tuple(name for name in self.folded if name not in PARTS)


@lru_cache(maxsize=8)
def table_set(protocol: str = "", more: ProtocolTables = NO_MORE) -> TableSet:
    """Put a protocol's tables beside the shared ones.

    Parameters
    ----------
    protocol : str
        Its name, for errors.

    Raises
    ------
    BadTables
        If something in `more` has the name of what is there already, or no type, or a measure
        reads a column that is not there.
    """
    problem = next(_misnamed(more), None)
    if problem:
        raise BadTables(protocol, problem)
    folded = {**SHARED, "episodes": _episodes(more)}
    types: dict[str, dict[str, pl.DataType]] = {}
    for event, where, name, type_ in _needed(folded, more.tables):
        if type_ is None:
            what = f"{where} reads {event}.{name} and does not say its type"
            raise BadTables(protocol, f"{what}; {_typed_where(where, more)}")
        known = types.setdefault(event, {"seq": FIELDS["seq"]}).setdefault(name, type_)
        if known != type_:
            raise BadTables(protocol, f"{where} takes {event}.{name} as {type_}, others as {known}")
    decoded = {event: pl.Struct(dict(sorted(fields.items()))) for event, fields in types.items()}
    return TableSet(folded, dict(more.tables), decoded, _digest(folded, more.tables))


def _typed_where(where: str, more: ProtocolTables) -> str:
    """Say where the type of a field belongs that a column reads, ours or a protocol's."""
    if any(where == f"column {own!r}" for own in more.columns):
        return "it belongs into the column's `types`"
    return "it belongs into FIELDS of analysis/projection/columns.py"


def _episodes(more: ProtocolTables) -> ColumnTable:
    seller = EPISODES.columns["seller"]
    named = replace(seller, on=(*seller.on, *more.names_seller))
    columns = {**EPISODES.columns, "seller": named, **more.columns}
    return replace(EPISODES, columns=columns)


def _misnamed(more: ProtocolTables) -> Iterator[str]:
    for name in more.columns:
        if name in _TAKEN:
            yield f"the episodes table already has a column {name!r}"
    for name, table in more.tables.items():
        if name in SHARED:
            yield f"there already is a table {name!r}"
        if not _TABLE_NAME.fullmatch(name):
            yield f"{name!r} cannot name a table: use lower-case letters, digits and underscores"
        for taken in ENVELOPE.keys() & table.fields.keys():
            yield f"table {name!r} already has a column {taken!r}"
    yield from collisions(more.measures)
    yield from _unreadable(more)


def _unreadable(more: ProtocolTables) -> Iterator[str]:
    """Say which measures read what the episodes table does not have."""
    known = (_TAKEN - {"seq"}) | more.columns.keys()
    for one in more.measures:
        parts = (one.above(), one.below(), one.counts)
        for name in sorted({name for part in parts for name in part.meta.root_names()} - known):
            yield f"measure {one.name!r} reads {name!r}, which the episodes table does not have"


def _needed(
    folded: Mapping[str, ColumnTable], rows: Mapping[str, RowTable]
) -> Iterator[tuple[str, str, str, pl.DataType | None]]:
    """Yield every field that is read: of which event, for what, its name and its type."""
    for name, table in folded.items():
        for event in table.types:
            for read in (*table.key, *table.within.meta.root_names()):
                yield event, f"table {name!r}", read, FIELDS[read]
        for title, column in table.columns.items():
            for event in column.on:
                for read in column.take.meta.root_names():
                    type_ = column.types.get(read, FIELDS.get(read))
                    yield event, f"column {title!r}", read, type_
    for name, row in rows.items():
        for read, type_ in {**ENVELOPE, **row.fields}.items():
            yield row.on, f"table {name!r}", read, type_


def _digest(folded: Mapping[str, ColumnTable], rows: Mapping[str, RowTable]) -> str:
    said = sha256()
    for name, table in folded.items():
        said.update(f"{name} {table.key} {table.within}\n".encode())
        for title, column in table.columns.items():
            types = sorted(column.types.items())
            said.update(f"{title} {column.on} {column.take} {column.rule} {types}\n".encode())
    for name, row in rows.items():
        said.update(f"{name} {row.on} {list(row.fields.items())}\n".encode())
    return said.hexdigest()
