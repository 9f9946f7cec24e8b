"""A survey of a log: in one pass which markets are done, which have begun, and what failed.

The log is hashed anyway before it is gone on with; what a resume has to know is searched in the
same batches. Decoding every line of a million episodes would take minutes, so a market is found by
the beginnings of its lines, and all that stand together by one match.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

import msgspec

from retailsim.events.log.reader import Batch, LogCheck, check, read_batches
from retailsim.events.messages import EpisodeFailed

# A search that begins with fixed bytes, and never goes back, takes a tenth of one with "^".
_TOGETHER = re.compile(
    rb'\n\{"type":"[^"]++","market":"((?:[^"\\]|\\.)*+)"[^\n]*+'
    rb'(?:\n\{"type":"[^"]++","market":"\1"[^\n]*+)*+'
)
_FAILED = re.compile(rb'\n(\{"type":"EpisodeFailed"[^\n]*+)')
_MARKET_CLOSED = b'\n{"type":"MarketClosed"'
_MARKET_FAILED = b'\n{"type":"MarketFailed"'

_decode_failed = msgspec.json.Decoder(EpisodeFailed).decode
_decode_text = msgspec.json.Decoder(str).decode


class Stretch(msgspec.Struct, frozen=True, order=True, array_like=True):
    """Lines of one market that stand together: bytes `start` to `end` of a segment's text."""

    shard: int
    segment: int
    start: int
    end: int


class Failures(msgspec.Struct, frozen=True, kw_only=True):
    """What failed, by market; and the markets that failed as a whole."""

    episodes: Mapping[str, tuple[str, ...]] = {}
    markets: frozenset[str] = frozenset()


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What a log holds.

    Parameters
    ----------
    log : LogCheck
        The log, found whole.
    closed : frozenset of str
        Markets that are done.
    begun : mapping of str to tuple of Stretch
        The others that the log knows of, and where their lines stand.
    failed : Failures
    """

    log: LogCheck
    closed: frozenset[str] = frozenset()
    begun: Mapping[str, tuple[Stretch, ...]] = {}
    failed: Failures = Failures()


def survey(events: Path) -> Survey:
    """Check a log as `check` does, and say what it holds.

    Raises
    ------
    LogDamaged
        If the log is damaged.
    """
    segments: dict[tuple[int, int], _Segment] = {}

    def look(batch: Batch) -> None:  # from several threads, each with a segment of its own
        key = batch.segment.shard, batch.segment.number
        segments.setdefault(key, _Segment()).add(batch)

    log = check(events, look=look)
    closed: set[str] = set()
    failed: set[str] = set()
    episodes: dict[str, list[str]] = {}
    begun: dict[str, list[Stretch]] = {}
    for _, found in sorted(segments.items()):
        closed |= found.closed
        failed |= found.failed
        for event in found.episodes:
            episodes.setdefault(event.market, []).append(event.episode or "")
        for market, stretches in found.begun.items():
            begun.setdefault(market, []).extend(stretches)
    return Survey(
        log=log,
        closed=frozenset(closed),
        begun={market: tuple(where) for market, where in begun.items() if market not in closed},
        failed=Failures(
            episodes={market: tuple(sorted(names)) for market, names in episodes.items()},
            markets=frozenset(failed),
        ),
    )


class _Segment:
    """What one segment holds."""

    def __init__(self) -> None:
        self.closed: set[str] = set()
        self.failed: set[str] = set()
        self.episodes: list[EpisodeFailed] = []
        self.begun: dict[str, list[Stretch]] = {}

    def add(self, batch: Batch) -> None:
        text = b"\n" + batch.lines
        for market, stretch in stretches(batch, text):
            first, last = stretch.start - batch.offset, stretch.end - batch.offset
            fails = text.rfind(_MARKET_FAILED, first, last) >= 0
            if fails:
                self.failed.add(market)
            if fails or text.rfind(_MARKET_CLOSED, first, last) >= 0:
                self.closed.add(market)
                self.begun.pop(market, None)  # most end where they began: memory stays small
            elif market not in self.closed:
                self.begun.setdefault(market, []).append(stretch)
        self.episodes += (_decode_failed(line) for line in _FAILED.findall(text))


def end_of(lines: bytes) -> int:
    """Return where a market's last line ends among lines of it; 0 if it is not there."""
    text = b"\n" + lines
    found = (text.find(_MARKET_CLOSED), text.find(_MARKET_FAILED))
    first = min((at for at in found if at >= 0), default=-1)
    return 0 if first < 0 else lines.index(b"\n", first) + 1


def places(events: Path, markets: Collection[str]) -> dict[str, tuple[Stretch, ...]]:
    """Return where the log has lines of these markets, done or not."""
    found: dict[str, list[Stretch]] = {market: [] for market in markets}
    for batch in read_batches(events) if found else ():
        for market, stretch in stretches(batch, b"\n" + batch.lines):
            if market in found:
                found[market].append(stretch)
    return {market: tuple(where) for market, where in found.items()}


def stretches(batch: Batch, text: bytes) -> Iterator[tuple[str, Stretch]]:
    """Yield the markets of a batch with where their lines stand, in the order of the log.

    Parameters
    ----------
    text : bytes
        The batch's lines behind a newline.
    """
    shard, number = batch.segment.shard, batch.segment.number
    for found in _TOGETHER.finditer(text):
        # The newline before a line stands for its own: one byte further in, one less in the batch.
        start, end = batch.offset + found.start(), batch.offset + found.end()
        yield text_of(found[1]), Stretch(shard, number, start, end)


def text_of(quoted: bytes) -> str:
    """Undo JSON's escapes, which only names with odd characters have."""
    return _decode_text(b'"' + quoted + b'"') if b"\\" in quoted else quoted.decode()
