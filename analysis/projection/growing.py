"""A log that somebody writes: only what is new of it is read, and counted as it comes.

What whole batches say is taken as it stands: nothing is hashed. So these are numbers for who
watches a run; those of a run that has ended come from `loader.load`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import msgspec
import polars as pl

from retailsim.analysis.projection import segment_cache
from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.packed import Packed, unpacked
from retailsim.analysis.projection.pieces import Pieces, extract, together
from retailsim.analysis.projection.projection import Projection, merged, opened
from retailsim.analysis.projection.protocol_tables import table_set
from retailsim.analysis.projection.registered import registered
from retailsim.events.log.format import COMMIT_START
from retailsim.events.log.segment import Segment, segments

AT_ONCE = 8 << 20
"""Bytes of a segment that are read before what they say is put aside."""


class Tally(msgspec.Struct, kw_only=True):
    """Running sums over what was read so far.

    Parameters
    ----------
    closed, failed : int
        Episodes that ended; a failed one that is played again is in neither.
    calls : int
        Answers of language models.
    nanousd : int
        What was paid for them, where the price is known.
    unpriced : int
        Answers without a price.
    """

    closed: int = 0
    failed: int = 0
    calls: int = 0
    nanousd: int = 0
    unpriced: int = 0


class GrowingLog:
    """The log of a run that may be going on; safe to use from several threads.

    Parameters
    ----------
    run : Path
        The run's folder.

    Raises
    ------
    BadTables
        As `loader.load`.
    """

    def __init__(self, run: Path) -> None:
        protocol = registered(run)
        self._folder, self._derived = run / "events", run / "derived"
        self._tables = table_set(protocol.name, protocol.tables)
        self._read: dict[tuple[int, int], int] = {}
        self._pieces: list[Pieces] = []
        self._sums = _Sums()
        self._lock = threading.Lock()

    @property
    def n_bytes(self) -> int:
        """How far the log was read: the sum of its segments' bytes."""
        return sum(self._read.values())

    @property
    def tally(self) -> Tally:
        """What was counted so far."""
        return self._sums.tally

    def advance(self) -> bool:
        """Read what is new, up to the last whole batch; returns whether there was anything.

        Raises
        ------
        LogDamaged
            If a segment is missing.
        LogUnreadable
            If an event is not as `events.messages` says.
        """
        with self._lock:
            before = self.n_bytes
            for segment in segments(self._folder):
                # A writer may close a segment, and so rename it, just before it is looked at.
                with suppress(FileNotFoundError):
                    for pieces in self._new(segment):
                        self._add(pieces)
            return self.n_bytes > before

    def projection(self) -> Projection:
        """Return what was read so far as a projection, its episodes as `loader.load` has them."""
        with self._lock:
            parts = list(self._pieces)
        return opened(merged(parts, self._tables), self._tables)

    def _new(self, segment: Segment) -> Iterator[Pieces]:
        key = segment.shard, segment.number
        start = self._read.get(key, 0)
        size = segment.size()
        if not start and (kept := self._kept(segment)) is not None:
            self._read[key] = size
            yield kept
            return
        for lines in _batches(segment, start, size):
            try:
                pieces = extract(lines, self._tables)
            except pl.exceptions.PolarsError as error:
                raise LogUnreadable(segment.path.name, str(error)) from error
            self._read[key] = self._read.get(key, 0) + len(lines)
            yield pieces

    def _kept(self, segment: Segment) -> Pieces | None:
        """What the writer of a closed segment kept of it."""
        if segment.is_open:
            return None
        kept = segment_cache.read(self._derived, segment, self._tables)
        last = None if kept is None else segment.last_commit()
        return kept.pieces() if kept and last and kept.digest == last.digest else None

    def _add(self, pieces: Pieces) -> None:
        """Put pieces aside, small ones together: their number grows as the log's logarithm."""
        self._sums.add(pieces)
        self._pieces.append(pieces)
        while len(self._pieces) > 1 and self._pieces[-2].events < 2 * self._pieces[-1].events:
            last, before = self._pieces.pop(), self._pieces.pop()
            self._pieces.append(together([before, last]))


def _batches(segment: Segment, start: int, size: int) -> Iterator[bytes]:
    """Yield whole batches, about `AT_ONCE` bytes at a time, up to the last commit line."""
    step = AT_ONCE
    while start < size:
        end = min(size, start + step)
        data = b"".join(segment.pieces([(start, end)]))
        whole = _whole(data)
        if whole:
            yield data[:whole]
            start, step = start + whole, AT_ONCE
        elif end == size:
            return
        else:  # one batch is larger than that
            step *= 2


def _whole(data: bytes) -> int:
    """Return where the last commit line ends; 0 without one that is whole."""
    before = len(data)
    while (at := data.rfind(b"\n" + COMMIT_START, 0, before)) >= 0:
        if (end := data.find(b"\n", at + 1)) >= 0:
            return end + 1
        before = at
    return 0


class _Sums:
    """What a `Tally` is made of.

    A market that fails takes the episodes with it that are open then, so those are remembered: they
    are few, for a market's events are written when it ends.
    """

    def __init__(self) -> None:
        self.tally = Tally()
        self._open: dict[str, str] = {}
        self._retried: set[str] = set()

    def add(self, pieces: Pieces) -> None:
        tally, episodes = self.tally, _frame(pieces, "episodes", _ENDS)
        ended = (pl.col("closed") > 0) | (pl.col("failed") > 0)
        tally.closed += int(episodes["closed"].sum())
        tally.failed += int(episodes["failed"].sum())
        for retried in set(episodes["retries"].drop_nulls()) - self._retried:
            self._retried.add(retried)
            tally.failed -= 1
        begun = episodes.filter(pl.col("opened") > 0, ~ended)
        self._open.update(begun.select("episode", "market").iter_rows())
        for episode in episodes.filter(ended)["episode"]:
            self._open.pop(episode, None)
        self._fail_with_markets(pieces)
        for name in ("calls", "unplaced_calls"):
            calls = _frame(pieces, name, ("calls", "cost_nanousd", "unpriced_calls"))
            tally.calls += int(calls["calls"].sum())
            tally.nanousd += int(calls["cost_nanousd"].sum())
            tally.unpriced += int(calls["unpriced_calls"].sum())

    def _fail_with_markets(self, pieces: Pieces) -> None:
        markets = _frame(pieces, "markets", ("market", "failed")).filter(pl.col("failed") > 0)
        failed = set(markets["market"])
        for episode in [one for one, market in self._open.items() if market in failed]:
            del self._open[episode]
            self.tally.failed += 1


_ENDS = ("episode", "market", "opened", "closed", "failed", "retries")


def _frame(pieces: Pieces, name: str, columns: tuple[str, ...]) -> pl.DataFrame:
    content: Packed = pieces.folded[name]
    return unpacked(content, columns)
