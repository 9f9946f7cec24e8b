"""Kept stretches: ``RUN/derived/lookup/*.stretches``, Parquet, of each closed segment by itself.

A closed segment never changes, so where its lines lie holds as long as its last commit has the same
digest. Each file states what it is of and a digest of itself. What does not fit, whatever the
reason, is made again from the log.
"""

from __future__ import annotations

import contextlib
import io
from hashlib import sha256
from pathlib import Path

import msgspec
import polars as pl

from retailsim.analysis.lookup.stretches import SCHEMA
from retailsim.analysis.projection.packed import Packed, packed, unpacked
from retailsim.events.log.segment import Segment
from retailsim.events.whole_file import leads_out, read_bounded, written_whole

FOLDER = "lookup"
VERSION = 1
"""Raised whenever a segment's stretches come out differently."""

WORTH_BYTES = 1 << 20
"""A segment of less than this is looked through as quickly as what was kept of it."""

_DIGEST_BYTES = sha256().digest_size
_SHORTEST_LINE = 16
_FURTHEST = 1 << 48
"""No segment has more bytes; with it, sums of offset and length stay in 64 bits."""


class KeptStretches(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one segment.

    Parameters
    ----------
    version : int
        `VERSION` of who made it.
    digest : str
        Of the segment's last commit.
    rows : bytes
        The stretches, packed as Parquet.
    """

    version: int
    digest: str
    rows: Packed


def name_of(segment: Segment) -> str:
    """Return the name of a segment's file in ``derived``, be it plain or compressed."""
    return f"{FOLDER}/{segment.shard:04d}-{segment.number:08d}.stretches"


def read(derived: Path, segment: Segment, digest: str) -> pl.DataFrame | None:
    """Return a closed segment's stretches, in the order of their offsets; None if none are kept.

    Whoever could write the file could also make its digest anew. Nothing of it is executed, and its
    stretches are in order and apart from one another, but where they lead to has to be looked at.

    Parameters
    ----------
    digest : str
        Of the segment's last commit, as it is now.
    """
    file = derived / name_of(segment)
    try:
        if not file.is_file():  # a pipe would be waited for without end
            return None
        content = read_bounded(file)
        told, body = content[:_DIGEST_BYTES], memoryview(content)[_DIGEST_BYTES:]
        if sha256(body).digest() != told:
            return None
        kept = msgspec.msgpack.decode(body, type=KeptStretches)
        if (kept.version, kept.digest) != (VERSION, digest):
            return None
        return _rows(kept.rows, segment.size())
    except (OSError, ValueError, RecursionError):
        return None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None


def _rows(content: Packed, size: int) -> pl.DataFrame | None:
    count = pl.scan_parquet(io.BytesIO(content)).select(pl.len()).collect().item()
    if count > size // _SHORTEST_LINE or pl.read_parquet_schema(io.BytesIO(content)) != SCHEMA:
        return None
    rows = unpacked(content)
    offset, length = pl.col("offset"), pl.col("length")
    apart = offset >= (offset + length).shift(fill_value=0)
    within = (offset > 0) & (length > 0) & (offset < _FURTHEST) & (length < _FURTHEST)
    told = pl.all_horizontal(pl.all().is_not_null())
    return rows if rows.select((told & within & apart).all()).item() else None


def write(derived: Path, segment: Segment, digest: str, rows: pl.DataFrame) -> None:
    """Keep a closed segment's stretches; where that cannot be done, or leads out, nothing is kept.

    Parameters
    ----------
    digest : str
        Of the segment's last commit, with everything before it found right.
    """
    file = derived / name_of(segment)
    if leads_out(file.parent, derived.parent):
        return
    body = msgspec.msgpack.encode(KeptStretches(version=VERSION, digest=digest, rows=packed(rows)))
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as new:
            new.write_bytes(sha256(body).digest() + body)
