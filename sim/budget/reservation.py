"""Reserving each market's worst case before it begins, so that a budget never cuts one short."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import anyio

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.gateway.budget import Budget
from retailsim.events.messages import ModelCalled
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.budget.market_workload import to_begin
from retailsim.sim.play.leftovers import Leftover
from retailsim.sim.play.stop import Stop

_LOOK_AGAIN_S = 0.1
"""How often is looked whether another process gave something back."""


class Reservations:
    """Lets a market begin when what it may cost at worst is free; see `MarketEntry`.

    A market that does not fit waits for others to end, which cost less than they reserved. Where
    none is under way, in no process of the run, and it still does not fit, the run stops: but a
    huge one (`HUGE_EPISODES`) begins with all that is left, as soon as that covers one episode.
    What it was answered is kept, and a resume with more goes on in the middle of it.

    Parameters
    ----------
    budget : Budget
    worst : callable
        A market -> nanodollars.
    stop : Stop
    halt : callable
        Told why no more markets begin; requests the stop.
    """

    def __init__(
        self,
        budget: Budget,
        worst: Callable[[MarketSpec], int],
        stop: Stop,
        halt: Callable[[AgentsError], None],
    ) -> None:
        self._budget = budget
        self._worst = worst
        self._stop = stop
        self._halt = halt
        self._under_way = 0
        self._ended = asyncio.Event()

    async def enter(self, spec: MarketSpec, leftover: Leftover) -> bool:
        """Return once the market's worst case is reserved; False if it cannot be any more."""
        if self._budget.limit is None:
            return True
        worst = max(0, self._worst(spec) - _paid(leftover))
        while not self._stop.requested:
            if self._budget.open(spec.id, worst):
                self._under_way += 1
                return True
            if self._under_way == 0 and self._budget.stuck():
                least = min(worst, self._worst(to_begin(spec)))
                if self._opened_in_part(spec, least):
                    self._under_way += 1
                    return True
                self._halt(self._budget.small(least))
            else:
                await self._changed()
        return False

    def _opened_in_part(self, spec: MarketSpec, least: int) -> bool:
        free = self._budget.free()
        return to_begin(spec) is not spec and free >= least and self._budget.open(spec.id, free)

    async def _changed(self) -> None:
        """Return when a market of this process has ended, or another process may have one less."""
        with anyio.move_on_after(_LOOK_AGAIN_S if self._budget.shared else None):
            await self._ended.wait()

    def leave(self, spec: MarketSpec) -> None:
        """Give back what the market did not need, and let the next ones try."""
        if self._budget.limit is None:
            return
        self._budget.close(spec.id)
        self._under_way -= 1
        self._ended.set()
        self._ended = asyncio.Event()


def _paid(leftover: Leftover) -> int:
    """What a market cost already, before it was interrupted."""
    records = (record for record in leftover.records if isinstance(record, ModelCalled))
    return sum(record.cost_nanousd or 0 for record in records)
