"""What a derived table is: columns folded from events, or a row for each event of a type.

A folded table has one row per key. Each of its columns says which event types feed it, what is
taken from such an event, and how several values become one: ``last`` (by ``seq``), ``sum``, ``min``
or ``max``. All sums are of integers, so that they do not depend on the order in which they are
added. A table of rows keeps the events themselves, with the fields that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Literal, get_args

import msgspec
import polars as pl

from retailsim.events.messages import Event
from retailsim.market.core.event_tags import tag_of

Rule = Literal["last", "sum", "min", "max"]
Types = Mapping[str, pl.DataType]


@dataclass(frozen=True, slots=True)
class Column:
    """One derived column.

    Parameters
    ----------
    on : tuple of str
        The event types that feed it.
    take : polars.Expr
        What one such event contributes; null contributes nothing.
    rule : {"last", "sum", "min", "max"}
        How contributions become one value. A ``sum`` of nothing is 0, the others are null.
    types : mapping of str to polars.DataType
        The fields that `take` reads and `columns.FIELDS` does not know, or knows as another type.
    """

    on: tuple[str, ...]
    take: pl.Expr
    rule: Rule = "last"
    types: Types = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """A derived table.

    Parameters
    ----------
    key : tuple of str
        The fields that name a row.
    columns : mapping of str to Column
        Its columns.
    within : polars.Expr
        Which of the events that feed it have a row at all.
    """

    key: tuple[str, ...]
    columns: Mapping[str, Column]
    within: pl.Expr

    @property
    def types(self) -> tuple[str, ...]:
        """The event types that feed any column, in the order of first use."""
        return tuple(dict.fromkeys(t for column in self.columns.values() for t in column.on))

    def fed_by(self, event_type: str) -> dict[str, pl.Expr]:
        """The columns that one event type feeds, as expressions over its fields."""
        return {n: c.take for n, c in self.columns.items() if event_type in c.on}


@dataclass(frozen=True, slots=True)
class RowTable:
    """A table with a row for each event of one type, sorted by ``market`` and ``seq``.

    Parameters
    ----------
    on : str
        The event type.
    fields : mapping of str to polars.DataType
        The event's own fields that become columns, behind those of `ENVELOPE`; a line without one
        has null there.
    """

    on: str
    fields: Types

    @classmethod
    def of(cls, event: type[Event]) -> RowTable:
        """Return the table of all fields of an event's own that are plain values.

        Raises
        ------
        TypeError
            If a field is something else; name the fields and their types instead.
        """
        shared = {field.name for field in msgspec.structs.fields(Event)}
        own = [field for field in msgspec.structs.fields(event) if field.name not in shared]
        return cls(str(tag_of(event)), {field.encode_name: _plain(event, field) for field in own})


_PLAIN: Mapping[Any, pl.DataType] = {
    str: pl.String(),
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
}


def _plain(event: type[Event], field: msgspec.structs.FieldInfo) -> pl.DataType:
    kinds = {kind for kind in get_args(field.type) if kind is not NoneType} or {field.type}
    found = _PLAIN.get(kinds.pop()) if len(kinds) == 1 else None
    if found is None:
        raise TypeError(f"{event.__name__}.{field.name} is no plain value: say its type")
    return found


ENVELOPE: Types = {
    "market": pl.String(),
    "episode": pl.String(),
    "seq": pl.Int64(),
    "t": pl.Int64(),
}
"""The columns that every table of rows begins with."""

ROW_KEY = ("market", "seq")
"""What tables of rows are sorted by."""


def last(event_type: str, name: str, type_: pl.DataType | None = None) -> Column:
    """The last value of an event's field; `type_` where `columns.FIELDS` does not say it."""
    return Column((event_type,), pl.col(name), types={} if type_ is None else {name: type_})


def total(event_type: str, amount: pl.Expr, types: Types | None = None) -> Column:
    """The sum of an integer over the events of a type."""
    return Column((event_type,), amount.cast(pl.Int64), "sum", types or {})


def count(event_type: str, which: pl.Expr | None = None) -> Column:
    """How many events of a type there are, or how many of `which`."""
    return total(event_type, pl.lit(1) if which is None else which)
