"""Whole rows out of the partial rows of all pieces, without ever holding all of them.

A million episodes take a gigabyte as a frame and twenty megabytes packed. So they are joined a
range of keys at a time (`key_ranges`), and what is made of whole rows is packed as it comes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path

import polars as pl
from polars.io.plugins import register_io_source

from retailsim.analysis.projection.folding import fold
from retailsim.analysis.projection.key_ranges import KeyRanges
from retailsim.analysis.projection.packed import ROWS_AT_ONCE, Packed, Stored
from retailsim.analysis.projection.tables import ColumnTable

_ROWS_OF_A_FILE = 250_000
"""Parquet's table of contents, of 26 bytes a row of an episode, is held until a file is whole."""


def join(table: ColumnTable, pieces: Sequence[Packed]) -> Iterator[pl.DataFrame]:
    """Yield the pieces of each key as one row, sorted by key, some rows after the others.

    Only the columns of the table are read: of a part of it, only these.
    """
    columns = [*table.key, "seq", *table.columns]
    for rows in KeyRanges(pieces, table.key).of(columns):
        yield _whole(table, rows).sort(table.key)


def _whole(table: ColumnTable, rows: pl.DataFrame) -> pl.DataFrame:
    """Fold what has several pieces; most keys have only one."""
    several = rows.select(pl.struct(table.key).is_duplicated()).to_series()
    if not several.any():
        return rows
    parts = rows.filter(several).lazy().sort("seq", maintain_order=True)
    return pl.concat([rows.filter(~several), fold(table, parts).collect().select(rows.columns)])


def in_order(key: Sequence[str], pieces: Sequence[Packed]) -> Iterator[pl.DataFrame]:
    """Yield all rows sorted by a key, some after the others."""
    for rows in KeyRanges(pieces, key):
        yield rows.sort(key, maintain_order=True)


def packed_rows(parts: Iterable[pl.DataFrame], file: Path | None = None) -> Stored:
    """Pack a frame that comes some rows after the others; at least one part, all of one schema.

    Parameters
    ----------
    file : Path or None
        What it is packed into, and files beside it where there are many rows; None: memory.
    """
    coming = iter(parts)
    first = next(coming)
    if file is None:
        return _packed(chain((first,), coming), first.schema)
    files: list[Path] = []
    for rows in _many_at_a_time(first, coming):
        files.append(file.with_stem(f"{file.stem}.{len(files) + 1}") if files else file)
        _packed(rows, first.schema, files[-1])
    return tuple(files)


def _many_at_a_time(
    first: pl.DataFrame | None, coming: Iterator[pl.DataFrame]
) -> Iterator[Iterator[pl.DataFrame]]:
    """Divide what comes where it is many rows: each is to be gone through before the next."""

    def some(begun: pl.DataFrame) -> Iterator[pl.DataFrame]:
        yield begun
        height = begun.height
        while height < _ROWS_OF_A_FILE and (rows := next(coming, None)) is not None:
            height += rows.height
            yield rows

    while first is not None:
        yield some(first)
        first = next(coming, None)


def _packed(parts: Iterator[pl.DataFrame], schema: pl.Schema, file: Path | None = None) -> Packed:
    """Pack rows as they come, into a file or into what is returned."""

    def source(
        columns: list[str] | None, where: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        return parts

    content = io.BytesIO()
    into = content if file is None else file
    rows = register_io_source(source, schema=schema)
    # Half as large as with lz4, and as quick: this is held, and pieces are not.
    rows.sink_parquet(into, compression="zstd", statistics=False, row_group_size=ROWS_AT_ONCE)
    return content.getvalue()
