"""Partial rows: what a piece of a log says, before it is put together with the other pieces.

Lines are decoded a chunk at a time and folded many chunks at once: decoding needs memory for the
lines, folding needs time for its plan, whether it has a hundred events before it or a hundred
thousand. Only what they come to is kept until the end of the piece, and packed once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import polars as pl

from retailsim.analysis.projection.columns import READ_AS
from retailsim.analysis.projection.folding import contribution, put_together
from retailsim.analysis.projection.packed import Packed, packed, unpacked
from retailsim.analysis.projection.protocol_tables import TableSet, table_set
from retailsim.analysis.projection.tables import ENVELOPE, RowTable

_EVENTS_AT_ONCE = 25_000
"""Folded at once: fewer take more time, more take more memory."""

_DECODED_AT_ONCE = 500
"""Lines of a type, or more. To decode a few takes as long as a hundred, and most types have few in
a chunk; what JSON is parsed into takes several times the memory of the lines."""

_ENGINE: Final = "in-memory"
"""Of some thousand rows: to set up the streaming one, with its threads, takes a while each time."""

_TYPE = r'^\s*\{\s*"type"\s*:\s*"(\w+)"'
"""An event line's first key is its type; a header's and a commit line's is not."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Partial rows by table, packed: what one piece of a log says, in so many events."""

    folded: Mapping[str, Packed]
    rows: Mapping[str, Packed]
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
    parts = _Parts(tables or table_set())
    for chunk in (lines,) if isinstance(lines, bytes) else lines:
        parts.add(chunk)
    return parts.pieces()


class _Parts:
    """What a piece of a log says, of which some events after the others are decoded and folded.

    Events of a type are folded by themselves, so a row holds only the columns that they feed; what
    all types say of a key is put together once, at the end.
    """

    def __init__(self, tables: TableSet) -> None:
        self._tables = tables
        self._events = self._unfolded = 0
        self._lines: dict[str, list[pl.Series]] = {}
        self._decoded: dict[str, list[pl.DataFrame]] = {}
        self._folded: dict[str, dict[str, list[pl.DataFrame]]] = {
            name: {} for name in tables.folded
        }
        self._rows: dict[str, list[Packed]] = {name: [] for name in tables.rows}

    def add(self, lines: bytes) -> None:
        """Take whole lines of any types."""
        for name, part in by_type(pl.read_lines(lines)["line"]):
            self._unfolded += part.len()
            if name in self._tables.decoded:
                waiting = self._lines.setdefault(name, [])
                waiting.append(part)
                if sum(map(len, waiting)) >= _DECODED_AT_ONCE:
                    self._decode(name)
        if self._unfolded >= _EVENTS_AT_ONCE:
            self._fold()

    def _decode(self, name: str) -> None:
        """Decode the lines of a type that were added and are not decoded yet."""
        lines = pl.concat(self._lines.pop(name))
        events = lines.str.json_decode(self._tables.decoded[name]).struct.unnest()
        if name in READ_AS:
            events = events.with_columns(**READ_AS[name])
        self._decoded.setdefault(name, []).append(events)

    def _fold(self) -> None:
        """Fold what was added: each event type by itself, for each table that it feeds."""
        for name in tuple(self._lines):
            self._decode(name)
        events = {name: pl.concat(frames) for name, frames in self._decoded.items()}
        self._events, self._unfolded, self._decoded = self._events + self._unfolded, 0, {}
        feeding = [
            (name, event)
            for name, table in self._tables.folded.items()
            for event in table.types
            if event in events
        ]
        parts = pl.collect_all(
            [
                contribution(self._tables.folded[name], event, events[event].lazy())
                for name, event in feeding
            ],
            engine=_ENGINE,
        )
        for (name, event), part in zip(feeding, parts, strict=True):
            self._folded[name].setdefault(event, []).append(part)
        for name, table in self._tables.rows.items():
            if table.on in events:
                self._rows[name].append(packed(_kept(table, events[table.on])))

    def pieces(self) -> Pieces:
        """Return all that was added."""
        self._fold()
        empty = _nothing(self._tables)
        whole = pl.collect_all(
            [
                put_together(
                    table,
                    {event: pl.concat(parts) for event, parts in self._folded[name].items()},
                    empty.folded[name],
                )
                for name, table in self._tables.folded.items()
            ],
            engine=_ENGINE,
        )
        return Pieces(
            folded=dict(zip(self._tables.folded, map(packed, whole), strict=True)),
            rows={name: _one(parts or [empty.rows[name]]) for name, parts in self._rows.items()},
            events=self._events,
        )


class _Nothing(NamedTuple):
    """What no event says of each table: nothing, in the columns and types that all say it in."""

    folded: dict[str, pl.DataFrame]
    rows: dict[str, Packed]


@lru_cache(maxsize=8)
def _nothing(tables: TableSet) -> _Nothing:
    events = {name: pl.DataFrame(schema=of.to_schema()) for name, of in tables.decoded.items()}
    folded = {
        name: pl.concat(
            [contribution(table, event, events[event].lazy()) for event in table.types],
            how="diagonal",
        ).collect()
        for name, table in tables.folded.items()
    }
    rows = {name: packed(_kept(table, events[table.on])) for name, table in tables.rows.items()}
    return _Nothing(folded, rows)


def by_type(lines: pl.Series) -> Iterator[tuple[str, pl.Series]]:
    """Yield the lines of each event type, in their order; those of no event are left out.

    Where all lines begin as ours do, which is quick to see, nobody looks for a type in each.
    """
    heads = pl.DataFrame({"line": lines, "head": lines.str.head(_HEAD_CHARS)})
    named: dict[str, pl.DataFrame] = {}
    for part in heads.partition_by("head"):  # keys of a dictionary would be looked for once more
        head = part["head"][0]
        if _OTHER.match(head):
            continue
        known = _EVENT.match(head)
        if known is None or known[1] in named:
            named = _searched(lines)
            break
        named[known[1]] = part
    for name, part in named.items():
        yield name, part["line"]


_EVENT = re.compile(r'\{"type":"([A-Za-z0-9_]+)"')
_OTHER = re.compile(r'\{"(?!type")')
_HEAD_CHARS = 25
"""Types have up to 15 letters, and behind them stands ``,"market":`` in every line."""


def _searched(lines: pl.Series) -> dict[str, pl.DataFrame]:
    """Return lines by their type, wherever in its beginning each line says it."""
    typed = pl.DataFrame({"line": lines, "type": lines.str.extract(_TYPE)}).drop_nulls("type")
    parts = typed.partition_by("type", as_dict=True, include_key=False)
    return {name: part for (name,), part in parts.items()}


def _kept(table: RowTable, events: pl.DataFrame) -> pl.DataFrame:
    return events.select(*ENVELOPE, *table.fields)


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
