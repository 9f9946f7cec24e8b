"""The stretches of many segments by their market, in memory: some tens of bytes for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import polars as pl

from retailsim.analysis.lookup.stretches import SCHEMA

Key = tuple[int, int]
"""A segment: its shard and its number."""

_TYPES = pl.Schema({"shard": pl.UInt16(), "number": pl.UInt32(), **SCHEMA})


class Stretch(NamedTuple):
    """Some bytes of an uncompressed segment."""

    shard: int
    number: int
    offset: int
    length: int


class MarketTable:
    """Stretches, found by their market by bisection.

    Parameters
    ----------
    rows : polars.DataFrame or None
        With the columns of a `Stretch` and ``market``, sorted by that; None: no rows.
    """

    def __init__(self, rows: pl.DataFrame | None = None) -> None:
        self._rows = pl.DataFrame(schema=_TYPES) if rows is None else rows
        self._markets = self._rows["market"]
        self._places = self._rows.select(Stretch._fields)

    def with_rows(self, more: Iterable[tuple[Key, pl.DataFrame]]) -> MarketTable:
        """Return a table that also has the stretches of further segments."""
        frames = [
            rows.select(pl.lit(key[0]).alias("shard"), pl.lit(key[1]).alias("number"), pl.all())
            for key, rows in more
        ]
        typed = [frame.cast(_TYPES) for frame in frames]
        return MarketTable(pl.concat([self._rows, *typed]).sort("market"))

    def find(self, market: str) -> list[Stretch]:
        """Return a market's stretches, in any order."""
        if self._markets.is_empty():
            return []
        first, behind = (self._markets.search_sorted(market, side) for side in ("left", "right"))
        return [Stretch(*row) for row in self._places.slice(first, behind - first).iter_rows()]


def by_segment(found: Iterable[Stretch]) -> Iterator[tuple[Key, list[tuple[int, int]]]]:
    """Group stretches, which are in the order of the log, by their segments."""
    for key, group in groupby(found, key=lambda one: (one.shard, one.number)):
        yield key, [(one.offset, one.length) for one in group]
