"""A market begins once its worst case is free, and no later than that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from retailsim.agents.errors import AgentsError
from retailsim.agents.llm.gateway.budget import Budget, BudgetSmall, BudgetSpent
from retailsim.events.messages import ModelCalled, OutsideAnswered
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.budget.estimate import CostEstimate, _budgeted
from retailsim.sim.budget.market_workload import HUGE_EPISODES
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
    """Reservations of a run whose markets may cost `worst` each, or by their name.

    `each` is what an episode may cost on top of that.
    """

    def __init__(self, limit: int | None, worst: int | Mapping[str, int], each: int = 0) -> None:
        self.budget = Budget(limit)
        self.stop = Stop()
        self.reasons: list[AgentsError] = []

        def cost(spec: MarketSpec) -> int:
            own = worst if isinstance(worst, int) else worst[spec.id]
            return own + each * len(spec.episodes)

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


def huge(episodes: int) -> MarketSpec:
    one = market_spec(id="a")
    first = one.episodes[0]
    named = (replace(first, episode=f"{first.episode}{number}") for number in range(episodes))
    return replace(one, episodes=tuple(named))


@pytest.mark.parametrize(
    ("episodes", "limit", "reserved"),
    [
        (HUGE_EPISODES, 400, None),  # is finished once it has begun, or not begun
        (HUGE_EPISODES + 1, 400, 390),
        (HUGE_EPISODES + 1, 10 + 10, 10),
        (HUGE_EPISODES + 1, 10 + 9, None),
        (HUGE_EPISODES + 1, 2_000, 10 * (HUGE_EPISODES + 1)),
    ],
)
def test_a_huge_market_begins_with_what_there_is(
    episodes: int, limit: int, reserved: int | None
) -> None:
    """Ten an episode, and ten are spent."""

    async def scene() -> None:
        run = Run(limit, worst=0, each=10)
        run.budget.spent = 10
        begins = await run.entry.enter(huge(episodes), NEW)
        assert begins is (reserved is not None)
        assert run.budget.reserved == (reserved or 0)
        assert [type(reason) for reason in run.reasons] == ([] if begins else [BudgetSmall])
        run.budget.hold(limit - 10)
        with pytest.raises(BudgetSpent):  # hard all the same
            run.budget.hold(1)

    played(scene)


def test_a_huge_market_lets_others_end_first() -> None:
    async def scene() -> None:
        run = Run(600, worst=0, each=10)
        assert await run.entry.enter(market_spec(id="b"), NEW)
        waiting = asyncio.ensure_future(run.entry.enter(huge(100), NEW))
        for _ in range(3):
            await asyncio.sleep(0)
        assert not waiting.done()
        run.entry.leave(market_spec(id="b"))
        assert await waiting
        assert run.budget.reserved == 600

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


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        (0.5, "too small to start, one episode may cost $1.00 at worst"),
        (5.0, "may stop within a market, which may cost $10.00 at worst"),
        (30.0, "enough for what is expected; 3 markets at once"),
    ],
)
def test_a_dry_run_says_how_far_a_budget_goes_in_huge_markets(budget: float, said: str) -> None:
    found = CostEstimate(
        models=(),
        dollars=5.0,
        most_dollars=10.0,
        largest_market_dollars=10.0,
        beginning_dollars=1.0,
        seconds=1.0,
    )
    assert _budgeted(found, budget, markets=1) == f"--budget {budget:g}: {said}"
