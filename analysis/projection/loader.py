"""From a run's folder to its projection: out of the cache, or by reading what is new of the log.

The first replay hashes everything, a later one what was touched since. What closed segments say is
kept of each by itself, too, so a log that grew is parsed only where it did.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import polars as pl

from retailsim.analysis.projection import projection_cache, segment_cache
from retailsim.analysis.projection.errors import KeptDiffers, KeptUnreadable, NotARun
from retailsim.analysis.projection.log_pieces import keep_closed, log_pieces
from retailsim.analysis.projection.packed import Stored, in_room, room, understood
from retailsim.analysis.projection.projection import (
    LazyProjection,
    Projection,
    StoredProjection,
    merge,
    merged,
)
from retailsim.analysis.projection.protocol_tables import TableSet, table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.errors import RetailSimError
from retailsim.events.log.hashed import Hashed, read_hashed, write_hashed
from retailsim.events.log.reader import LogCheck, check
from retailsim.events.log.seal import fingerprint
from retailsim.events.log.segment import Segment

HASHED = "hashed.json"
"""In ``RUN/derived``: when which segment was hashed."""

T = TypeVar("T")
_Use = Callable[[StoredProjection], T]
"""What is done with a projection while its tables are there."""

_TRIES = 3
"""A run that is going on may close a segment, and so rename it, just before it is read."""


def load(run: Path, columns: Collection[str] | None = None) -> Projection:
    """Project the log of a run, finished or not.

    Its tables are those of the protocol that ``run.toml`` names. The projection is kept in
    ``RUN/derived`` and used again as long as sizes and last commits of the log are the same. So
    are the hashes of segments, each as long as nobody touched its file since; the projection's
    ``log`` says which and since when. Of a log that grew, only what is new is parsed. A folder
    that cannot be written is read without complaint.

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

    return use(run, lambda stored: stored.load(columns))


def scan(run: Path, what: Callable[[LazyProjection], T]) -> T:
    """Project the log of a run as `load` does, and use it where its large tables stay packed.

    Parameters
    ----------
    what : callable
        What is done with the projection; as that of `use`.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable, BadTables
        As `load`; and what `what` raises.
    """
    return use(run, lambda stored: what(stored.lazy()))


def use(run: Path, what: Callable[[StoredProjection], T]) -> T:
    """Project the log of a run as `load` does, and use it as it lies stored.

    Parameters
    ----------
    what : callable
        What is done with the projection, which is gone afterwards. It is called once more, with
        what the log says, where what is kept of it turns out not to be what was packed.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable, BadTables
        As `load`; and what `what` raises.
    """
    folder = run / "events"
    if not folder.is_dir():
        raise NotARun(str(run))
    protocol = registered(run)
    tables = table_set(protocol.name, protocol.tables)
    for _ in range(_TRIES - 1):
        with suppress(FileNotFoundError):
            return _used_somewhere(folder, run / "derived", tables, what)
    return _used_somewhere(folder, run / "derived", tables, what)


def _used_somewhere(folder: Path, derived: Path, tables: TableSet, what: _Use[T]) -> T:
    """Use a projection whose tables lie in a folder of our own meanwhile."""
    with room() as place:
        return _used(folder, derived, tables, what, place)


def _used(folder: Path, derived: Path, tables: TableSet, what: _Use[T], place: Path | None) -> T:
    """Use what is kept of a log, if that is of the log as it is now, or else what the log says."""
    mark, known = fingerprint(folder), read_hashed(derived / HASHED)
    kept = projection_cache.read_packed(derived, mark, tables, place)
    if kept is not None:
        log = check(folder, known=known)
        with suppress(KeptUnreadable), understood():
            found = what(StoredProjection(kept, tables, log))
            if fingerprint(folder) == mark:
                _keep(derived, mark, tables, None, log.hashed(datetime.now(UTC)), known)
            return found
    log, contents = _contents(folder, derived, tables, known, place)
    found = what(StoredProjection(contents, tables, log))
    if fingerprint(folder) == mark:
        _keep(derived, mark, tables, contents, log.hashed(datetime.now(UTC)), known)
    return found


def _contents(
    folder: Path,
    derived: Path,
    tables: TableSet,
    known: Mapping[str, Hashed],
    place: Path | None,
) -> tuple[LogCheck, dict[str, Stored]]:
    """Read a log; where its kept segments do not go together, all of it."""
    log, pieces = log_pieces(folder, tables, known, derived)

    def merge(into: Path | None) -> dict[str, Stored]:
        with understood():
            return merged(pieces, tables, into)

    try:
        return log, in_room(place, merge)
    except KeptUnreadable:
        log, pieces = log_pieces(folder, tables, known, None)
        return log, merged(pieces, tables)


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
    parts = [segment_cache.read(derived, one.segment, tables) for one in log.segments]
    if kept is None and not any(parts):
        return
    log, pieces = log_pieces(folder, tables, log.hashed(datetime.now(UTC)), None)
    for one, part, piece in zip(log.segments, parts, pieces, strict=True):
        used = part is not None and part.digest == one.digest
        if part is not None and used and not segment_cache.same(part.pieces(), piece, tables):
            raise KeptDiffers(derived, segment_cache.name_of(one.segment))
    if kept is not None:
        fresh = merge(pieces, tables)
        for name in (*tables.frames, *tables.rows):
            if not _same(kept, fresh, name):
                raise KeptDiffers(derived, f"{name}.parquet")


def _same(kept: Projection, fresh: Projection, name: str) -> bool:
    """Whether two projections hold the same table, in however many bytes."""
    try:
        one, other = (projection_cache.frame(found, name) for found in (kept, fresh))
        return one.schema == other.schema and one.equals(other)
    except KeptUnreadable:
        return False


def _keep(
    derived: Path,
    mark: str,
    tables: TableSet,
    contents: Mapping[str, Stored] | None,
    hashed: Mapping[str, Hashed],
    known: Mapping[str, Hashed],
) -> None:
    """Keep a projection, if there is a new one, and what was hashed, if some of it is new."""
    if contents is not None:
        projection_cache.write(derived, mark, tables, contents)
    if hashed.keys() != known.keys() or any(hashed[name].at != known[name].at for name in hashed):
        write_hashed(derived / HASHED, hashed)


def project(
    folder: Path,
    tables: TableSet | None = None,
    known: Mapping[str, Hashed] = MappingProxyType({}),
    derived: Path | None = None,
) -> Projection:
    """Hash and project a folder of segments; raises what `load` raises.

    Parameters
    ----------
    tables : TableSet or None
        None: those that all protocols share.
    known : mapping of str to Hashed
        What need not be hashed again unless it was touched.
    derived : Path or None
        Where what closed segments say is kept; None: nowhere, so all of the log is parsed.
    """
    wanted = tables or table_set()
    log, pieces = log_pieces(folder, wanted, known, derived)
    return replace(merge(pieces, wanted), log=log)


def keep_segment(run: Path, segment: Segment, derived: Path | None = None) -> None:
    """Keep what a segment of a run says, just when its writer has closed it.

    What a replay finds kept it need not parse. Nothing is wrong where this cannot be done: a replay
    parses the segment then, and says what is wrong with it.

    Parameters
    ----------
    derived : Path or None
        Where it is kept; None: in ``RUN/derived``.
    """
    with suppress(RetailSimError, OSError, pl.exceptions.PolarsError):
        protocol = registered(run)
        keep_closed(segment, table_set(protocol.name, protocol.tables), derived or run / "derived")
