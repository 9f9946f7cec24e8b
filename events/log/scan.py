"""Reading one segment: cut it into batches and verify each.

Frames are found from the end of a block backwards, because bytes.rfind scans five times faster
than bytes.find here; with one hash over everything, the search would otherwise cost half as
much as the hash. They are hashed where they lie: a copy of each, and of its lines, would cost a
fifth of the hash, and is made under the interpreter's lock.
"""

from __future__ import annotations

import contextlib
import itertools
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from retailsim.events.errors import LogDamaged
from retailsim.events.log.format import (
    COMMIT_START,
    DIGEST_PART,
    FORMAT,
    GENESIS,
    Commit,
    Header,
    chain,
    parse_commit,
    parse_header,
)
from retailsim.events.log.segment import ByteStream, Segment

_BLOCK = 1 << 20
_LONGEST_COMMIT = 512


@dataclass(frozen=True, slots=True)
class Batch:
    """A verified batch.

    Parameters
    ----------
    segment : Segment
        Where it stands.
    offset : int
        Byte of the segment where its event lines begin.
    lines : bytes
        The event lines, each with its newline.
    count : int
        How many they are.
    digest : str
        The chain's digest with this batch.
    """

    segment: Segment
    offset: int
    lines: bytes
    count: int
    digest: str


class Frame(NamedTuple):
    """What may be a batch with its commit line, as it lies in what was read."""

    data: bytes
    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.end - self.start

    def last_line(self) -> int:
        """Return where in `data` its last line begins."""
        return max(self.start, self.data.rfind(b"\n", self.start, self.end - 1) + 1)


class _BadFrame(Exception):
    """Why a frame is not the next batch of its segment."""


class _Good(NamedTuple):
    """A verified frame: where in the segment and in its own data the event lines are."""

    offset: int
    lines: Frame
    commit: Commit


class SegmentReader:
    """Verified batches of one segment, in order; memory is bounded by its largest batch.

    Parameters
    ----------
    segment : Segment
        The file to read.
    torn_ok : bool
        Whether a bad tail with no valid commit behind it ends the segment quietly: true for the
        open segment at the end of a shard.
    previous : str, optional
        The digest the segment before ends with. Without it the header is believed, and the
        link is the caller's to compare.
    behind : SegmentReader, optional
        One that read the segment's beginning: this one goes on behind its last good batch.

    Attributes
    ----------
    header : Header or None
        The header, once a batch has proved it.
    good_bytes : int
        Uncompressed length up to the last good commit.
    events : int
        Event lines up to there.
    digest : str or None
        The digest up to there; None before the first batch.
    torn_bytes : int
        What was found behind it and does not count.
    """

    def __init__(
        self,
        segment: Segment,
        *,
        torn_ok: bool,
        previous: str | None = None,
        behind: SegmentReader | None = None,
    ) -> None:
        self.segment = segment
        self.header: Header | None = None
        self.good_bytes = 0
        self.events = 0
        self.digest: str | None = None
        self.torn_bytes = 0
        self._torn_ok = torn_ok
        self._previous = GENESIS if segment.number == 0 else previous
        if behind is not None:
            self.header, self.digest = behind.header, behind.digest
            self.good_bytes, self.events = behind.good_bytes, behind.events

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches.

        Raises
        ------
        LogDamaged
            At the first bad batch, unless it is a torn tail and `torn_ok`.
        """
        for offset, (data, start, end), commit in self._verified():
            yield Batch(self.segment, offset, data[start:end], commit.count, commit.digest)

    def verify(self) -> None:
        """Go through the batches where nobody needs their lines; raises what going through does."""
        for _ in self._verified():
            pass

    def _verified(self) -> Iterator[_Good]:
        with contextlib.closing(self.segment.open(self.good_bytes)) as stream:
            frames = cut_frames(stream)
            for frame in frames:
                try:
                    good = self._verify(frame)
                except _BadFrame as bad:
                    self._judge(str(bad), itertools.chain((frame,), frames))
                    return
                yield good
        if self.digest is None and not self._torn_ok:
            raise LogDamaged(self.segment.path, 0, "the segment is empty")

    def _verify(self, frame: Frame) -> _Good:
        data, first, end = frame
        at = frame.last_line()
        commit = parse_commit(data[at:end])
        if commit is None:
            raise _BadFrame("a batch without a whole commit line")
        header, start = self.header, first
        if header is None:
            start = data.find(b"\n", first) + 1
            header = self._parse_header(data[first:start])
        if commit.size != at - start:
            raise _BadFrame(f"{at - start} bytes of events where the commit says {commit.size}")
        covered = memoryview(data)[first : end - DIGEST_PART]
        digest = chain(self.digest or header.previous, covered)
        if digest != commit.digest:
            raise _BadFrame("the sha256 of a batch is not the one in its commit line")
        good = _Good(self.good_bytes + start - first, Frame(data, start, at), commit)
        self.header, self.digest = header, digest
        self.good_bytes += frame.size
        self.events += commit.count
        return good

    def _parse_header(self, line: bytes) -> Header:
        header = parse_header(line)
        if header is None:
            raise _BadFrame("the header line cannot be read")
        if header.format != FORMAT:
            raise _BadFrame(f"its format is {header.format}; this version reads {FORMAT}")
        if (header.shard, header.segment) != (self.segment.shard, self.segment.number):
            raise _BadFrame(f"its header says shard {header.shard}, segment {header.segment}")
        if self._previous not in (None, header.previous):
            raise _BadFrame("it does not continue the segment before it")
        return header

    def _judge(self, what: str, rest: Iterable[Frame]) -> None:
        for frame in rest:
            if not self._torn_ok or _stands_alone(frame):
                raise LogDamaged(self.segment.path, self.good_bytes, what)
            self.torn_bytes += frame.size


def cut_frames(stream: ByteStream) -> Iterator[Frame]:
    """Cut a segment behind every line that begins like a commit line.

    The frames joined are the stream; the last may lack its commit line. A block is at least as
    long as what is left over, so that a huge batch is not copied once per block.
    """
    left = b""
    while block := stream.read(max(_BLOCK, len(left))):
        data = left + block
        start = 0
        for end in _commit_ends(data, max(0, len(left) - _LONGEST_COMMIT)):
            yield Frame(data, start, end)
            start = end
        left = data[start:]
    if left:
        yield Frame(left, 0, len(left))


def _commit_ends(data: bytes, searched: int) -> list[int]:
    """Return where commit lines end, in order, leaving out those that begin before `searched`."""
    ends = []
    before = len(data)
    while (at := data.rfind(b"\n" + COMMIT_START, searched, before)) >= 0:
        end = data.find(b"\n", at + 1) + 1
        if end:
            ends.append(end)
        before = at
    return ends[::-1]


def _stands_alone(frame: Frame) -> bool:
    """Whether a frame ends with a commit whose events are those right before it."""
    data, start, end = frame
    at = frame.last_line()
    commit: Commit | None = parse_commit(data[at:end])
    if commit is None or not 0 < commit.size <= at - start:
        return False
    return zlib.crc32(memoryview(data)[at - commit.size : at]) == commit.crc32
