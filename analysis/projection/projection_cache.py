"""Kept projections: ``RUN/derived/*.parquet``, used only when they match the log.

``index.json`` names the log's fingerprint, the version of the projection, the tables it was made
with and a digest of each file. It is written last, so a set of files is whole or not used; anything
that does not fit, whatever the reason, means that the projection is made anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import count, takewhile
from pathlib import Path

import msgspec
import polars as pl

from retailsim.analysis.projection.errors import KeptUnreadable
from retailsim.analysis.projection.packed import (
    ROWS_AT_ONCE,
    Packed,
    Stored,
    in_room,
    packed,
    room,
)
from retailsim.analysis.projection.projection import Projection, opened
from retailsim.analysis.projection.protocol_tables import TableSet
from retailsim.events.whole_file import leads_out, read_bounded, written_whole

VERSION = 5
"""Raised whenever a projection of the same log comes out differently."""

_INDEX = "index.json"

_PART = re.compile(r"\.part\d+$")

_COPIED_AT_ONCE = 1 << 20


class _Index(msgspec.Struct, frozen=True, kw_only=True):
    """What the files beside it are: of which log, made how, with which content."""

    version: int
    log: str
    tables: str
    sha256: dict[str, str]


def read(
    derived: Path, log: str, tables: TableSet, columns: Collection[str] | None = None
) -> Projection | None:
    """The kept projection, or None if there is none for this log.

    Parameters
    ----------
    derived : Path
        The run's ``derived`` folder; may be missing.
    log : str
        The log's fingerprint.
    tables : TableSet
        What it has to hold.
    columns : collection of str or None
        Of the episodes, those that are wanted if they exist; None: all.
    """
    with room() as place:
        contents = read_packed(derived, log, tables, place)
        try:
            return None if contents is None else opened(contents, tables, columns)
        except KeptUnreadable:
            return None


def read_packed(
    derived: Path, log: str, tables: TableSet, place: Path | None
) -> dict[str, Stored] | None:
    """The tables of the kept projection, or None if there is none for this log.

    Parameters
    ----------
    place : Path or None
        A folder of one's own that they are copied to, since others may replace what is kept. None,
        or one that is too small: memory.
    """
    try:
        _check_file(derived / _INDEX)
        index = msgspec.json.decode(read_bounded(derived / _INDEX), type=_Index)
        if (index.version, index.log, index.tables) != (VERSION, log, tables.digest):
            return None
        names = (*tables.frames, *tables.rows)
        return in_room(
            place, lambda to: {name: _stored(derived, name, index, to) for name in names}
        )
    except (OSError, ValueError, RecursionError, _Changed):
        return None


def write(derived: Path, log: str, tables: TableSet, contents: Mapping[str, Stored]) -> None:
    """Keep a projection; a folder that cannot be written, or is a link out, keeps none.

    Parameters
    ----------
    contents : mapping of str to bytes or tuple of Path
        Its tables, as `projection.merged` gives them.
    """
    if leads_out(derived, derived.parent):
        return
    with contextlib.suppress(OSError):
        derived.mkdir(exist_ok=True)
        digests = {
            key: _replace(derived / f"{key}.parquet", content)
            for name in (*tables.frames, *tables.rows)
            for key, content in _by_file(name, contents[name])
        }
        index = _Index(version=VERSION, log=log, tables=tables.digest, sha256=digests)
        _replace(derived / _INDEX, msgspec.json.encode(index))
        for file in derived.glob("*.parquet"):
            table = _PART.sub("", file.stem)
            if file.stem not in digests and table in (*tables.frames, *tables.rows):
                file.unlink()  # of when there were fewer rows, or more of them in a file


def contents_of(projection: Projection, tables: TableSet) -> dict[str, Stored]:
    """Return a projection's tables, packed."""
    frames = {name: packed(getattr(projection, name), ROWS_AT_ONCE) for name in tables.frames}
    return {**frames, **projection.tables.contents}


def frame(projection: Projection, name: str) -> pl.DataFrame:
    """Return one of a projection's tables, folded or of rows, by its name."""
    folded: pl.DataFrame | None = getattr(projection, name, None)
    return projection.tables[name] if folded is None else folded


class _Changed(Exception):
    """A kept file is not the one that was written."""


def _check_file(path: Path) -> None:
    if not path.is_file():  # a pipe would be waited for without end
        raise _Changed


def _check(path: Path, sha256: str | None) -> None:
    """Refuse a kept file before it is held or copied: what is none may be larger than there is."""
    _check_file(path)
    if _copied(path, None) != sha256:
        raise _Changed


def _by_file(name: str, content: Stored) -> Iterator[tuple[str, Packed | Path]]:
    """Yield what is kept of a table by the name of its file: of several, none is called as it is.

    So nobody takes the first of them for the table.
    """
    if isinstance(content, bytes) or len(content) == 1:
        yield name, content if isinstance(content, bytes) else content[0]
        return
    for number, part in enumerate(content, start=1):
        yield f"{name}.part{number}", part


def _stored(derived: Path, name: str, index: _Index, place: Path | None) -> Stored:
    """Return a table of which an index says the digest, or those of its parts."""
    if place is None:
        _check(derived / f"{name}.parquet", index.sha256.get(name))
        content = (derived / f"{name}.parquet").read_bytes()
        if hashlib.sha256(content).hexdigest() != index.sha256[name]:  # replaced meanwhile
            raise _Changed
        return content
    parts = takewhile(index.sha256.__contains__, (f"{name}.part{n}" for n in count(1)))
    keys = (name,) if name in index.sha256 else tuple(parts)
    files = tuple(place / f"{key}.parquet" for key in keys)
    for key, file in zip(keys, files, strict=True):
        _check(derived / file.name, index.sha256[key])
        if _copied(derived / file.name, file) != index.sha256[key]:  # replaced meanwhile
            raise _Changed
    if not files:
        raise _Changed
    return files


def _replace(path: Path, content: Packed | Path) -> str:
    """Write a file under another name first, so that nobody ever reads half of it."""
    with written_whole(path) as new:
        if isinstance(content, Path):
            return _copied(content, new)
        new.write_bytes(content)
    return hashlib.sha256(content).hexdigest()


def _copied(path: Path, new: Path | None) -> str:
    """Copy a file, some of it at a time, and return the digest of it; None: only read it."""
    digest = hashlib.sha256()
    with (
        path.open("rb") as content,
        contextlib.nullcontext() if new is None else new.open("wb") as copy,
    ):
        while block := content.read(_COPIED_AT_ONCE):
            digest.update(block)
            if copy is not None:
                copy.write(block)
    return digest.hexdigest()
