"""What the log holds of a market's outside answers, to be found by call when it is played again.

As a rule they are held. Those of one market that may be larger than memory (`StoredAnswers`) lie in
a file without a name, which vanishes with its process; memory has eight bytes for each.
"""

from __future__ import annotations

import tempfile
import weakref
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Protocol
from zlib import crc32

import msgspec

from retailsim.events.messages import LoggedRecord, OutsideAnswered

FAILURE = "failed:"
"""Begins the key of a recorded failure of a whole reply."""

Failures = dict[tuple[str | None, str, str], OutsideAnswered]
"""Recorded failures of whole replies, by episode, source and key."""

decode_record = msgspec.json.Decoder(LoggedRecord).decode

_PLACE_BITS = 40
"""Of the place of a line in its file: a terabyte."""


class Answers(Protocol):
    """Recorded answers of one market."""

    @property
    def failures(self) -> Failures:
        """Those that are failures of whole replies."""
        ...

    def find(self, episode: str | None, source: str, call: int) -> LoggedRecord | None:
        """Return what is recorded for a call, if anything."""
        ...


class HeldAnswers:
    """Answers at hand; of several for one call the last one counts."""

    def __init__(self, records: Iterable[LoggedRecord]) -> None:
        self._records = {(one.episode, one.source, one.call): one for one in records}
        self.failures = dict(_failures(self._records.values()))

    def find(self, episode: str | None, source: str, call: int) -> LoggedRecord | None:
        """Return what is recorded for a call, if anything."""
        return self._records.get((episode, source, call))


class _Call(msgspec.Struct):
    """What names the call of a record."""

    episode: str | None
    source: str
    call: int


_decode_call = msgspec.json.Decoder(_Call).decode


class StoredAnswers:
    """Answers in a file of their own; iterating reads one after the other.

    Parameters
    ----------
    lines : iterable of bytes
        The records' lines in the log, in any order; of several for one call the last one counts.
    near : Path
        Where the file is made if possible: beside a log that is as large.

    Raises
    ------
    OSError
        If no file can be made, or it cannot hold them.
    """

    def __init__(self, lines: Iterable[bytes], near: Path) -> None:
        self._file = _unnamed(near)
        weakref.finalize(self, self._file.close)
        self._size = 0
        self._first: tuple[LoggedRecord, ...] = ()
        self._held = HeldAnswers(())
        found, failed = array("Q"), list[LoggedRecord]()
        for line in lines:
            found.append(_start(_decode_call(line)) | self._size)
            if b'"key":"' + FAILURE.encode() in line:
                failed.append(decode_record(line))
            self._size += self._file.write(line)
        self._file.flush()
        self._index = array("Q", sorted(found))
        self._failed = failed

    def behind(self, first: tuple[LoggedRecord, ...]) -> StoredAnswers:
        """Return these behind others that are at hand, and count only where these say nothing."""
        self._first, self._held = first, HeldAnswers(first)
        return self

    @property
    def failures(self) -> Failures:
        """Those that are failures of whole replies, and what counts for their calls."""
        listed = (*self._held.failures.values(), *self._failed)
        return dict(
            _failures(one for one in listed if self.find(one.episode, one.source, one.call) == one)
        )

    def find(self, episode: str | None, source: str, call: int) -> LoggedRecord | None:
        """Return what is recorded for a call, if anything."""
        wanted = _Call(episode, source, call)
        start, found = _start(wanted), None
        at = bisect_left(self._index, start)
        while at < len(self._index) and self._index[at] >> _PLACE_BITS == start >> _PLACE_BITS:
            line = self._line(self._index[at] - start)
            found = line if _decode_call(line) == wanted else found
            at += 1
        return self._held.find(episode, source, call) if found is None else decode_record(found)

    def __iter__(self) -> Iterator[LoggedRecord]:
        """Yield them in the order of the log, behind those at hand."""
        yield from self._first
        at = 0
        while at < self._size:
            line = self._line(at)
            at += len(line)
            yield decode_record(line)

    def _line(self, at: int) -> bytes:
        self._file.seek(at)
        return self._file.readline()


def _failures(
    records: Iterable[LoggedRecord],
) -> Iterator[tuple[tuple[str | None, str, str], OutsideAnswered]]:
    for one in records:
        if isinstance(one, OutsideAnswered) and one.key.startswith(FAILURE):
            yield (one.episode, one.source, one.key), one


def _start(call: _Call) -> int:
    """Where a call's places begin in the index; who else begins there is told apart by reading."""
    name = f"{call.source}\0{call.call}\0{call.episode}"
    return (crc32(name.encode()) & 0xFFFFFF) << _PLACE_BITS


def _unnamed(near: Path) -> BinaryIO:
    with suppress(OSError):
        return tempfile.TemporaryFile(dir=near)
    return tempfile.TemporaryFile()
