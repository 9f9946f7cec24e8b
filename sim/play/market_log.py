"""One market's events on their way to the log, without the beginning that it holds already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from retailsim.events.messages import EpisodeClosed, EpisodeFailed, Event
from retailsim.sim.errors import MarketDiverged

_encode_lines = msgspec.json.Encoder().encode_lines


class Log(Protocol):
    """The log writer, as far as the engine needs it."""

    def append(self, lines: bytes, count: int) -> None:
        """Queue lines, in order."""
        ...

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Return once the lines are written."""
        ...

    async def room(self) -> None:
        """Wait while too much is queued."""
        ...


class MarketLog:
    """Writes one market's events, without the beginning that the log holds already.

    Parameters
    ----------
    market : str
    log : Log
    logged : bytes or iterable of bytes
        The beginning, whole or in pieces.
    texts : bool
        Whether long texts are written.

    Attributes
    ----------
    ended, failed : int
        Episodes that ended, or failed, among the events, those in the beginning too.

    Raises
    ------
    MarketDiverged
        If the events do not begin as the log does.
    """

    def __init__(
        self, market: str, log: Log, logged: bytes | Iterable[bytes], *, texts: bool
    ) -> None:
        self.ended = self.failed = 0
        self._market = market
        self._log = log
        self._logged = _Ahead((logged,) if isinstance(logged, bytes) else logged)
        self._compared = 0
        self._texts = texts

    def write(self, events: Sequence[Event]) -> None:
        """Write these events."""
        kinds = list(map(type, events))
        failed = kinds.count(EpisodeFailed)
        self.failed += failed
        self.ended += failed + kinds.count(EpisodeClosed)
        if not self._texts:
            events = [event.without_texts() for event in events]
        lines, count = _encode_lines(events), len(events)
        if self._logged:
            lines, count = self._missing(lines)
        if lines:
            self._log.append(lines, count)

    def end(self) -> None:
        """Say that the market is over; the log must not know more of it."""
        if self._logged:
            raise MarketDiverged(self._market, "more events are logged than it has now")

    def _missing(self, lines: bytes) -> tuple[bytes, int]:
        known = self._logged.take(len(lines))
        if not lines.startswith(known):
            raise MarketDiverged(self._market, first_difference(known, lines, self._compared))
        rest = lines[len(known) :]
        missing = rest.count(b"\n")
        self._compared += lines.count(b"\n") - missing
        return rest, missing


class _Ahead:
    """Takes bytes off the front of pieces; true while there are any."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._piece = b""
        self._at = 0

    def __bool__(self) -> bool:
        while self._at == len(self._piece):
            piece = next(self._pieces, None)
            if piece is None:
                return False
            self._piece, self._at = piece, 0
        return True

    def take(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size and self:
            part = self._piece[self._at : self._at + size]
            parts.append(part)
            self._at += len(part)
            size -= len(part)
        return b"".join(parts)


def first_difference(logged: bytes, replayed: bytes, before: int = 0) -> str:
    """Say where two runs of event lines first differ, behind so many that are the same."""
    pairs = zip(logged.splitlines(), replayed.splitlines(), strict=False)
    for number, (there, here) in enumerate(pairs, before):
        if there != here:
            return f"event {number} is logged as {short(there)}, now it is {short(here)}"
    counts = (before + len(lines.splitlines()) for lines in (logged, replayed))
    return "{} events are logged, now {}".format(*counts)


def short(line: bytes) -> str:
    """Return a line as a message quotes it."""
    text = line.decode("utf-8", "replace")
    return text if len(text) <= 200 else f"{text[:200]}..."
