"""What an interrupted run left in its log: which markets are done, and what the others have.

The log is read a verified batch at a time. Markets are found by the beginnings of their lines,
because decoding every line of a million episodes would take minutes. The lines of one market may
stand in several shards, in any order of the shards, where a run was resumed with another number
of workers; so they are put in the order of ``seq``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from retailsim.events.log.reader import read_batches
from retailsim.events.log.segment import segments
from retailsim.events.messages import LoggedRecord, ModelCalled, OutsideAnswered
from retailsim.sim.errors import MarketDiverged

_TYPE = rb'^\{"type":"'
_MARKET = rb'","market":"((?:[^"\\]|\\.)*)"'
_CLOSED = re.compile(_TYPE + rb"(?:MarketClosed|MarketFailed)" + _MARKET, re.M)
_OPENED = re.compile(_TYPE + rb"MarketOpened" + _MARKET, re.M)
_RECORD = re.compile(_TYPE + rb"(?:OutsideAnswered|ModelCalled)" + _MARKET, re.M)
_ANY = re.compile(_TYPE + rb"[A-Za-z]+" + _MARKET, re.M)
_LINE = re.compile(_TYPE + rb'([A-Za-z]+)","market":"((?:[^"\\]|\\.)*)"')
_SEQ = re.compile(rb'"seq":(\d+),')

_decode_record = msgspec.json.Decoder(LoggedRecord).decode
_decode_text = msgspec.json.Decoder(str).decode


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


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """The state of an interrupted run.

    Parameters
    ----------
    closed : frozenset of str
        Markets that are done.
    begun : mapping of market to Leftover
        The others that the log knows of.
    """

    closed: frozenset[str] = frozenset()
    begun: Mapping[str, Leftover] = {}


def recovered(events: Path) -> Recovered:
    """Read the log of an interrupted run.

    Raises
    ------
    LogDamaged
        If the log is damaged.
    """
    closed: set[str] = set()
    begun: set[str] = set()
    for batch in read_batches(events):
        closed.update(_names(_CLOSED, batch.lines))
        begun.update(_names(_OPENED, batch.lines))
        begun.update(_names(_RECORD, batch.lines))
    begun -= closed
    return Recovered(closed=frozenset(closed), begun=leftovers(events, begun) if begun else {})


def leftovers(events: Path, markets: Collection[str]) -> dict[str, Leftover]:
    """Return what the log holds of these markets."""
    gathered = {market: _Gathered() for market in markets}
    for market, kind, line in market_lines(events):
        if market in gathered:
            gathered[market].add(kind, line)
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
    for market, leftover in leftovers(events, scattered).items() if scattered else ():
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
    return frozenset(map(_text, found))


def market_lines(events: Path) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield (market, type of the event or record, line) for all lines."""
    name, text = b"", ""
    for batch in read_batches(events):
        for line in batch.lines.splitlines():
            found = _LINE.match(line)
            if found is None:
                continue
            if found[2] != name:
                name, text = found[2], _text(found[2])
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

    def leftover(self) -> Leftover:
        self._lines.sort(key=_seq)
        lines = b"".join(self._lines)
        return Leftover(records=tuple(self._records), events=lines)


_ENDS = frozenset({b"MarketClosed", b"MarketFailed"})
_RECORDS = frozenset(kind.__name__.encode() for kind in (OutsideAnswered, ModelCalled))


def _seq(line: bytes) -> int:
    found = _SEQ.search(line)
    return int(found[1]) if found else -1


def _names(pattern: re.Pattern[bytes], lines: bytes) -> set[str]:
    return {_text(name) for name in set(pattern.findall(lines))}


def _text(quoted: bytes) -> str:
    """Undo JSON's escapes, which only names with odd characters have."""
    return _decode_text(b'"' + quoted + b'"') if b"\\" in quoted else quoted.decode()
