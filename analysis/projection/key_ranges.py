"""Packed pieces of a table, read a range of keys at a time.

A table is sorted by a key, while its rows lie in pieces, one a segment of the log, in any order.
To sort all of them takes a hundred bytes an episode for the keys alone. So the keys are cut into
ranges with about as many rows each, found from a sample, and a range is read out of those pieces
that reach into it. As a rule these are few: a log is written in about the order of its design,
which is what keys are named after.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import polars as pl

from retailsim.analysis.projection.packed import Packed, understood, unpacked

Key = tuple[Any, ...]

_CELLS_AT_ONCE = 200_000
"""Of a range with all its columns: more take more memory, fewer open pieces more often."""

_SAMPLES = 50
"""Rows sampled for a range: more cut the ranges more evenly."""

_PARTS = 2
"""Columns of the key that ranges are cut by; a market alone may be larger than memory."""


class _Extent(NamedTuple):
    """The first and the last key of a piece."""

    first: Key
    last: Key


class KeyRanges:
    """Pieces of a table by ranges of their keys.

    Parameters
    ----------
    pieces : sequence of bytes
        Packed, all with the same columns. Each is asked for when it is read, and not held.
    key : sequence of str
        What the table is sorted by; the columns that ranges are cut by are strings or integers.
    """

    def __init__(self, pieces: Sequence[Packed], key: Sequence[str]) -> None:
        self._pieces = pieces
        self._by: list[str] = []
        self._extents: list[_Extent | None] = []
        self._bounds: list[Key] = []
        at_once = self._rows_at_once(key)
        if sum(map(_height, pieces)) > at_once:
            self._cut(at_once)

    def __iter__(self) -> Iterator[pl.DataFrame]:
        """Yield the rows of each range, in the order of the pieces; at least one frame."""
        yield from self.of(None)

    def of(self, columns: Sequence[str] | None) -> Iterator[pl.DataFrame]:
        """Yield some columns of the rows of each range."""
        if not self._bounds:
            yield pl.concat([unpacked(piece, columns) for piece in self._pieces])
            return
        for low, high in zip((None, *self._bounds), (*self._bounds, None), strict=True):
            found = [
                self._within(self._pieces[at], low, high, columns)
                for at, extent in enumerate(self._extents)
                if extent and _meets(extent, low, high)
            ]
            yield pl.concat(found) if found else unpacked(self._pieces[0], columns).clear()

    def _rows_at_once(self, key: Sequence[str]) -> int:
        with understood():
            schema = pl.read_parquet_schema(io.BytesIO(self._pieces[0]))
        for name in key[:_PARTS]:
            if schema.get(name) not in (pl.String(), pl.Int64()):
                break
            self._by.append(name)
        return max(1, _CELLS_AT_ONCE // len(schema))

    def _cut(self, at_once: int) -> None:
        """Look at the keys of one piece after the other, and remember a sample."""
        step = max(1, at_once // _SAMPLES)
        sample: list[pl.DataFrame] = []
        for piece in self._pieces:
            keys = unpacked(piece, self._by).sort(self._by)
            self._extents.append(_Extent(keys.row(0), keys.row(-1)) if keys.height else None)
            few = keys.gather_every(step)
            # Made anew: rows that are taken out of a frame keep all of its strings in memory.
            sample.append(pl.DataFrame(few.rows(), schema=few.schema, orient="row"))
        whole = pl.concat(sample).sort(self._by)
        bounds = whole.gather_every(_SAMPLES, _SAMPLES).unique(maintain_order=True)
        self._bounds = bounds.rows()

    def _within(
        self, piece: Packed, low: Key | None, high: Key | None, columns: Sequence[str] | None
    ) -> pl.DataFrame:
        where = pl.lit(value=True) if low is None else _from(self._by, low)
        if high is not None:
            where &= ~_from(self._by, high)
        with understood():
            rows = pl.scan_parquet(io.BytesIO(piece)).filter(where)
            return (rows if columns is None else rows.select(columns)).collect()


def _height(piece: Packed) -> int:
    with understood():
        return int(pl.scan_parquet(io.BytesIO(piece)).select(pl.len()).collect().item())


def _from(by: Sequence[str], bound: Key) -> pl.Expr:
    """Whether a row's key is this one or a later one; null comes before all."""
    (name, *others), (value, *rest) = by, bound
    column = pl.col(name)
    if not others:
        return pl.lit(value=True) if value is None else (column >= value).fill_null(value=False)
    after = column.is_not_null() if value is None else (column > value).fill_null(value=False)
    return after | (column.eq_missing(pl.lit(value)) & _from(others, tuple(rest)))


def _meets(extent: _Extent, low: Key | None, high: Key | None) -> bool:
    before = high is not None and _ordered(extent.first) >= _ordered(high)
    behind = low is not None and _ordered(extent.last) < _ordered(low)
    return not (before or behind)


def _ordered(key: Iterable[Any]) -> list[tuple[bool, Any]]:
    """A key that can be compared though parts of it are null."""
    return [(part is not None, part if part is not None else 0) for part in key]
