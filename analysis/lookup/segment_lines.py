"""The lines at some places of a segment, plain or compressed."""

from __future__ import annotations

import io
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice

from retailsim.events.errors import LogDamaged
from retailsim.events.log.segment import ByteStream, Segment

MOST_WHOLE = 256 << 20
"""A compressed segment of more than this is gone through each time instead of being held."""

BLOCK_BYTES = 4 << 20
"""Of a market of any length so much is in memory at once, beside what is wanted of it."""

Place = tuple[int, int]
"""Offset and length in the uncompressed segment, in bytes."""


class Misled(Exception):
    """What stands at a place is not what was said."""


class SegmentLines:
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

    def at(self, segment: Segment, places: Sequence[Place]) -> Iterator[bytes]:
        """Yield the lines at some places, which are in order, without their newlines.

        Raises
        ------
        Misled
            If a place is not within the segment, or no sequence of whole lines.
        LogDamaged
            If the segment is gone, or cannot be decompressed.
        """
        key = segment.shard, segment.number
        whole = self._held.get(key)
        if whole is None:
            with closing(segment.open()) as stream:
                if isinstance(stream, io.FileIO):
                    yield from _lines(places, os.fstat(stream.fileno()).st_size, _entered(stream))
                    return
                whole = _up_to(stream, MOST_WHOLE)
            if len(whole) > MOST_WHOLE:
                yield from _lines(places, sys.maxsize, _passed_through(segment))
                return
        self._hold(key, whole)
        yield from _lines(places, len(whole), _cut_out(whole))

    def _hold(self, key: tuple[int, int], whole: bytes) -> None:
        self._held[key] = whole
        self._held.move_to_end(key)
        while len(self._held) > self._most:
            self._held.popitem(last=False)


_Read = Callable[[Iterable[Place]], Iterator[bytes]]
"""Gives what stands at places, which are in order."""


def _entered(file: io.FileIO) -> _Read:
    return lambda places: (os.pread(file.fileno(), length, offset) for offset, length in places)


def _cut_out(whole: bytes) -> _Read:
    return lambda places: (whole[offset : offset + length] for offset, length in places)


def _passed_through(segment: Segment) -> _Read:
    def read(places: Iterable[Place]) -> Iterator[bytes]:
        try:
            yield from segment.pieces((offset, offset + length) for offset, length in places)
        except LogDamaged as error:
            raise Misled from error

    return read


def _lines(places: Sequence[Place], size: int, read: _Read) -> Iterator[bytes]:
    around = [(offset - 1, length + 1) for offset, length in places]  # with the newline before
    if any(offset + length > size for offset, length in around):
        raise Misled
    blocks = read(block for place in around for block in _blocks(place))
    for _, length in around:
        yield from _split(islice(blocks, -(-length // BLOCK_BYTES)))


def _blocks(place: Place) -> Iterator[Place]:
    offset, length = place
    for at in range(0, length, BLOCK_BYTES):
        yield offset + at, min(BLOCK_BYTES, length - at)


def _split(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the lines between the newline that blocks begin with and the one that they end with."""
    first = next(blocks)
    if first[:1] != b"\n":
        raise Misled
    *lines, rest = first[1:].split(b"\n")
    yield from lines
    for block in blocks:
        *lines, rest = (rest + block).split(b"\n")
        yield from lines
    if rest:
        raise Misled


def _up_to(stream: ByteStream, most: int) -> bytes:
    """Return what a stream holds; of a longer one, some more than `most` bytes."""
    parts, size = [], 0
    while size <= most and (part := stream.read(1 << 20)):
        parts.append(part)
        size += len(part)
    return b"".join(parts)
