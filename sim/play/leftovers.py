"""What an interrupted run left in its log: which markets are done, and what the others have.

The log is read a verified batch at a time. Markets are found by the beginnings of their lines,
because decoding every line of a million episodes would take minutes. The lines of one market may
stand in several shards, in any order of the shards, where a run was resumed with another number
of workers; so they are put in the order of ``seq``.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from retailsim.events.log.reader import read_batches
from retailsim.events.log.segment import segments
from retailsim.events.messages import LoggedRecord, ModelCalled, OutsideAnswered
from retailsim.sim.errors import MarketDiverged
from retailsim.sim.play.survey import Stretch, places, text_of

_TYPE = rb'^\{"type":"'
_MARKET = rb'","market":"((?:[^"\\]|\\.)*)"'
_CLOSED = re.compile(_TYPE + rb"(?:MarketClosed|MarketFailed)" + _MARKET, re.M)
_ANY = re.compile(_TYPE + rb"[A-Za-z]+" + _MARKET, re.M)
_LINE = re.compile(_TYPE + rb'([A-Za-z]+)","market":"((?:[^"\\]|\\.)*)"')
_SEQ = re.compile(rb'"seq":(\d+),')

_decode_record = msgspec.json.Decoder(LoggedRecord).decode


class Leftover(msgspec.Struct, frozen=True, kw_only=True):
    """What the log holds of a market that is not done.

    Parameters
    ----------
    records : tuple of records
        The recorded answers of the outside world.
    events : bytes
        The event lines flushed so far; a re-execution begins with the same.
    """

    records: tuple[LoggedRecord, ...] = ()
    events: bytes = b""


def leftovers(events: Path, begun: Mapping[str, Sequence[Stretch]]) -> dict[str, Leftover]:
    """Return what the log holds of these markets, read where it stands."""
    where = sorted((one, market) for market, stretches in begun.items() for one in stretches)
    listed = {(segment.shard, segment.number): segment for segment in segments(events)}
    gathered = {market: _Gathered() for market in begun}
    for place, group in itertools.groupby(where, key=lambda one: (one[0].shard, one[0].segment)):
        here = list(group)
        pieces = listed[place].pieces((stretch.start, stretch.end) for stretch, _ in here)
        for lines, (_, market) in zip(pieces, here, strict=True):
            gathered[market].add_lines(lines)
    return {market: one.leftover() for market, one in gathered.items()}


def whole_markets(events: Path) -> Iterator[tuple[str, Leftover]]:
    """Yield each market that is done in the log, with everything the log holds of it.

    Memory is bounded by the markets that are open side by side and by those whose lines stand
    in several shards.

    Raises
    ------
    MarketDiverged
        If a market goes on after its end.
    """
    scattered = _scattered(events)
    for market, leftover in leftovers(events, places(events, scattered)).items():
        if _CLOSED.search(leftover.events):
            yield market, leftover
    gathered: dict[str, _Gathered] = {}
    done: set[str] = set()
    for market, kind, line in market_lines(events):
        if market in scattered:
            continue
        if market in done:
            raise MarketDiverged(market, "events are logged after its end")
        gathered.setdefault(market, _Gathered()).add(kind, line)
        if kind in _ENDS:
            done.add(market)
            yield market, gathered.pop(market).leftover()


def _scattered(events: Path) -> frozenset[str]:
    """Name the markets whose lines stand in more than one shard."""
    if len({segment.shard for segment in segments(events)}) < 2:
        return frozenset()
    home: dict[bytes, int] = {}
    found: set[bytes] = set()
    for batch in read_batches(events):
        shard = batch.segment.shard
        found.update(
            name for name in set(_ANY.findall(batch.lines)) if home.setdefault(name, shard) != shard
        )
    return frozenset(map(text_of, found))


def market_lines(events: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield (market, type of the event or record, line) for all lines."""
    name, text = b"", ""
    for batch in read_batches(events):
        for line in batch.lines.splitlines():
            found = _LINE.match(line)
            if found is None:
                continue
            if found[2] != name:
                name, text = found[2], text_of(found[2])
            yield text, found[1], line


class _Gathered:
    """One market's lines, as they are found."""

    def __init__(self) -> None:
        self._records: list[LoggedRecord] = []
        self._lines: list[bytes] = []

    def add(self, kind: bytes, line: bytes) -> None:
        if kind in _RECORDS:
            self._records.append(_decode_record(line))
        else:
            self._lines.append(line + b"\n")

    def add_lines(self, lines: bytes) -> None:
        for line in lines.splitlines():
            found = _LINE.match(line)
            if found is not None:
                self.add(found[1], line)

    def leftover(self) -> Leftover:
        self._lines.sort(key=_seq)
        lines = b"".join(self._lines)
        return Leftover(records=tuple(self._records), events=lines)


_ENDS = frozenset({b"MarketClosed", b"MarketFailed"})
_RECORDS = frozenset(kind.__name__.encode() for kind in (OutsideAnswered, ModelCalled))


def _seq(line: bytes) -> int:
    found = _SEQ.search(line)
    return int(found[1]) if found else -1
