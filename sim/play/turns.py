"""Turns: whoever sits in several markets, as a person may, plays one at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from retailsim.market.core.spec import MarketSpec
from retailsim.sim.play.engine import MarketEntry
from retailsim.sim.play.leftovers import Leftover
from retailsim.sim.play.stop import Stop


class Turns:
    """An entry that lets each of some seats into one market at a time, in the design's order.

    Parameters
    ----------
    seats : collection of str
        Their sources, such as ``buyer:ann``.
    stop : Stop
    entry : MarketEntry or None
        Who decides beside it.
    """

    def __init__(self, seats: Collection[str], stop: Stop, entry: MarketEntry | None) -> None:
        self._rooms = {source: asyncio.Lock() for source in seats}
        self._stop = stop
        self._entry = entry

    async def enter(self, spec: MarketSpec, leftover: Leftover) -> bool:
        """Return once nobody of the market plays elsewhere; False if it may not begin any more."""
        rooms = self._rooms_of(spec)
        for room in rooms:  # always in one order, so that no two markets wait for each other
            await room.acquire()
        if not self._stop.requested and (
            self._entry is None or await self._entry.enter(spec, leftover)
        ):
            return True
        for room in rooms:
            room.release()
        return False

    def leave(self, spec: MarketSpec) -> None:
        """Note that a market is over."""
        if self._entry is not None:
            self._entry.leave(spec)
        for room in self._rooms_of(spec):
            room.release()

    def _rooms_of(self, spec: MarketSpec) -> list[asyncio.Lock]:
        sources = sorted(f"{role}:{name}" for role, name in spec.seats)
        return [self._rooms[source] for source in sources if source in self._rooms]
