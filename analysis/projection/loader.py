"""From a run's folder to its projection: out of the cache, or by reading the whole log.

The first replay hashes everything, a later one what was touched since. Hashing and parsing run side
by side over the same segments, and nothing parsed is used unless the hashes were right.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import polars as pl

from retailsim.analysis.projection import projection_cache
from retailsim.analysis.projection.errors import KeptDiffers, LogUnreadable, NotARun
from retailsim.analysis.projection.pieces import Pieces, extract
from retailsim.analysis.projection.projection import Projection, merge
from retailsim.analysis.projection.protocol_tables import TableSet, table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.log.hashed import Hashed, read_hashed, write_hashed
from retailsim.events.log.reader import LogCheck, check
from retailsim.events.log.seal import fingerprint
from retailsim.events.log.segment import Segment, segments

_CHUNK_BYTES = 2 << 20
"""Decoded at once by one thread. Larger chunks cost memory, smaller ones time."""

_HASHING_THREADS = 1
"""Hashing needs a fraction of the time of parsing; the other cores are for that."""

_PARSING_THREADS = 2
"""Polars uses all cores for one chunk; a second one fills the gaps between its steps."""

HASHED = "hashed.json"
"""In ``RUN/derived``: when which segment was hashed."""

_TRIES = 3
"""A run that is going on may close a segment, and so rename it, just before it is read."""


def load(run: Path, columns: Collection[str] | None = None) -> Projection:
    """Project the log of a run, finished or not.

    Its tables are those of the protocol that ``run.toml`` names. The projection is kept in
    ``RUN/derived`` and used again as long as sizes and last commits of the log are the same. So
    are the hashes of segments, each as long as nobody touched its file since; the projection's
    ``log`` says which and since when. A folder that cannot be written is read without complaint.

    Parameters
    ----------
    run : Path
        The run's folder.
    columns : collection of str or None
        Of the episodes, those that are wanted if they exist: memory holds no others of a kept
        projection. None: all.

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
            return _load(folder, run / "derived", tables, columns)
    return _load(folder, run / "derived", tables, columns)


def _load(
    folder: Path, derived: Path, tables: TableSet, columns: Collection[str] | None
) -> Projection:
    mark, known = fingerprint(folder), read_hashed(derived / HASHED)
    kept = projection_cache.read(derived, mark, tables, columns)
    if kept is None:
        projection = project(folder, tables, known)
    else:
        projection = replace(kept, log=check(folder, known=known))
    if fingerprint(folder) == mark:
        _keep(derived, mark, tables, projection, known, new=kept is None)
    return projection if kept is not None else _narrowed(projection, columns)


def _narrowed(projection: Projection, columns: Collection[str] | None) -> Projection:
    """Let go of the columns that nobody wants."""
    if columns is None:
        return projection
    episodes = projection.episodes
    wanted = [name for name in episodes.columns if name in columns]
    return replace(projection, episodes=episodes.select(wanted))


def check_kept(run: Path, log: LogCheck) -> None:
    """Compare what is kept of a run with what its log says, if what is kept would be used.

    Parameters
    ----------
    log : LogCheck
        The log, hashed just now.

    Raises
    ------
    KeptDiffers
        If it says something else. `LogUnreadable`, `BadTables`: as `load`.
    """
    folder, derived, protocol = run / "events", run / "derived", registered(run)
    tables = table_set(protocol.name, protocol.tables)
    kept = projection_cache.read(derived, fingerprint(folder), tables)
    if kept is None:
        return
    fresh = project(folder, tables, log.hashed(datetime.now(UTC)))
    for name in (*tables.frames, *tables.rows):
        if not _same(kept, fresh, name):
            raise KeptDiffers(derived, name)


def _same(kept: Projection, fresh: Projection, name: str) -> bool:
    """Whether two projections hold the same table, in however many bytes."""
    try:
        return projection_cache.frame(kept, name).equals(projection_cache.frame(fresh, name))
    except pl.exceptions.PolarsError:
        return False


def _keep(
    derived: Path,
    mark: str,
    tables: TableSet,
    projection: Projection,
    known: Mapping[str, Hashed],
    *,
    new: bool,
) -> None:
    if new:
        projection_cache.write(derived, mark, tables, projection)
    hashed = projection.log.hashed(datetime.now(UTC)) if projection.log is not None else {}
    if hashed.keys() != known.keys() or any(hashed[name].at != known[name].at for name in hashed):
        write_hashed(derived / HASHED, hashed)


def project(
    folder: Path,
    tables: TableSet | None = None,
    known: Mapping[str, Hashed] = MappingProxyType({}),
) -> Projection:
    """Hash and project a folder of segments; raises what `load` raises.

    Parameters
    ----------
    tables : TableSet or None
        None: those that all protocols share.
    known : mapping of str to Hashed
        What need not be hashed again unless it was touched.
    """
    wanted = tables or table_set()
    with ThreadPoolExecutor(1 + _PARSING_THREADS) as pool:
        checking = pool.submit(check, folder, threads=_HASHING_THREADS, known=known)
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
        pieces = [read.result() for read in reading]
    parsed = sum(piece.events for piece in pieces)
    if parsed != log.events:
        raise LogUnreadable(folder.name, f"{parsed} events were read of {log.events}")
    return replace(merge(pieces, wanted), log=log)


def _read(tables: TableSet, segment: Segment, good_bytes: int | None = None) -> Pieces:
    """Partial rows of one segment, or of its first `good_bytes`."""
    try:
        return extract(chunks(segment, good_bytes), tables)
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
