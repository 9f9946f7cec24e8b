"""What was hashed when: a record beside a log that saves hashing again what nobody touched.

A file counts as untouched while its size, its inode and its times of change are as they were when
it was hashed. Who means to deceive can forge them, and this record with them: to be certain, hash
everything, as `check` does without a record.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import msgspec

from retailsim.events.log.disk import replace_file
from retailsim.events.log.format import Header
from retailsim.events.whole_file import leads_out

_VERSION = 1


class FileMark(msgspec.Struct, frozen=True, array_like=True):
    """By what it is told whether a file was touched; times in nanoseconds."""

    size: int
    inode: int
    mtime_ns: int
    ctime_ns: int


class Hashed(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in a closed segment when it was hashed from end to end.

    Parameters
    ----------
    at : datetime
        When, in UTC.
    mark : FileMark
        Of the file, taken before.
    header, good_bytes, events, digest
        As in `reader.SegmentCheck`.
    """

    at: datetime
    mark: FileMark
    header: Header
    good_bytes: int
    events: int
    digest: str


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    segments: dict[str, Hashed]


def mark_of(path: Path) -> FileMark | None:
    """Return the mark of a file as it is now; None if it is gone."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return FileMark(found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)


def read_hashed(record: Path) -> Mapping[str, Hashed]:
    """Return what a record says, by names of files; nothing if it cannot be read."""
    try:
        found = msgspec.json.decode(record.read_bytes(), type=_Record)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    return found.segments if found.version == _VERSION else {}


def write_hashed(record: Path, segments: Mapping[str, Hashed]) -> None:
    """Keep a record; where that cannot be done, or is out of the run's folder, there is none."""
    if leads_out(record.parent, record.parent.parent):
        return
    with contextlib.suppress(OSError):
        record.parent.mkdir(exist_ok=True)
        replace_file(
            record, msgspec.json.encode(_Record(version=_VERSION, segments=dict(segments)))
        )
