"""A market begins once its worst case is free, and no later than that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.gateway.budget import Budget, BudgetSmall
from retailsim.events.messages import ModelCalled, OutsideAnswered
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.budget.reservation import Reservations
from retailsim.sim.play.leftovers import Leftover
from retailsim.sim.play.stop import Stop
from tests.market.players import market_spec

NEW = Leftover()


def paid(*costs: int | None) -> Leftover:
    """What is left of a market whose calls cost so much; None: the price was unknown."""
    calls = [
        ModelCalled(
            market="m", episode="m/b", t=0, source="buyer:b", call=call, stage="decide",
            role="buyer", model="x", prompt_version="", request_sha256="", answer="", finish="stop",
            input_tokens=1, cached_tokens=0, output_tokens=1, reasoning_tokens=0, cost_nanousd=cost,
        )
        for call, cost in enumerate(costs)
    ]  # fmt: skip
    other = OutsideAnswered(
        market="m", episode="m/b", t=0, source="seller:s", call=0, key="k", digest="", answer="a"
    )
    return Leftover(records=(*calls, other))


class Run:
    """Reservations of a run whose markets may cost `worst` each, or by their name."""

    def __init__(self, limit: int | None, worst: int | Mapping[str, int]) -> None:
        self.budget = Budget(limit)
        self.stop = Stop()
        self.reasons: list[AgentsError] = []

        def cost(spec: MarketSpec) -> int:
            return worst if isinstance(worst, int) else worst[spec.id]

        self.entry = Reservations(self.budget, cost, self.stop, self._halt)

    def _halt(self, reason: AgentsError) -> None:
        self.reasons.append(reason)
        self.stop.request()

    async def enter(self, name: str, leftover: Leftover = NEW) -> bool:
        return await self.entry.enter(market_spec(id=name), leftover)


def played(scene: Callable[[], Awaitable[Any]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(10):
            await scene()

    asyncio.run(whole())


def test_markets_begin_side_by_side_as_far_as_their_worst_cases_fit() -> None:
    async def scene() -> None:
        run = Run(100, worst=50)
        assert await run.enter("a")
        assert await run.enter("b")
        assert run.budget.reserved == 100
        third = asyncio.ensure_future(run.enter("c"))
        await asyncio.sleep(0)
        assert not third.done()
        run.entry.leave(market_spec(id="a"))
        assert await third
        assert not run.reasons

    played(scene)


def test_a_market_that_waits_begins_with_what_another_did_not_need() -> None:
    async def scene() -> None:
        run = Run(100, worst=60)
        assert await run.enter("a")
        waiting = asyncio.ensure_future(run.enter("b"))
        await asyncio.sleep(0)
        run.budget.hold(60)
        run.budget.settle("a", 60, 40)
        assert not waiting.done()
        run.entry.leave(market_spec(id="a"))
        assert await waiting
        assert run.budget.reserved == 60

    played(scene)


def test_a_market_waits_as_long_as_any_other_is_under_way() -> None:
    """Even where what ended was too little: what is still under way may cost less, too."""

    async def scene() -> None:
        run = Run(100, worst={"a": 20, "b": 60, "c": 70})
        assert await run.enter("a")
        assert await run.enter("b")
        waiting = asyncio.ensure_future(run.enter("c"))
        await asyncio.sleep(0)
        run.entry.leave(market_spec(id="a"))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        assert not run.reasons
        run.entry.leave(market_spec(id="b"))
        assert await waiting

    played(scene)


def test_what_a_market_paid_before_it_was_interrupted_is_not_reserved_again() -> None:
    """It is among what is spent; reserved twice, a resume with enough money would not begin."""

    async def scene() -> None:
        run = Run(100, worst=60)
        run.budget.spent = 45
        assert await run.enter("m", paid(30, None, 15))
        assert run.budget.reserved == 15

    played(scene)


def test_a_market_that_cost_more_than_was_thought_reserves_nothing() -> None:
    async def scene() -> None:
        run = Run(100, worst=60)
        assert await run.enter("m", paid(70))
        assert run.budget.reserved == 0

    played(scene)


@pytest.mark.parametrize(("limit", "begins"), [(60, True), (59, False)])
def test_where_nothing_is_under_way_the_run_stops_and_says_what_is_needed(
    limit: int, begins: bool
) -> None:
    async def scene() -> None:
        run = Run(limit, worst=60)
        assert await run.enter("a") is begins
        assert [type(reason) for reason in run.reasons] == ([] if begins else [BudgetSmall])

    played(scene)


def test_a_market_that_waits_does_not_begin_once_the_run_stops() -> None:
    async def scene() -> None:
        run = Run(100, worst=60)
        assert await run.enter("a")
        waiting = asyncio.ensure_future(run.enter("b"))
        await asyncio.sleep(0)
        run.stop.request()
        run.entry.leave(market_spec(id="a"))
        assert await waiting is False
        assert run.budget.reserved == 0
        assert not run.reasons

    played(scene)


def test_without_a_budget_nothing_is_reserved() -> None:
    async def scene() -> None:
        run = Run(None, worst=10**15)
        assert await run.enter("a")
        assert run.budget.reserved == 0
        run.entry.leave(market_spec(id="a"))

    played(scene)
