"""Kept stretches: ``RUN/derived/lookup/*.stretches``, of each closed segment by itself.

A closed segment never changes, so where its lines lie holds as long as its last commit has the same
digest. Each file states what it is of and a digest of itself. What does not fit, whatever the
reason, is made again from the log. MessagePack, not Parquet: of a spoilt Parquet file with a digest
made anew Polars panics, and says so at length on the terminal.
"""

from __future__ import annotations

import contextlib
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl

from retailsim.analysis.lookup.stretches import SCHEMA
from retailsim.events.log.segment import Segment
from retailsim.events.whole_file import leads_out, read_bounded, written_whole

FOLDER = "lookup"
VERSION = 1
"""Raised whenever a segment's stretches come out differently."""

WORTH_BYTES = 1 << 20
"""A segment of less than this is looked through as quickly as what was kept of it."""

_DIGEST_BYTES = sha256().digest_size

_Bytes = Annotated[int, msgspec.Meta(gt=0, lt=1 << 48)]
"""No segment has more; a sum of two of them stays in 64 bits."""


class KeptStretches(msgspec.Struct, frozen=True):
    """What is kept of one segment.

    Parameters
    ----------
    version : int
        `VERSION` of who made it.
    digest : str
        Of the segment's last commit.
    markets, offsets, lengths
        Of each stretch, as `stretches.SCHEMA` has them.
    """

    version: int
    digest: str
    markets: list[str]
    offsets: list[_Bytes]
    lengths: list[_Bytes]


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
        rows = pl.DataFrame([kept.markets, kept.offsets, kept.lengths], SCHEMA)
    except (OSError, ValueError, RecursionError, pl.exceptions.ShapeError):
        return None
    ends = pl.col("offset") + pl.col("length")
    apart = pl.col("offset") >= ends.shift(fill_value=0)
    return rows if rows.select(apart.all()).item() else None


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
    columns = (rows[name].to_list() for name in SCHEMA.names())
    body = msgspec.msgpack.encode(KeptStretches(VERSION, digest, *columns))
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as new:
            new.write_bytes(sha256(body).digest() + body)
