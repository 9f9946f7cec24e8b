"""What the log holds of one market: the answers it was given, and its event lines, in order.

A market may be larger than memory, so its lines stay where they are until they are compared, and
are read a piece at a time. They may stand in several shards, in any order of the shards, where a
run was resumed with another number of workers; so they are put in the order of ``seq``.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from retailsim.events.log.format import segment_name
from retailsim.events.log.reader import read_batches
from retailsim.events.log.segment import Segment, segments
from retailsim.events.messages import LoggedRecord, ModelCalled, OutsideAnswered
from retailsim.events.recorded_answers import StoredAnswers, decode_record
from retailsim.sim.errors import MarketDiverged
from retailsim.sim.play.survey import Stretch, end_of, places, stretches

HELD_BYTES = 4 << 20
"""Lines of a market that are held while the log is read; of more, only the places are."""

_AFTER = "events are logged after its end"
_SEQ = re.compile(rb'"seq":(\d+),')
_KIND = re.compile(rb'\{"type":"([^"]++)"')
_RECORDS = frozenset(kind.__name__.encode() for kind in (OutsideAnswered, ModelCalled))


class StoredLines:
    """Event lines of one market where they stand in the log; iterating yields pieces of them.

    Parameters
    ----------
    events : Path
        The folder of the log.
    where : sequence of Stretch
    """

    def __init__(self, events: Path, where: Sequence[Stretch]) -> None:
        self._events = events
        self._where = where

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines in the order of ``seq``, some at a time."""
        shards: dict[int, list[Stretch]] = {}
        for one in sorted(self._where):
            shards.setdefault(one.shard, []).append(one)
        if len(shards) == 1:
            for piece in self.pieces():
                yield b"".join(line for line in piece if not is_record(line))
            return
        parts = [self._lines(own) for own in shards.values()]
        yield from heapq.merge(*parts, key=_seq)

    def pieces(self, where: Sequence[Stretch] | None = None) -> Iterator[list[bytes]]:
        """Yield the lines of each stretch, records of answers among them."""
        listed = sorted(self._where if where is None else where)
        for place, group in itertools.groupby(listed, key=lambda one: (one.shard, one.segment)):
            path = self._events / segment_name(*place, ".open")  # or what it has become since
            segment = Segment(path, *place, ".open")
            for piece in segment.pieces((one.start, one.end) for one in group):
                yield piece.splitlines(keepends=True)

    def records(self) -> Iterator[bytes]:
        """Yield the lines that are records of answers."""
        for piece in self.pieces():
            yield from filter(is_record, piece)

    def _lines(self, where: Sequence[Stretch]) -> Iterator[bytes]:
        for piece in self.pieces(where):
            yield from (line for line in piece if not is_record(line))


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """What the log holds of a market.

    Parameters
    ----------
    records : tuple of records or StoredAnswers
        The recorded answers of the outside world.
    events : bytes or StoredLines
        The event lines flushed so far; a re-execution begins with the same.
    """

    records: tuple[LoggedRecord, ...] | StoredAnswers = ()
    events: bytes | StoredLines = b""

    def behind(self, first: tuple[LoggedRecord, ...]) -> Leftover:
        """Return it with further answers, as its first."""
        records = self.records
        if isinstance(records, StoredAnswers):
            return Leftover(records=records.behind(first), events=self.events)
        return Leftover(records=(*first, *records), events=self.events)


