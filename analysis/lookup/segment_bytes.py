"""The bytes at some places of a segment, plain or compressed."""

from __future__ import annotations

import io
import os
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import closing

from retailsim.events.log.segment import ByteStream, Segment

MOST_WHOLE = 256 << 20
"""A compressed segment of more than this is gone through each time instead of being held."""

Place = tuple[int, int]
"""Offset and length in the uncompressed segment, in bytes."""


class OutOfBounds(Exception):
    """A place is not within its segment."""


class SegmentBytes:
    """Reads places of segments; of compressed ones, which cannot be entered, the last few are held.

    Parameters
    ----------
    most_held : int
        How many.
    """

    def __init__(self, most_held: int = 2) -> None:
        self._most = most_held
        self._held: OrderedDict[tuple[int, int], bytes] = OrderedDict()

    @property
    def holds(self) -> int:
        """Return how many are held."""
        return len(self._held)

    def forget(self) -> None:
        """Hold nothing any more: the segments may be other ones now."""
        self._held.clear()

    def at(self, segment: Segment, places: Sequence[Place]) -> list[bytes]:
        """Return what stands at some places, which are in order.

        Raises
        ------
        OutOfBounds
            If the segment ends before.
        LogDamaged
            If it is gone, or cannot be decompressed.
        """
        key = segment.shard, segment.number
        if (whole := self._held.get(key)) is not None:
            self._held.move_to_end(key)
            return _cut(whole, places)
        with closing(segment.open()) as stream:
            if isinstance(stream, io.FileIO):
                return _entered(stream, places)
            whole = _up_to(stream, MOST_WHOLE)
        if len(whole) > MOST_WHOLE:
            return _passed_through(segment, places)
        self._held[key] = whole
        while len(self._held) > self._most:
            self._held.popitem(last=False)
        return _cut(whole, places)


def _entered(file: io.FileIO, places: Iterable[Place]) -> list[bytes]:
    size = os.fstat(file.fileno()).st_size
    found = []
    for offset, length in places:
        if offset + length > size:
            raise OutOfBounds
        found.append(os.pread(file.fileno(), length, offset))
    return found


def _cut(whole: bytes, places: Iterable[Place]) -> list[bytes]:
    found = []
    for offset, length in places:
        if offset + length > len(whole):
            raise OutOfBounds
        found.append(whole[offset : offset + length])
    return found


def _passed_through(segment: Segment, places: Sequence[Place]) -> list[bytes]:
    if any(offset + length > segment.size() for offset, length in places):
        raise OutOfBounds
    return list(segment.pieces((offset, offset + length) for offset, length in places))


def _up_to(stream: ByteStream, most: int) -> bytes:
    """Return what a stream holds; of a longer one, some more than `most` bytes."""
    parts, size = [], 0
    while size <= most and (part := stream.read(1 << 20)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)
