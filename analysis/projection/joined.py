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
        What it is packed into; None: memory.
    """
    coming = iter(parts)
    first = next(coming)

    def source(
        columns: list[str] | None, where: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        return chain((first,), coming)

    content = io.BytesIO()
    into = content if file is None else file
    rows = register_io_source(source, schema=first.schema)
    # Half as large as with lz4, and as quick: this is held, and pieces are not.
    rows.sink_parquet(into, compression="zstd", statistics=False, row_group_size=ROWS_AT_ONCE)
    return content.getvalue() if file is None else file
