"""Stretches: which bytes of a segment are lines of which market.

A market whose agents answer at once is written in one piece, one stretch. Markets that wait for the
outside world stand between one another, a stretch for each answer. Commit lines end a stretch, so
that all that lies in one are lines of its market.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import polars as pl

from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.log_lines import Head
from retailsim.events.log.scan import Batch

SCHEMA = pl.Schema({"market": pl.String(), "offset": pl.Int64(), "length": pl.Int64()})
"""A stretch: `offset` bytes into the uncompressed segment, `length` bytes with the last newline."""

_CHUNK_BYTES = 4_000_000
"""Looked through at once: larger chunks cost memory, smaller ones time."""

_MARKET = r'^\{"type":"\w+","market":"([^"\\]*)"'
"""As every line of ours begins; of any other one the whole is decoded."""

_ROWS_AT_ONCE = 100_000

read_head = msgspec.json.Decoder(Head).decode


def stretches(segment: str, batches: Iterable[Batch]) -> pl.DataFrame:
    """Return the stretches of some batches of a segment, in the order of their offsets.

    Memory is bounded by a chunk, or the largest batch, and the stretches themselves.

    Parameters
    ----------
    segment : str
        The name of its file, for errors.

    Raises
    ------
    LogDamaged
        As the batches do.
    LogUnreadable
        If a line is no event.
    """
    found = [pl.DataFrame(schema=SCHEMA)]
    for chunk in _chunks(batches):
        found.append(_together(_lines(segment, *chunk)))
        if sum(frame.height for frame in found[1:]) > _ROWS_AT_ONCE and len(found) > 2:
            found = [_together(pl.concat(found))]
    return _together(pl.concat(found))


def _chunks(batches: Iterable[Batch]) -> Iterator[tuple[bytes, list[int]]]:
    """Yield lines, and how far each of them lies behind where it lies in those lines."""
    held: list[bytes] = []
    shifts: list[int] = []
    size = 0
    for batch in batches:
        shifts += [batch.offset - size] * batch.lines.count(b"\n")
        held.append(batch.lines)
        size += len(batch.lines)
        if size >= _CHUNK_BYTES:
            yield b"".join(held), shifts
            held, shifts, size = [], [], 0
    if size:
        yield b"".join(held), shifts


def _lines(segment: str, lines: bytes, shifts: list[int]) -> pl.DataFrame:
    """Return a row for each line that names a market."""
    line, length = pl.col("line"), pl.col("line").str.len_bytes().cast(pl.Int64)
    market = line.str.extract(_MARKET)
    other = pl.when(market.is_null()).then(line)
    try:
        found = pl.scan_lines(lines).select(market, length=length + 1, other=other).collect()
    except pl.exceptions.PolarsError as error:
        raise LogUnreadable(segment, str(error)) from error
    found = found.rename({"line": "market"})
    if found.height != len(shifts) or found["length"].sum() != len(lines):
        raise LogUnreadable(segment, "lines end otherwise than with a newline")
    offset = pl.col("length").cum_sum() - pl.col("length") + pl.Series(shifts, dtype=pl.Int64)
    if found["other"].null_count() < found.height:
        decoded = [text and _market(segment, text.encode()) for text in found["other"]]
        found = found.with_columns(pl.col("market").fill_null(pl.Series(decoded, dtype=pl.String)))
    return found.select("market", offset=offset, length="length").drop_nulls("market")


def _market(segment: str, line: bytes) -> str | None:
    try:
        return read_head(line).market
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogUnreadable(segment, str(error)) from error


def _together(rows: pl.DataFrame) -> pl.DataFrame:
    """Join rows of one market where the next begins at the byte where the one before ends."""
    market, offset, end = pl.col("market"), pl.col("offset"), pl.col("offset") + pl.col("length")
    begins = (market != market.shift()) | (offset != end.shift())
    return (
        rows.lazy()
        .with_columns(begins.fill_null(value=True).cum_sum().alias("stretch"))
        .group_by("stretch", maintain_order=True)
        .agg(market.first(), offset.first(), pl.col("length").sum())
        .select(SCHEMA.names())
        .collect()
    )
