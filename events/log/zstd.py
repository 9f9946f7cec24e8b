"""Compressed segments; the package zstandard is optional and imported when first needed.

A compressed segment is two frames: everything but the last commit line, and that line. Any
zstd tool reads them as one text, and the last commit can be read without the rest. Both frames
state the size and a checksum of their content.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, BinaryIO, Protocol

from retailsim.events.errors import LogDamaged, ZstdMissing
from retailsim.events.log.disk import file_tail, sync_folder, temporary_name
from retailsim.events.log.zstd_frames import check_frames

if TYPE_CHECKING:
    import zstandard

_MAGIC = b"\x28\xb5\x2f\xfd"
TAIL_BYTES = 512
"""More than a compressed commit line can be."""

HEAD_BYTES = 18
_LEVEL = 3


class Readable(Protocol):
    """What packed bytes are read from."""

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and none only at the end."""
        ...

    def close(self) -> None:
        """Give it back."""
        ...


def require(path: Path) -> None:
    """Raise `ZstdMissing`, naming `path`, if segments cannot be compressed here."""
    _zstandard(path)


def compress(path: Path) -> None:
    """Replace a closed segment by a compressed one, so that either is whole at any moment."""
    codec = _zstandard(path)
    tail = file_tail(path, TAIL_BYTES)
    body = path.stat().st_size - (len(tail) - tail.rfind(b"\n", 0, -1) - 1)
    target = path.with_name(f"{path.name}.zst")
    temporary = temporary_name(target)
    compressor = codec.ZstdCompressor(level=_LEVEL, write_checksum=True)
    with path.open("rb") as plain, temporary.open("wb") as packed:
        with compressor.stream_writer(packed, size=body, closefd=False) as first:
            _copy(plain, first, body)
        packed.write(compressor.compress(plain.read()))
        packed.flush()
        os.fsync(packed.fileno())
    temporary.replace(target)
    path.unlink()
    sync_folder(path.parent)


def open_stream(path: Path) -> Unpacked:
    """Return a stream of the uncompressed bytes, of whole frames in any layout.

    Raises
    ------
    LogDamaged
        If the file is cut off, or holds more than frames.
    """
    codec = _zstandard(path)
    file = path.open("rb")
    problem = check_frames(file)
    if problem is not None:
        file.close()
        raise LogDamaged(path, 0, problem)
    reader = codec.ZstdDecompressor().stream_reader(file, read_across_frames=True, closefd=False)
    return Unpacked(path, file, reader, codec.ZstdError)


def last_frame(path: Path) -> bytes:
    """Return what the last frame holds: the segment's last commit line; empty if unreadable."""
    return last_frame_of(path, file_tail(path, TAIL_BYTES))


def last_frame_of(path: Path, tail: bytes) -> bytes:
    """Return what the last frame of a file holds that ends in these bytes; `path` names it."""
    codec = _zstandard(path)
    try:
        line: bytes = codec.ZstdDecompressor().decompress(_packed_last(tail), TAIL_BYTES)
    except codec.ZstdError:
        return b""
    return line


def content_size(path: Path) -> int:
    """Return the uncompressed length in bytes that the frames state; 0 if they are unreadable.

    Only of a segment that `compress` has written: other tools state it in other frames, or not.
    """
    with path.open("rb") as file:
        return content_size_of(path, file.read(HEAD_BYTES), file_tail(path, TAIL_BYTES))


def content_size_of(path: Path, head: bytes, tail: bytes) -> int:
    """Return the uncompressed length of a file that begins and ends in these bytes."""
    codec = _zstandard(path)
    frames = head, _packed_last(tail)
    try:
        return sum(codec.get_frame_parameters(frame).content_size for frame in frames)
    except codec.ZstdError:
        return 0


def unpacked(path: Path, packed: Readable) -> Unpacked:
    """Return a stream of the uncompressed bytes of what is read from elsewhere."""
    codec = _zstandard(path)
    reader = codec.ZstdDecompressor().stream_reader(packed, read_across_frames=True, closefd=False)
    return Unpacked(path, packed, reader, codec.ZstdError)


def _packed_last(tail: bytes) -> bytes:
    at = tail.rfind(_MAGIC)
    return tail[at:] if at >= 0 else b""


def _copy(source: BinaryIO, target: zstandard.ZstdCompressionWriter, size: int) -> None:
    left = size
    while left:
        block = source.read(min(1 << 20, left))
        target.write(block)
        left -= len(block)


def _zstandard(path: Path) -> ModuleType:
    try:
        import zstandard
    except ImportError:
        raise ZstdMissing(path) from None
    return zstandard


class Unpacked:
    """Uncompressed bytes; what zstandard cannot read is damage of this file."""

    def __init__(
        self,
        path: Path,
        file: Readable,
        reader: zstandard.ZstdDecompressionReader,
        error: type[Exception],
    ) -> None:
        self._path = path
        self._file = file
        self._reader = reader
        self._error = error
        self._offset = 0

    def read(self, size: int, /) -> bytes:
        """Return up to `size` bytes, and none only at the end; raises `LogDamaged`."""
        try:
            block = self._reader.read(size)
        except self._error as error:
            raise LogDamaged(self._path, self._offset, f"it is not valid zstd ({error})") from error
        self._offset += len(block)
        return block

    def close(self) -> None:
        """Give the file back."""
        self._file.close()
