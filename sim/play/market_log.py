"""One market's events on their way to the log, without the beginning that it holds already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from retailsim.events.messages import EpisodeFailed, Event
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
    logged : bytes
        The beginning.
    texts : bool
        Whether long texts are written.

    Attributes
    ----------
    failed : int
        Failed episodes among the events, those in the beginning too.

    Raises
    ------
    MarketDiverged
        If the events do not begin as the log does.
    """

    def __init__(self, market: str, log: Log, logged: bytes, *, texts: bool) -> None:
        self.failed = 0
        self._market = market
        self._log = log
        self._logged = logged
        self._texts = texts

    def write(self, events: Sequence[Event]) -> None:
        """Write these events."""
        self.failed += sum(type(event) is EpisodeFailed for event in events)
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
        known = self._logged[: len(lines)]
        if not lines.startswith(known):
            raise MarketDiverged(self._market, first_difference(known, lines))
        self._logged = self._logged[len(known) :]
        rest = lines[len(known) :]
        return rest, rest.count(b"\n")


def first_difference(logged: bytes, replayed: bytes) -> str:
    """Say where two runs of event lines first differ."""
    pairs = zip(logged.splitlines(), replayed.splitlines(), strict=False)
    for number, (there, here) in enumerate(pairs):
        if there != here:
            return f"event {number} is logged as {_short(there)}, now it is {_short(here)}"
    return f"{len(logged.splitlines())} events are logged, now {len(replayed.splitlines())}"


def _short(line: bytes) -> str:
    text = line.decode("utf-8", "replace")
    return text if len(text) <= 200 else f"{text[:200]}..."
