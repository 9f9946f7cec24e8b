"""What an interrupted run left in its log: which markets are done, and what the others have.

The log is read once, a verified batch at a time. Markets are found by the beginnings of their
lines, because decoding every line of a million episodes would take minutes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from events.log.reader import read_batches
from events.messages import LoggedRecord, ModelCalled, OutsideAnswered

_TYPE = rb'^\{"type":"'
_MARKET = rb'","market":"((?:[^"\\]|\\.)*)"'
_CLOSED = re.compile(_TYPE + rb"(?:MarketClosed|MarketFailed)" + _MARKET, re.M)
_OPENED = re.compile(_TYPE + rb"MarketOpened" + _MARKET, re.M)
_RECORD = re.compile(_TYPE + rb"(?:OutsideAnswered|ModelCalled)" + _MARKET, re.M)
_LINE = re.compile(_TYPE + rb'([A-Za-z]+)","market":"((?:[^"\\]|\\.)*)"')

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
    records: dict[str, list[LoggedRecord]] = {market: [] for market in markets}
    lines: dict[str, list[bytes]] = {market: [] for market in markets}
    for market, is_record, line in market_lines(events):
        if market in markets:
            if is_record:
                records[market].append(_decode_record(line))
            else:
                lines[market].append(line + b"\n")
    return {
        market: Leftover(records=tuple(records[market]), events=b"".join(lines[market]))
        for market in markets
    }


def market_lines(events: Path) -> Iterator[tuple[str, bool, bytes]]:
    """Yield (market, whether it is a record of an outside answer, line) for all lines."""
    name, text = b"", ""
    for batch in read_batches(events):
        for line in batch.lines.splitlines():
            found = _LINE.match(line)
            if found is None:
                continue
            if found[2] != name:
                name, text = found[2], _text(found[2])
            yield text, found[1] in _RECORDS, line


_RECORDS = frozenset(kind.__name__.encode() for kind in (OutsideAnswered, ModelCalled))


def _names(pattern: re.Pattern[bytes], lines: bytes) -> set[str]:
    return {_text(name) for name in set(pattern.findall(lines))}


def _text(quoted: bytes) -> str:
    """Undo JSON's escapes, which only names with odd characters have."""
    return _decode_text(b'"' + quoted + b'"') if b"\\" in quoted else quoted.decode()