class Leftovers(Mapping[str, Leftover]):
    """What the log holds of markets that were begun, each read when it is asked for.

    Parameters
    ----------
    events : Path
        The folder of the log.
    begun : mapping of market to stretches
        Where it holds something of them.
    shared : mapping of market to records, optional
        Further answers of each, as its first.
    """

    def __init__(
        self,
        events: Path,
        begun: Mapping[str, Sequence[Stretch]],
        shared: Mapping[str, tuple[LoggedRecord, ...]] | None = None,
    ) -> None:
        self._events, self._begun, self._shared = events, begun, shared or {}
        self._names = dict.fromkeys((*begun, *self._shared))

    def __getitem__(self, market: str) -> Leftover:
        """Read what there is of one market."""
        if market not in self._names:
            raise KeyError(market)
        where = self._begun.get(market, ())
        stored = StoredLines(self._events, where)
        if sum(one.end - one.start for one in where) > HELD_BYTES:
            left = Leftover(records=self._answers(stored), events=stored)
        else:
            left = Leftover(
                records=tuple(map(decode_record, stored.records())), events=b"".join(stored)
            )
        return left.behind(self._shared.get(market, ()))

    def _answers(self, stored: StoredLines) -> tuple[LoggedRecord, ...] | StoredAnswers:
        """Answers of a market that may be larger than memory."""
        try:
            return StoredAnswers(stored.records(), self._events.parent)
        except OSError:  # nowhere is room for a file; what then does not fit fails by itself
            return tuple(map(decode_record, stored.records()))

    def __iter__(self) -> Iterator[str]:
        """Go through the markets."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)


def whole_markets(events: Path) -> Iterator[tuple[str, Leftover]]:
    """Yield each market that is done in the log, with everything the log holds of it.

    Memory is bounded by `HELD_BYTES` of each market that is open at the same time; of larger
    ones, and of those whose lines stand in several shards, the places are remembered.

    Raises
    ------
    MarketDiverged
        If a market goes on after its end.
    """
    scattered = _scattered(events)
    where = places(events, scattered)
    for market, leftover in Leftovers(events, where).items():
        pieces = StoredLines(events, where[market]).pieces()
        if any(end_of(line) for piece in pieces for line in piece):
            yield market, leftover
    gathered: dict[str, _Gathered] = {}
    done: set[str] = set()
    for batch in read_batches(events):
        for market, stretch in stretches(batch, b"\n" + batch.lines):
            if market in scattered:
                continue
            if market in done:
                raise MarketDiverged(market, _AFTER)
            lines = batch.lines[stretch.start - batch.offset : stretch.end - batch.offset]
            gathered.setdefault(market, _Gathered()).add(stretch, lines)
            end = end_of(lines)
            if end and end < len(lines):
                raise MarketDiverged(market, _AFTER)
            if end:
                done.add(market)
                yield market, gathered.pop(market).leftover(events)


def _scattered(events: Path) -> frozenset[str]:
    """Name the markets whose lines stand in more than one shard."""
    if len({segment.shard for segment in segments(events)}) < 2:
        return frozenset()
    home: dict[str, int] = {}
    found: set[str] = set()
    for batch in read_batches(events):
        for market, stretch in stretches(batch, b"\n" + batch.lines):
            if home.setdefault(market, stretch.shard) != stretch.shard:
                found.add(market)
    return frozenset(found)


class _Gathered:
    """One market's lines, as they are found in one shard."""

    def __init__(self) -> None:
        self._where: list[Stretch] = []
        self._held: list[bytes] = []
        self._size = 0

    def add(self, stretch: Stretch, lines: bytes) -> None:
        self._where.append(stretch)
        self._size += len(lines)
        if self._size <= HELD_BYTES:
            self._held.append(lines)
        else:
            self._held.clear()

    def leftover(self, events: Path) -> Leftover:
        if self._size > HELD_BYTES:
            return Leftovers(events, {"": self._where})[""]
        lines = b"".join(self._held).splitlines(keepends=True)
        return Leftover(
            records=tuple(map(decode_record, filter(is_record, lines))),
            events=b"".join(line for line in lines if not is_record(line)),
        )


def is_record(line: bytes) -> bool:
    """Whether a line is the record of an outside answer."""
    found = _KIND.match(line)
    return found is not None and found[1] in _RECORDS


def _seq(line: bytes) -> int:
    found = _SEQ.search(line)
    return int(found[1]) if found else -1
