"""A segment: one file of a shard's log, and the listing of a folder of them."""

from __future__ import annotations

import contextlib
import io
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from retailsim.events.errors import LogDamaged
from retailsim.events.log import elsewhere, zstd
from retailsim.events.log.disk import file_tail
from retailsim.events.log.format import Commit, parse_commit, parse_name, segment_name

_TAIL_BYTES = 512
"""More than the longest commit line."""

_PIECE_BYTES = 1 << 20

_SUFFIXES = (".open", "", ".zst", elsewhere.SUFFIX)
"""In the order in which a segment goes through them; the last is what stands for one elsewhere."""


class ByteStream(Protocol):
    """What a segment is read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and none only at the end."""

    def close(self) -> None:
        """Give the file back."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of the log.

    Parameters
    ----------
    path : Path
        The file.
    shard, number : int
        Which writer wrote it, and its place in that writer's sequence, both from 0.
    suffix : str
        Empty when closed, ``.open`` while written, ``.zst`` when compressed, ``.at`` where it
        lies in a store and a small file says so.
    """

    path: Path
    shard: int
    number: int
    suffix: str

    @property
    def is_open(self) -> bool:
        """Whether it may still grow, and end in a torn batch."""
        return self.suffix == ".open"

    def open(self, at: int = 0) -> ByteStream:
        """Return a stream of its uncompressed bytes, from byte `at` on.

        A segment that its writer closed or compressed since it was listed is opened by the
        name it has now.

        Raises
        ------
        LogDamaged
            If it is gone, or compressed and shorter.
        ZstdMissing
            If it is compressed and the package for that is not installed.
        """
        stream = self._stream()
        try:
            self._skip(stream, at)
        except BaseException:
            stream.close()
            raise
        return stream

    def pieces(self, ranges: Iterable[tuple[int, int]]) -> Iterator[bytes]:
        """Yield the uncompressed bytes from start to end of each range; ranges come in order.

        Raises
        ------
        LogDamaged
            If the segment ends before.
        """
        at = 0
        with contextlib.closing(self.open()) as stream:
            for start, end in ranges:
                self._skip(stream, start - at)
                yield self._read(stream, end - start)
                at = end

    def _stream(self) -> ByteStream:
        for suffix in _SUFFIXES[_SUFFIXES.index(self.suffix) :]:
            path = self.path.with_name(segment_name(self.shard, self.number, suffix))
            with contextlib.suppress(FileNotFoundError):
                if suffix == elsewhere.SUFFIX:
                    return elsewhere.open_stream(path)
                return zstd.open_stream(path) if suffix == ".zst" else path.open("rb", buffering=0)
        raise LogDamaged(self.path, 0, "the segment is missing")

    def _skip(self, stream: ByteStream, size: int) -> None:
        if isinstance(stream, io.FileIO | elsewhere.RangedStream):
            stream.seek(size, io.SEEK_CUR)
        else:
            for _ in self._parts(stream, size):
                pass

    def _read(self, stream: ByteStream, size: int) -> bytes:
        return b"".join(self._parts(stream, size))

    def _parts(self, stream: ByteStream, size: int) -> Iterator[bytes]:
        left = size
        while left:
            part = stream.read(min(left, _PIECE_BYTES))
            if not part:
                raise LogDamaged(self.path, self.size(), "it is shorter than it was")
            yield part
            left -= len(part)

    def last_commit(self) -> Commit | None:
        """Return the commit the segment ends with, from its last bytes; None if it does not."""
        if self.suffix == elsewhere.SUFFIX:
            return elsewhere.read_stub(self.path).commit()
        if self.suffix == ".zst":
            tail = zstd.last_frame(self.path)
        else:
            tail = file_tail(self.path, _TAIL_BYTES)
        return parse_commit(tail[tail.rfind(b"\n", 0, -1) + 1 :])

    def size(self) -> int:
        """Return its length in uncompressed bytes, without reading it all."""
        if self.suffix == elsewhere.SUFFIX:
            return elsewhere.read_stub(self.path).bytes
        if self.suffix == ".zst":
            return zstd.content_size(self.path)
        return self.path.stat().st_size


def segments(folder: Path) -> list[Segment]:
    """Return the segments in `folder` by shard and number; other files are ignored.

    A segment that is there both plain and compressed (the process was killed in between) is
    listed once, plain.

    Raises
    ------
    LogDamaged
        If the folder or a segment is missing, one is there both open and closed, or is no file.
    """
    if not folder.is_dir():
        raise LogDamaged(folder, 0, "the folder of the log is missing")
    named = [(path, parse_name(path.name)) for path in folder.iterdir()]
    for path, name in named:
        if name and path.exists() and not path.is_file():  # a pipe would be waited for without end
            raise LogDamaged(path, 0, "the segment is no file")
    found = sorted(
        (Segment(path, *name) for path, name in named if name),
        key=lambda segment: (segment.shard, segment.number, segment.suffix),
    )
    return list(_numbered(folder, found))


def by_shard(listed: Iterable[Segment]) -> Iterator[list[Segment]]:
    """Group listed segments by shard."""
    for _, group in itertools.groupby(listed, key=lambda segment: segment.shard):
        yield list(group)


def _numbered(folder: Path, found: Iterable[Segment]) -> Iterator[Segment]:
    before: Segment | None = None
    for segment in found:
        same_shard = before is not None and before.shard == segment.shard
        if before and same_shard and before.number == segment.number:
            if segment.is_open:
                raise LogDamaged(segment.path, 0, "the segment is there both open and closed")
            continue
        expected = before.number + 1 if before and same_shard else 0
        if segment.number != expected:
            missing = folder / segment_name(segment.shard, expected)
            raise LogDamaged(missing, 0, f"segment {expected} is missing")
        yield segment
        before = segment
