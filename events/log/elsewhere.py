"""Segments that lie in a store: a small file stands for each, and its text is fetched in pieces.

Who has what was made of a log, such as the projection that replays read, needs no line of it. So a
run in a store is looked at through a folder in which ``SSSS-NNNNNNNN.jsonl.at`` stands for a
segment and says what a seal says of it, and ``STORE`` where all of them are.
"""

from __future__ import annotations

import io
from pathlib import Path

import msgspec

from retailsim.events.errors import LogDamaged
from retailsim.events.log import zstd
from retailsim.events.log.format import Commit
from retailsim.events.object_store import Objects
from retailsim.events.whole_file import read_bounded

SUFFIX = ".at"
STORE = "STORE"
_MOST_BYTES = 64 << 10
_PIECE_BYTES = 4 << 20
"""Fetched at once: a store takes as long to begin as for a megabyte or two."""


class Stub(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for a segment.

    Parameters
    ----------
    bytes : int
        Its length.
    total : int
        Event lines in the shard up to its end.
    digest : str
        Of its last commit.
    packed : int or None
        Length of the object, if it is compressed; None: it is plain.
    """

    bytes: int
    total: int
    digest: str
    packed: int | None = None

    def commit(self) -> Commit:
        """Return its last commit, as far as that is known here."""
        return Commit(count=0, size=0, crc32=0, total=self.total, digest=self.digest)


def read_stub(path: Path) -> Stub:
    """Return what stands for a segment.

    Raises
    ------
    LogDamaged
        If it cannot be read.
    """
    try:
        return msgspec.json.decode(read_bounded(path, _MOST_BYTES), type=Stub)
    except ValueError as error:
        raise LogDamaged(path, 0, f"what stands for a segment cannot be read ({error})") from None


def open_stream(path: Path) -> RangedStream | zstd.Unpacked:
    """Return the text of a segment that a small file stands for."""
    stub = read_stub(path)
    address = read_bounded(path.with_name(STORE), _MOST_BYTES).decode().strip()
    name, objects = path.name.removesuffix(SUFFIX), Objects(address)
    if stub.packed is None:
        return RangedStream(objects, path, name, stub.bytes)
    return zstd.unpacked(path, RangedStream(objects, path, f"{name}.zst", stub.packed))


class RangedStream:
    """A segment's text out of a store, fetched as far as it is read.

    Parameters
    ----------
    objects : Objects
        Where the segments are.
    path : Path
        What stands for this one.
    name : str
        Of the object.
    size : int
    """

    def __init__(self, objects: Objects, path: Path, name: str, size: int) -> None:
        self._name = name
        self._objects = objects
        self._path = path
        self._size = size
        self._at = 0
        self._held = b""
        self._from = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; nothing is fetched."""
        self._at = offset + (self._at if whence == io.SEEK_CUR else 0)
        return self._at

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and none only at the end."""
        if self._at >= self._size or size <= 0:
            return b""
        start = self._at - self._from
        if not 0 <= start < len(self._held):
            end = min(self._size, self._at + max(size, _PIECE_BYTES))
            try:
                self._held = self._objects.read_range(self._name, self._at, end)
            except FileNotFoundError:
                raise LogDamaged(self._path, 0, "the segment is missing in the store") from None
            if not self._held:
                return b""
            self._from, start = self._at, 0
        found = self._held[start : start + size]
        self._at += len(found)
        return found

    def close(self) -> None:
        """Let go of what is held."""
        self._held = b""
