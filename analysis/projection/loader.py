"""From a run's folder to its projection: out of the cache, or by reading the whole log.

The first replay hashes everything. Hashing and parsing run side by side over the same segments,
and nothing parsed is used unless the hashes were right.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import polars as pl

from retailsim.analysis.projection import projection_cache
from retailsim.analysis.projection.errors import LogUnreadable, NotARun
from retailsim.analysis.projection.projection import Pieces, Projection, extract, merge
from retailsim.analysis.projection.protocol_tables import TableSet, table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.log.reader import check
from retailsim.events.log.seal import fingerprint
from retailsim.events.log.segment import Segment, segments

_CHUNK_BYTES = 8 << 20
"""Parsed at once by one thread. Larger chunks cost memory, smaller ones time."""

_HASHING_THREADS = 1
"""Hashing needs a fraction of the time of parsing; the other cores are for that."""

_PARSING_THREADS = 2
"""Polars uses all cores for one chunk; a second one fills the gaps between its steps."""

_TRIES = 3
"""A run that is going on may close a segment, and so rename it, just before it is read."""


def load(run: Path) -> Projection:
    """Project the log of a run, finished or not.

    Its tables are those of the protocol that ``run.toml`` names. The projection is kept in
    ``RUN/derived`` and used again as long as sizes and last commits of the log are the same. A
    folder that cannot be written is read without complaint.

    Parameters
    ----------
    run : Path
        The run's folder.

    Raises
    ------
    NotARun
        If there is no log in the folder.
    LogDamaged
        If the log does not hold what was written.
    LogUnreadable
        If it does, and an event in it is not as `events.messages` says.
    BadTables
        If the protocol's own tables do not go with the shared ones.
    """
    folder = run / "events"
    if not folder.is_dir():
        raise NotARun(str(run))
    protocol = registered(run)
    tables = table_set(protocol.name, protocol.tables)
    for _ in range(_TRIES - 1):
        with suppress(FileNotFoundError):
            return _load(folder, run / "derived", tables)
    return _load(folder, run / "derived", tables)


def _load(folder: Path, derived: Path, tables: TableSet) -> Projection:
    mark = fingerprint(folder)
    kept = projection_cache.read(derived, mark, tables)
    if kept is not None:
        return kept
    projection = project(folder, tables)
    if fingerprint(folder) == mark:
        projection_cache.write(derived, mark, tables, projection)
    return projection


def project(folder: Path, tables: TableSet | None = None) -> Projection:
    """Hash and project a folder of segments; raises what `load` raises.

    Parameters
    ----------
    tables : TableSet or None
        None: those that all protocols share.
    """
    wanted = tables or table_set()
    with ThreadPoolExecutor(1 + _PARSING_THREADS) as pool:
        checking = pool.submit(check, folder, threads=_HASHING_THREADS)
        early = {s.path: pool.submit(_read, wanted, s) for s in segments(folder) if not s.is_open}
        try:
            log = checking.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        reading = [
            early.get(checked.segment.path)
            or pool.submit(_read, wanted, checked.segment, checked.good_bytes)
            for checked in log.segments
        ]
        pieces = [piece for read in reading for piece in read.result()]
    parsed = sum(piece.events for piece in pieces)
    if parsed != log.events:
        raise LogUnreadable(folder.name, f"{parsed} events were read of {log.events}")
    return merge(pieces, wanted)


def _read(tables: TableSet, segment: Segment, good_bytes: int | None = None) -> list[Pieces]:
    """Partial rows of one segment, or of its first `good_bytes`."""
    try:
        return [extract(lines, tables) for lines in chunks(segment, good_bytes)]
    except pl.exceptions.PolarsError as error:
        raise LogUnreadable(segment.path.name, str(error)) from error


def chunks(segment: Segment, good_bytes: int | None = None) -> Iterator[bytes]:
    """Yield whole lines of a segment, about `_CHUNK_BYTES` at a time, up to `good_bytes`.

    None: to its end, wherever that is; a length that a file states of itself is not believed.
    """
    rest, left = b"", good_bytes
    with closing(segment.open()) as stream:
        while block := stream.read(_CHUNK_BYTES if left is None else min(left, _CHUNK_BYTES)):
            left = None if left is None else left - len(block)
            cut = block.rfind(b"\n") + 1
            if cut:
                yield rest + block[:cut]
                rest = block[cut:]
            else:
                rest += block
    if rest:
        yield rest
