"""Whole rows out of the partial rows of all pieces, without ever holding all of them.

A million episodes take a gigabyte as a frame and twenty megabytes packed. So they are joined a few
columns at a time, each group of columns is packed, and what is made of whole rows is made of some
of the rows at a time.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

import polars as pl
from polars.io.plugins import register_io_source

from retailsim.analysis.projection.folding import fold
from retailsim.analysis.projection.packed import Packed, packed, unpacked
from retailsim.analysis.projection.tables import ColumnTable

_CELLS_AT_ONCE = 500_000
"""Unpacked while columns are joined: more take more memory, fewer more time."""

_COLUMNS_AT_ONCE = 4
"""But not fewer than this: each time, every piece is opened."""

_ROWS_AT_ONCE = 5_000
"""Unpacked of a joined table, with all its columns: more take more memory, fewer more time."""


class Joined:
    """A table, sorted by its key and packed in groups of columns.

    Parameters
    ----------
    groups : sequence of bytes
        At least one, each of all rows.
    """

    def __init__(self, groups: Sequence[Packed]) -> None:
        self._groups = groups

    def frame(self, columns: Sequence[str] | None = None) -> pl.DataFrame:
        """Return all rows, or some columns of them."""
        whole = pl.concat([self._scan(group) for group in self._groups], how="horizontal")
        return (whole if columns is None else whole.select(columns)).collect()

    def slices(self) -> Iterator[pl.DataFrame]:
        """Yield some rows after the others; of an empty table none, once."""
        height = self._scan(self._groups[0]).select(pl.len()).collect().item()
        for at in range(0, max(1, height), _ROWS_AT_ONCE):
            parts = [self._scan(one).slice(at, _ROWS_AT_ONCE).collect() for one in self._groups]
            yield pl.concat(parts, how="horizontal")

    @staticmethod
    def _scan(group: Packed) -> pl.LazyFrame:
        return pl.scan_parquet(io.BytesIO(group))


def join(table: ColumnTable, pieces: Sequence[Packed]) -> Joined:
    """The pieces of each key as one row, sorted by key; most keys have only one piece."""
    keys = pl.concat([unpacked(piece, table.key) for piece in pieces])
    several = keys.select(pl.struct(table.key).is_duplicated()).to_series()
    folded = fold(table, _rows(pieces, several).lazy().sort("seq", maintain_order=True)).collect()
    alone = ~several
    order = pl.concat([keys.filter(alone), folded.select(table.key)]).with_row_index("at")
    at = order.sort(table.key)["at"]
    del keys, order
    groups: list[Packed] = []
    at_once = max(_COLUMNS_AT_ONCE, _CELLS_AT_ONCE // (1 + alone.len()))
    for some in _batched(folded.columns, at_once):
        part = pl.concat([unpacked(piece, some) for piece in pieces]).filter(alone)
        groups.append(packed(pl.concat([part, folded.select(some)])[at], _ROWS_AT_ONCE))
    return Joined(groups)


def packed_rows(parts: Iterable[pl.DataFrame]) -> Packed:
    """Pack a frame that comes some rows after the others; at least one part, all of one schema."""
    coming = iter(parts)
    first = next(coming)

    def source(
        columns: list[str] | None, where: pl.Expr | None, rows: int | None, size: int | None
    ) -> Iterator[pl.DataFrame]:
        return chain((first,), coming)

    content = io.BytesIO()
    rows = register_io_source(source, schema=first.schema)
    rows.sink_parquet(content, compression="lz4", row_group_size=_ROWS_AT_ONCE)
    return content.getvalue()


def _batched(names: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    for start in range(0, len(names), size):
        yield names[start : start + size]


def _rows(pieces: Sequence[Packed], wanted: pl.Series) -> pl.DataFrame:
    """Some of the rows of all pieces together."""
    if not wanted.any():
        return unpacked(pieces[0]).clear()
    found, offset = [], 0
    for piece in pieces:
        rows = unpacked(piece)
        found.append(rows.filter(wanted[offset : offset + rows.height]))
        offset += rows.height
    return pl.concat(found)
