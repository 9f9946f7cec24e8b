"""The index of a log: the lines of one market out of millions, in about a millisecond.

What the index says is where lines stand. A segment that it looks through it hashes in the same
pass, so what it makes, and keeps, is of a segment that holds together. What is kept is believed of
a segment with the same last commit, and each line that it leads to has to name the market that was
asked for. It does not hash again what it reads: whether a log still is what was written,
`analysis.load` says, which hashes what anybody touched since, and `verify`, which compares what is
kept with it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

import msgspec
import polars as pl

from retailsim.analysis.lookup import kept
from retailsim.analysis.lookup.market_table import Key, MarketTable, by_segment
from retailsim.analysis.lookup.segment_bytes import OutOfBounds, Place, SegmentBytes
from retailsim.analysis.lookup.stretches import read_head, stretches
from retailsim.analysis.projection.errors import LogUnreadable, NotARun
from retailsim.analysis.projection.log_lines import Line
from retailsim.events.log.hashed import FileMark, mark_of
from retailsim.events.log.scan import SegmentReader
from retailsim.events.log.segment import Segment, segments

_THREADS = 2
"""Segments that are looked through side by side; each takes memory."""

_TRIES = 3
"""A run that is going on may close a segment, and so rename it, just before it is read."""

Marked = tuple[Segment, FileMark | None]
"""A segment, and by what it is told whether it was touched."""


@dataclass(frozen=True, slots=True, eq=False)
class _Open:
    """An open segment as far as it was looked through."""

    segment: Segment
    mark: FileMark | None
    reader: SegmentReader
    rows: pl.DataFrame


class LogIndex:
    """Where each market's lines lie in the log of a run, finished or not.

    Made by `open`. May be asked from several threads, one after the other.

    Parameters
    ----------
    run : Path
        The run's folder.
    """

    def __init__(self, run: Path) -> None:
        self._folder, self._derived = run / "events", run / "derived"
        self._lock = RLock()
        self._bytes = SegmentBytes()
        self._trusting = True
        self._forget()

    @classmethod
    def open(cls, run: str | Path) -> LogIndex:
        """Return the index of a run's log; what is not kept of it in ``RUN/derived`` is made.

        Raises
        ------
        NotARun
            If there is no log in the folder.
        LogDamaged, LogUnreadable, ZstdMissing
            As `refresh`.
        """
        run = Path(run)
        if not (run / "events").is_dir():
            raise NotARun(str(run))
        index = cls(run)
        index.refresh()
        return index

    def refresh(self) -> None:
        """Take in what was written since; open segments up to their last good commit.

        Raises
        ------
        LogDamaged
            If a segment that is looked through does not hold what was written.
        LogUnreadable
            If a line is no event.
        ZstdMissing
            If a segment is compressed and the package for that is not installed.
        """
        with self._lock:
            for _ in range(_TRIES - 1):
                try:
                    return self._refresh()
                except FileNotFoundError:
                    continue
            return self._refresh()

    def lines(self, market: str) -> list[bytes]:
        """Return a market's lines in the order of the log, without their newlines.

        Its events and the recorded answers of the outside world, as of the last `refresh`; none if
        no line names it.

        Raises
        ------
        LogDamaged, LogUnreadable, ZstdMissing
            As `refresh`, if what is kept turns out to be wrong and is made again.
        """
        return [line for _, line in self.headed_lines(market)]

    def headed_lines(self, market: str) -> list[Line]:
        """Return the same lines, each behind what it says of itself; raises the same."""
        with self._lock:
            found = self._found(market)
            if found is None or (self._believed and not _complete(found)):
                self._distrust()
                found = self._found(market)
            if found is None:
                raise LogUnreadable(self._folder.name, "it changed while it was read")
            return found

    def _forget(self) -> None:
        self._closed: dict[Key, Marked] = {}
        self._open: dict[Key, _Open] = {}
        self._places, self._open_places = MarketTable(), MarketTable()
        self._bytes.forget()
        self._believed = False

    def _distrust(self) -> None:
        """Make everything again from the log: what was kept misled, or the log changed."""
        self._trusting = False
        self._forget()
        self.refresh()

    def _refresh(self) -> None:
        marked: dict[Key, Marked] = {
            (segment.shard, segment.number): (segment, mark_of(segment.path))
            for segment in segments(self._folder)
        }
        if any(marked.get(key) != known for key, known in self._closed.items()):
            self._forget()
        new = {
            key: one
            for key, one in marked.items()
            if key not in self._closed and not one[0].is_open
        }
        if new:
            with ThreadPoolExecutor(_THREADS) as pool:
                rows = pool.map(self._closed_rows, new, new.values())
                self._places = self._places.with_rows(zip(new, rows, strict=True))
            self._closed |= new
        still = {key: one for key, one in marked.items() if one[0].is_open}
        if new or still:
            grown = {key: _grown(one, self._open.get(key)) for key, one in still.items()}
            if grown != self._open:
                self._open_places = MarketTable().with_rows(
                    (key, one.rows) for key, one in grown.items()
                )
            self._open = grown

    def _closed_rows(self, key: Key, one: Marked) -> pl.DataFrame:
        """Return the stretches of a closed segment, kept or made."""
        segment, _ = one
        commit = segment.last_commit() if self._trusting else None
        if commit is not None:
            rows = kept.read(self._derived, segment, commit.digest)
            if rows is not None:
                self._believed = True
                return rows
        made = _grown(one, self._open.get(key))
        if made.reader.good_bytes >= kept.WORTH_BYTES:
            kept.write(self._derived, segment, made.reader.digest or "", made.rows)
        return made.rows

    def _found(self, market: str) -> list[Line] | None:
        """Return a market's lines; None if something else stands at a place that is told."""
        told = sorted(self._places.find(market) + self._open_places.find(market))
        found: list[Line] = []
        for key, places in by_segment(told):
            segment = self._closed[key][0] if key in self._closed else self._open[key].segment
            lines = self._lines_at(segment, places, market)
            if lines is None:
                return None
            found += lines
        return found

    def _lines_at(self, segment: Segment, places: list[Place], market: str) -> list[Line] | None:
        around = [(offset - 1, length + 1) for offset, length in places]  # with the newline before
        try:
            found: list[Line] = []
            for block in self._bytes.at(segment, around):
                if block[:1] + block[-1:] != b"\n\n":
                    return None
                found += [(read_head(line), line) for line in block[1:-1].split(b"\n")]
        except (OutOfBounds, msgspec.DecodeError, UnicodeDecodeError):
            return None
        return found if all(head.market == market for head, _ in found) else None


def _grown(one: Marked, before: _Open | None) -> _Open:
    """Look through a segment, or what was written since to one that was open before."""
    segment, mark = one
    if before is None or mark is None or before.mark is None or before.mark.inode != mark.inode:
        before = None
    elif before.mark == mark:
        return before
    reader = SegmentReader(
        segment, torn_ok=segment.is_open, behind=None if before is None else before.reader
    )
    rows = stretches(segment.path.name, reader)
    return _Open(segment, mark, reader, rows if before is None else pl.concat([before.rows, rows]))


def _complete(found: list[Line]) -> bool:
    """Whether lines are there, and none is missing between events that are numbered."""
    numbers = {head.seq for head, _ in found if head.seq is not None}
    return bool(found) and numbers == set(range(len(numbers)))
