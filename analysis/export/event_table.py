"""The event log as one lazy table: a row an event, its own fields as JSON text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import polars as pl
from polars.io.plugins import register_io_source

from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.log_lines import Head, Line, checked, line_chunks
from retailsim.events.log.reader import LogCheck

SCHEMA: dict[str, pl.DataType] = {
    "seq": pl.Int64(),
    "t": pl.Int64(),
    "type": pl.String(),
    "market": pl.String(),
    "episode": pl.String(),
    "source": pl.String(),
    "payload": pl.String(),
}
"""The table's columns; `docs/export.md` says what they mean."""

_ENVELOPE = frozenset(Head.__struct_fields__)
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_encode = msgspec.json.Encoder().encode


def events(run: str | Path) -> pl.LazyFrame:
    """Return all events and recorded answers of a run, in the order of its log.

    The log is hashed now and read when the frame is collected or sunk, a chunk at a time: what
    is sunk needs no more memory for a longer log. Sort by ``market`` and ``seq`` to compare two
    runs; within a market the order is that of ``seq`` already, unless it was resumed.

    Parameters
    ----------
    run : str or Path
        The run's folder; its log may be unfinished.

    Raises
    ------
    NotARun
        If there is no log in the folder.
    LogDamaged
        If the log does not hold what was written.
    LogUnreadable
        When it is read: if a line is not a JSON object.
    """
    log = checked(run)

    def source(
        columns: list[str] | None, predicate: pl.Expr | None, rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        for frame in _frames(log):
            wanted = frame if rows is None else frame.head(rows)
            rows = None if rows is None else rows - wanted.height
            if predicate is not None:
                wanted = wanted.filter(predicate)
            yield wanted if columns is None else wanted.select(columns)
            if rows == 0:
                return

    return register_io_source(source, schema=SCHEMA)


def _frames(log: LogCheck) -> Iterator[pl.DataFrame]:
    for segment, lines in line_chunks(log):
        try:
            payloads = [_payload(line) for _, line in lines]
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LogUnreadable(segment, str(error)) from error
        yield _frame(lines, payloads)


def _frame(lines: list[Line], payloads: list[str]) -> pl.DataFrame:
    heads = [head for head, _ in lines]
    columns = {
        name: payloads if name == "payload" else [getattr(head, name) for head in heads]
        for name in SCHEMA
    }
    return pl.DataFrame(columns, schema=SCHEMA)


def _payload(line: bytes) -> str:
    """The event's own fields, each as it stands in the log."""
    own = {name: raw for name, raw in _fields(line).items() if name not in _ENVELOPE}
    return _encode(own).decode()
