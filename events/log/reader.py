"""Reading a folder of segments: its batches, its lines, or only whether it is whole."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from retailsim.events.errors import LogDamaged
from retailsim.events.log.format import GENESIS, Header
from retailsim.events.log.hashed import FileMark, Hashed, mark_of
from retailsim.events.log.scan import Batch, SegmentReader
from retailsim.events.log.seal import SealedSegment, compare, read_seal
from retailsim.events.log.segment import Segment, by_shard, segments

__all__ = ["Batch", "LogCheck", "Segment", "SegmentCheck", "check", "read_batches", "read_lines"]


@dataclass(frozen=True, slots=True)
class SegmentCheck:
    """A segment that was hashed from end to end.

    Parameters
    ----------
    segment : Segment
        The file.
    header : Header or None
        None for an open segment whose first batch is not complete.
    good_bytes : int
        Uncompressed length up to the last good commit.
    events : int
        Event lines up to there.
    digest : str
        Digest of that commit; without one, empty.
    torn_bytes : int
        What stands behind that commit and does not count.
    mark : FileMark or None
        Of the file, before it was hashed; None if it was renamed meanwhile.
    hashed_at : datetime or None
        When it was hashed, if not just now.
    """

    segment: Segment
    header: Header | None
    good_bytes: int
    events: int
    digest: str
    torn_bytes: int
    mark: FileMark | None = None
    hashed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogCheck:
    """A log that was found whole; `segments` are ordered by shard and number."""

    segments: tuple[SegmentCheck, ...]

    @property
    def events(self) -> int:
        """Event lines in all segments."""
        return sum(checked.events for checked in self.segments)

    def hashed(self, now: datetime) -> dict[str, Hashed]:
        """Return what to remember of its closed segments, by the names of their files."""
        return {
            one.segment.path.name: Hashed(
                at=one.hashed_at or now,
                mark=one.mark,
                header=one.header,
                good_bytes=one.good_bytes,
                events=one.events,
                digest=one.digest,
            )
            for one in self.segments
            if not one.segment.is_open and one.header is not None and one.mark is not None
        }


def check(
    folder: Path,
    *,
    allow_open_tail: bool = True,
    threads: int | None = None,
    look: Callable[[Batch], None] | None = None,
    known: Mapping[str, Hashed] = MappingProxyType({}),
) -> LogCheck:
    """Hash the whole log and compare it with its chain and, where there is one, its seal.

    Segments are hashed side by side, since each header says which digest it continues, and the
    links are compared afterwards. Reading and hashing run outside the interpreter's lock.

    Parameters
    ----------
    folder : Path
        The folder of the segments.
    allow_open_tail : bool
        Whether an open segment at the end of a shard may end in an incomplete batch.
    threads : int, optional
        How many segments are hashed at once; by default one per core.
    look : callable, optional
        Given each batch that was found good, so that who needs its lines reads them with the same
        pass: from several threads, but those of one segment in order. What it was given counts
        once the whole log is known to be whole.
    known : mapping of str to Hashed
        What is remembered of files: those that nobody touched since are not hashed again, and
        none of them may be missing.

    Raises
    ------
    LogDamaged
        At the first damaged place, in the order of shards and segments.
    ZstdMissing
        If a segment is compressed and the package for that is not installed.
    """
    listed = segments(folder)
    _compare_names(folder, listed, known)
    last = {segment.shard: segment for segment in listed}

    def hashed(segment: Segment) -> SegmentCheck:
        mark = mark_of(segment.path)
        was = known.get(segment.path.name)
        if was is not None and was.mark == mark and not segment.is_open:
            return _as_remembered(segment, was)
        tail = allow_open_tail and segment.is_open and segment is last[segment.shard]
        return replace(_check_segment(segment, torn_ok=tail, look=look), mark=mark)

    with ThreadPoolExecutor(threads or os.cpu_count() or 1) as pool:
        checked = tuple(pool.map(hashed, listed))
    _compare_links(checked)
    seal = read_seal(folder)
    if seal is not None:
        compare(seal, folder, map(_as_sealed, checked))
    return LogCheck(checked)


def _compare_names(folder: Path, listed: Iterable[Segment], known: Mapping[str, Hashed]) -> None:
    """Refuse a log that a closed segment is gone from, with its seal or where there was none."""
    there = {segment.path.name.partition(".")[0] for segment in listed}
    for name in sorted(known):
        if name.partition(".")[0] not in there:
            raise LogDamaged(folder / name, 0, "the segment is missing")


def read_batches(source: Path | Segment) -> Iterator[Batch]:
    """Yield verified batches in the order of shards, segments and offsets.

    Memory is bounded by the largest batch. What was yielded before an error was good. The last
    segment of a shard may be open and torn. The seal is not looked at: see `check`.

    Parameters
    ----------
    source : Path or Segment
        The folder of the log, or one segment of it.

    Raises
    ------
    LogDamaged
        At the first damaged place.
    """
    if isinstance(source, Segment):
        yield from SegmentReader(source, torn_ok=source.is_open)
        return
    for listed in by_shard(segments(source)):
        yield from _shard_batches(listed)


def read_lines(source: Path | Segment) -> Iterator[bytes]:
    """Yield verified event lines, without their newlines, in the order of `read_batches`."""
    for batch in read_batches(source):
        yield from batch.lines[:-1].split(b"\n")


def _shard_batches(listed: list[Segment]) -> Iterator[Batch]:
    digest = GENESIS
    for segment in listed:
        torn_ok = segment.is_open and segment is listed[-1]
        for batch in SegmentReader(segment, torn_ok=torn_ok, previous=digest):
            digest = batch.digest
            yield batch


def _check_segment(
    segment: Segment, *, torn_ok: bool, look: Callable[[Batch], None] | None
) -> SegmentCheck:
    reader = SegmentReader(segment, torn_ok=torn_ok)
    if look is None:
        reader.verify()
    else:
        for batch in reader:
            look(batch)
    return SegmentCheck(
        segment,
        reader.header,
        reader.good_bytes,
        reader.events,
        reader.digest or "",
        reader.torn_bytes,
    )


def _as_remembered(segment: Segment, was: Hashed) -> SegmentCheck:
    return SegmentCheck(
        segment, was.header, was.good_bytes, was.events, was.digest, 0, was.mark, was.at
    )


def _compare_links(checked: Iterable[SegmentCheck]) -> None:
    for before, after in itertools.pairwise(one for one in checked if one.header):
        assert before.header and after.header
        path, header = after.segment.path, after.header
        if header.run != before.header.run:
            raise LogDamaged(
                path, 0, f"it belongs to run {header.run!r}, not {before.header.run!r}"
            )
        if header.shard == before.header.shard and header.previous != before.digest:
            raise LogDamaged(path, 0, "it does not continue the segment before it")


def _as_sealed(checked: SegmentCheck) -> SealedSegment:
    segment = checked.segment
    return SealedSegment(
        shard=segment.shard,
        segment=segment.number,
        events=checked.events,
        bytes=checked.good_bytes,
        digest=checked.digest,
    )
