"""From a log to the partial rows of its segments: those that are kept, and the others by parsing.

Hashing and parsing run side by side over the same segments, and nothing parsed is used, or kept,
unless the hashes were right. A kept piece is used if it names the digest that was found.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from retailsim.analysis.projection import segment_cache
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.pieces import Pieces, extract
from retailsim.analysis.projection.protocol_tables import TableSet
from retailsim.events.log.hashed import Hashed
from retailsim.events.log.reader import LogCheck, check
from retailsim.events.log.scan import SegmentReader
from retailsim.events.log.segment import ByteStream, Segment, segments

_CHUNK_BYTES = 1_500_000
"""Decoded at once by one thread. Larger chunks cost memory, smaller ones time."""

_LOOKED_AT = 4096
"""Where the end of a line is looked for that is not far: most are a tenth of that."""

_HASHING_THREADS = 1
"""Hashing needs a fraction of the time of parsing; the other cores are for that."""

_PARSING_THREADS = 2
"""Folding uses all cores, decoding one."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a segment says; `digest` of the segment that it was kept of, None if parsed just now."""

    pieces: Pieces
    digest: str | None = None


def log_pieces(
    folder: Path, tables: TableSet, known: Mapping[str, Hashed], derived: Path | None
) -> tuple[LogCheck, list[Pieces]]:
    """Return a log as it was found whole, and the partial rows of each of its segments.

    Parameters
    ----------
    known : mapping of str to Hashed
        What need not be hashed again unless it was touched.
    derived : Path or None
        Where what closed segments say is kept; None: nowhere, so all are parsed.

    Raises
    ------
    LogDamaged, LogUnreadable
        As `loader.load`.
    """
    with ThreadPoolExecutor(1 + _PARSING_THREADS) as pool:
        checking = pool.submit(check, folder, threads=_HASHING_THREADS, known=known)
        early = {
            segment.path: pool.submit(_found, tables, segment, derived)
            for segment in segments(folder)
            if not segment.is_open
        }
        try:
            log = checking.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        reading = [
            early.get(one.segment.path) or pool.submit(_parsed, tables, one.segment, one.good_bytes)
            for one in log.segments
        ]
        found = [one.result() for one in reading]
    for at, one in enumerate(log.segments):
        if found[at].digest not in (None, one.digest):  # kept of another log
            found[at] = _parsed(tables, one.segment, one.good_bytes)
    parsed = sum(one.pieces.events for one in found)
    if parsed != log.events:
        raise LogUnreadable(folder.name, f"{parsed} events were read of {log.events}")
    if derived is not None:
        _keep(derived, tables, log, found)
    return log, [one.pieces for one in found]


def _keep(derived: Path, tables: TableSet, log: LogCheck, found: Iterable[_Found]) -> None:
    """Keep what was parsed of the closed segments that are worth it."""
    for one, new in zip(log.segments, found, strict=True):
        worth = not one.segment.is_open and one.good_bytes >= segment_cache.WORTH_BYTES
        if worth and new.digest is None:
            segment_cache.write(derived, one.segment, one.digest, tables, new.pieces)


def _found(tables: TableSet, segment: Segment, derived: Path | None) -> _Found:
    """Return what is kept of a closed segment; what is not is parsed."""
    kept, digest = (
        (None, None) if derived is None else segment_cache.where_kept(derived, segment, tables)
    )
    return _parsed(tables, segment) if kept is None else _Found(kept, digest)


def _parsed(tables: TableSet, segment: Segment, good_bytes: int | None = None) -> _Found:
    """Return what a segment says, or its first `good_bytes`."""
    try:
        return _Found(extract(chunks(segment, good_bytes), tables))
    except pl.exceptions.PolarsError as error:
        raise LogUnreadable(segment.path.name, str(error)) from error


def chunks(segment: Segment, good_bytes: int | None = None) -> Iterator[bytes]:
    """Yield whole lines of a segment, about `_CHUNK_BYTES` at a time, up to `good_bytes`.

    None: to its end, wherever that is; a length that a file states of itself is not believed.
    """
    rest, left = b"", good_bytes
    with closing(segment.open()) as stream:
        while block := stream.read(_size(stream, left)):
            left = None if left is None else left - len(block)
            cut = block.rfind(b"\n") + 1
            if cut == len(block) and not rest:
                yield block
            elif cut:
                yield b"".join((rest, memoryview(block)[:cut]))
                rest = block[cut:]
            else:
                rest += block
    if rest:
        yield rest


def _size(stream: ByteStream, left: int | None) -> int:
    """Return how much to read next: of a file up to the end of a line, so that nothing is copied.

    A copy of every chunk, made under the interpreter's lock, takes longer than reading it.
    """
    size = _CHUNK_BYTES if left is None else min(left, _CHUNK_BYTES)
    if size <= _LOOKED_AT or not isinstance(stream, io.FileIO):
        return size
    before = size - _LOOKED_AT
    found = os.pread(stream.fileno(), _LOOKED_AT, stream.tell() + before)
    cut = found.rfind(b"\n") + 1
    return before + cut if cut and len(found) == _LOOKED_AT else size


def keep_closed(segment: Segment, tables: TableSet, derived: Path) -> None:
    """Keep what a segment says that its writer has closed, hashed in the same pass.

    Raises
    ------
    LogDamaged
        If it is not as its commits say.
    polars.exceptions.ComputeError
        If an event in it is not as `events.messages` says.
    """
    reader = SegmentReader(segment, torn_ok=False)
    pieces = extract(_joined(batch.lines for batch in reader), tables)
    segment_cache.write(derived, segment, reader.digest or "", tables, pieces)


def _joined(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts, about `_CHUNK_BYTES` of them at a time."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= _CHUNK_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)
