"""Partial rows: what a piece of a log says, before it is put together with the other pieces.

Lines are decoded a chunk at a time and folded many chunks at once: decoding needs memory for the
lines, folding needs time for its plan, whether it has a hundred events before it or a hundred
thousand.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from retailsim.analysis.projection.columns import READ_AS
from retailsim.analysis.projection.packed import Packed, packed, unpacked
from retailsim.analysis.projection.protocol_tables import TableSet, table_set
from retailsim.analysis.projection.tables import ENVELOPE, ColumnTable, RowTable, Rule

_EVENTS_AT_ONCE = 25_000
"""Folded at once: fewer take more time, more take more memory."""

_TYPE = r'^\s*\{\s*"type"\s*:\s*"(\w+)"'
"""An event line's first key is its type; a header's and a commit line's is not."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Partial rows by table, packed: what one piece of a log says, in so many events."""

    folded: dict[str, Packed]
    rows: dict[str, Packed]
    events: int


def extract(lines: bytes | Iterable[bytes], tables: TableSet | None = None) -> Pieces:
    """Partial rows of each table (None: the shared ones) from whole JSON lines.

    Each event type is decoded by itself, with the few fields it has; decoding every line with
    the fields of all types takes half as much time again.

    Parameters
    ----------
    lines : bytes or iterable of bytes
        All of them, or a chunk at a time, in the order of the log.

    Raises
    ------
    polars.exceptions.ComputeError
        If a line that begins like a known event is not JSON, or a field has another type.
    """
    tables = tables or table_set()
    found: list[Pieces] = []
    gathered = _Events(tables)
    for chunk in (lines,) if isinstance(lines, bytes) else lines:
        gathered.add(chunk)
        if gathered.count >= _EVENTS_AT_ONCE:
            found.append(gathered.folded())
            gathered = _Events(tables)
    if gathered.count or not found:
        found.append(gathered.folded())
    return together(found)


class _Events:
    """Decoded events by type, with the fields that the tables need."""

    def __init__(self, tables: TableSet) -> None:
        self.count = 0
        self._tables = tables
        self._frames = {
            name: [pl.DataFrame(schema=fields.to_schema())]
            for name, fields in tables.decoded.items()
        }

    def add(self, lines: bytes) -> None:
        typed = pl.scan_lines(lines).with_columns(type=pl.col("line").str.extract(_TYPE)).collect()
        self.count += typed["type"].count()
        for (name,), part in typed.partition_by("type", as_dict=True, include_key=False).items():
            if (fields := self._tables.decoded.get(name)) is not None:
                events = part["line"].str.json_decode(fields).struct.unnest()
                self._frames[name].append(events.with_columns(**READ_AS.get(name, {})))

    def folded(self) -> Pieces:
        tables = self._tables
        events = {name: pl.concat(frames).lazy() for name, frames in self._frames.items()}
        wanted = [fold(table, _contributions(table, events)) for table in tables.folded.values()]
        wanted += [_kept(table, events[table.on]) for table in tables.rows.values()]
        frames = dict(zip(tables.names, pl.collect_all(wanted), strict=True))
        return Pieces(
            folded={name: packed(frames[name]) for name in tables.folded},
            rows={name: packed(frames[name]) for name in tables.rows},
            events=self.count,
        )


def _kept(table: RowTable, events: pl.LazyFrame) -> pl.LazyFrame:
    return events.select(*ENVELOPE, *table.fields)


def _contributions(table: ColumnTable, events: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    """One row per event that feeds the table, null in the columns it says nothing about."""
    return pl.concat(
        [
            events[event_type]
            .filter(table.within)
            .select(*table.key, "seq", **table.fed_by(event_type))
            for event_type in table.types
        ],
        how="diagonal",
    )


def fold(table: ColumnTable, rows: pl.LazyFrame) -> pl.LazyFrame:
    """One row per key; ``seq`` becomes the last one, which orders the pieces of a key."""
    values = [_apply(column.rule, pl.col(name)) for name, column in table.columns.items()]
    return rows.group_by(table.key).agg(pl.col("seq").max(), *values)


def _apply(rule: Rule, value: pl.Expr) -> pl.Expr:
    match rule:
        case "last":
            return value.drop_nulls().last()
        case "sum":
            return value.sum()
        case "min":
            return value.min()
        case "max":
            return value.max()


def together(pieces: Sequence[Pieces]) -> Pieces:
    """Return pieces as one, in their order; to read one is quicker than to read many."""
    first, *others = pieces
    if not others:
        return first
    return Pieces(
        folded={name: _one([piece.folded[name] for piece in pieces]) for name in first.folded},
        rows={name: _one([piece.rows[name] for piece in pieces]) for name in first.rows},
        events=sum(piece.events for piece in pieces),
    )


def _one(contents: Sequence[Packed]) -> Packed:
    return packed(pl.concat(map(unpacked, contents)))
