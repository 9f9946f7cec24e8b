"""Turns: people play one market at a time each, and it begins when they have come."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from retailsim.agents.person.desk import Desk
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
    desk : Desk
        Where they come, and are told that a market is over.
    stop : Stop
    entry : MarketEntry or None
        Who decides beside it.
    """

    def __init__(
        self,
        seats: Collection[str],
        desk: Desk,
        stop: Stop,
        entry: MarketEntry | None,
    ) -> None:
        self._rooms = {source: asyncio.Lock() for source in seats}
        self._desk = desk
        self._stop = stop
        self._entry = entry

    async def enter(self, spec: MarketSpec, leftover: Leftover) -> bool:
        """Return once all its people are there and play nowhere else; False if it may not begin."""
        rooms = [self._rooms[source] for source in self._people(spec)]
        for room in rooms:  # always in one order, so that no two markets wait for each other
            await room.acquire()
        for source in self._people(spec):
            await self._desk.seated(source)
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
        for source in self._people(spec):
            if not self._stop.requested:  # else it may have been dropped before its end
                self._desk.market_over(source, spec.id)
            self._rooms[source].release()

    def _people(self, spec: MarketSpec) -> list[str]:
        sources = sorted(f"{role}:{name}" for role, name in spec.seats)
        return [source for source in sources if source in self._rooms]
