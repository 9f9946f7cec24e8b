"""Where the frames of a zstd file end: a decompressor reads past what stands behind the last one.

Nothing is decompressed: a frame is a header, blocks that each state their length, and a
checksum (RFC 8878, section 3.1). Frames of any tool are taken, skippable ones too.
"""

from __future__ import annotations

import os
from typing import BinaryIO

_MAGIC = b"\x28\xb5\x2f\xfd"
_SKIPPABLE = bytes(range(0x50, 0x60)), b"\x2a\x4d\x18"
_LONGEST_HEADER = 18
_RUN_LENGTH = 1
"""The block type whose content is one byte, whatever length it states."""


def check_frames(file: BinaryIO) -> str | None:
    """Return what is wrong with the file as a sequence of whole frames, or None.

    Parameters
    ----------
    file : binary file
        Read and sought in; it stands at its beginning afterwards.
    """
    import zstandard

    size, at, problem = os.fstat(file.fileno()).st_size, 0, None
    while at < size and problem is None:
        file.seek(at)
        head = file.read(_LONGEST_HEADER)
        try:
            length = _length(file, at, head)
        except zstandard.ZstdError as error:
            problem = f"it is not valid zstd ({error})"
        else:
            if length is None:
                problem = f"{size - at} bytes of the file stand behind its last zstd frame"
            elif at + length > size:
                problem = "its last zstd frame is cut off"
            else:
                at += length
    file.seek(0)
    return problem


def _length(file: BinaryIO, at: int, head: bytes) -> int | None:
    """Return the bytes of the frame at this place; None if none begins there."""
    if head[:1] and head[0] in _SKIPPABLE[0] and head[1:4] == _SKIPPABLE[1]:
        return 8 + int.from_bytes(head[4:8], "little")
    if head[:4] != _MAGIC:
        return None
    import zstandard

    checksum = 4 if zstandard.get_frame_parameters(head).has_checksum else 0
    return _end_of_blocks(file, at + zstandard.frame_header_size(head)) + checksum - at


def _end_of_blocks(file: BinaryIO, at: int) -> int:
    """Return where the last block of a frame ends, be it in the file or beyond."""
    last = False
    while not last:
        file.seek(at)
        block = int.from_bytes(file.read(3), "little")
        if file.tell() < at + 3:
            return at + 3  # cut off within the block's head
        last, kind, length = bool(block & 1), block >> 1 & 3, block >> 3
        at += 3 + (1 if kind == _RUN_LENGTH else length)
    return at
