"""The index of a log: the lines of one market out of millions, in about a millisecond.

What the index says is where lines stand. A segment that it looks through it hashes in the same
pass, so what it makes, and keeps, is of a segment that holds together. What is kept is believed of
a segment with the same last commit, and each line that it leads to has to name the market that was
asked for. It does not hash again what it reads: whether a log still is what was written,
`analysis.load` says, which hashes what anybody touched since, and `verify`, which compares what is
kept with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

import msgspec
import polars as pl

from retailsim.analysis.lookup import kept
from retailsim.analysis.lookup.market_table import Key, MarketTable, by_segment
from retailsim.analysis.lookup.segment_lines import Misled, SegmentLines
from retailsim.analysis.lookup.stretches import read_head, stretches
from retailsim.analysis.projection.errors import LogUnreadable, NotARun
from retailsim.analysis.projection.log_lines import ENDS, Head, Line
from retailsim.events.log.hashed import FileMark, mark_of
from retailsim.events.log.scan import SegmentReader
from retailsim.events.log.seal import SEAL
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
        self._reader = SegmentLines()
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
        return [line for _, line in self.chosen_lines(market, lambda head: True)]

    def chosen_lines(self, market: str, wanted: Callable[[Head], bool]) -> list[Line]:
        """Return some of the lines, each behind what it says of itself; raises the same.

        Memory is bounded by what is wanted of a market, however long it is.
        """
        with self._lock:
            if self._empty:  # when it was made again, the log was damaged
                self.refresh()
            try:
                return self._chosen(market, wanted)
            except Misled:
                self._distrust()
            try:
                return self._chosen(market, wanted)
            except Misled:
                raise LogUnreadable(self._folder.name, "it changed while it was read") from None

    def _forget(self) -> None:
        self._closed: dict[Key, Marked] = {}
        self._open: dict[Key, _Open] = {}
        self._places, self._open_places = MarketTable(), MarketTable()
        self._reader.forget()
        self._believed = False
        self._sealed, self._empty = False, True

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
        grown = {
            key: _grown(one, self._open.get(key)) for key, one in marked.items() if one[0].is_open
        }
        if grown != self._open:
            opened = ((key, one.rows) for key, one in grown.items())
            self._open, self._open_places = grown, MarketTable().with_rows(opened)
        self._sealed = (self._folder / SEAL).exists()
        self._empty = False

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

    def _chosen(self, market: str, wanted: Callable[[Head], bool]) -> list[Line]:
        """Go through a market's lines; raises `Misled` where the index cannot be right."""
        chosen: list[Line] = []
        lines, numbered, last, ended = 0, 0, -1, False
        for line in self._lines_of(market):
            head = _head(line)
            if head.market != market:
                raise Misled
            lines += 1
            ended = ended or head.type in ENDS
            if head.seq is not None:
                numbered, last = numbered + 1, max(last, head.seq)
            if wanted(head):
                chosen.append((head, line))
        missing = lines == 0 or numbered != last + 1 or (self._sealed and not ended)
        if self._believed and missing:
            raise Misled
        return chosen

    def _lines_of(self, market: str) -> Iterator[bytes]:
        told = sorted(self._places.find(market) + self._open_places.find(market))
        for key, places in by_segment(told):
            segment = self._closed[key][0] if key in self._closed else self._open[key].segment
            yield from self._reader.at(segment, places)


def _head(line: bytes) -> Head:
    try:
        return read_head(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Misled from None


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
