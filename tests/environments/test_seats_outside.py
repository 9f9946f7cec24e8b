"""Whoever is played from outside: the market writes what it writes of the agent in its place."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import cache

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.agents.host import Hosting
from retailsim.agents.watchdog import Watchdog
from retailsim.events.kernel import Kernel, Outgoing, Question, Receive
from retailsim.events.messages import Message, Role
from retailsim.events.outside import Door
from retailsim.market.core.spec import MarketSpec
from retailsim.market.protocols.registry import rules_of
from retailsim.sim.run.launch import PreparedRun, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.seats.cast import ROLES, SeatedAgent
from retailsim.sim.terminal.terminal import Terminal

SCENARIOS = ("pairwise", "csales")
MARKETS = 12


class Twin:
    """Stands between a seat and the kernel: the agent's own answer comes from outside."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self.receive: Receive = self._nobody

    async def _nobody(self, message: Message) -> Outgoing:
        raise AssertionError("no agent joined")

    def add_agent(self, name: str, receive: Receive, *, waits: bool, eager: bool) -> None:
        """Take the agent's own way of answering, and register one that asks for the answer."""
        assert not waits and not eager
        self.receive = receive

        async def asks(message: Message) -> Outgoing:
            answer: Outgoing = await Question(message, name)
            return answer

        self._kernel.add_agent(name, asks, waits=False)


@cache
def prepared(name: str, seed: int) -> tuple[PreparedRun, Sequence[MarketSpec]]:
    """A built-in scenario and some of its markets, from all over the design."""
    small = ("products.per_category=1",) if name == "pairwise" else ()
    run = prepare(Options(scenario=name, seed=seed, settings=small), Terminal())
    specs = list(run.design.markets())
    return run, specs[:: max(1, len(specs) // MARKETS)]


def hosting(run: PreparedRun) -> Hosting:
    watch = Watchdog(warn_s=5.0, deadline_s=60.0, say=lambda line: None)
    return Hosting(admissions=rules_of(run.cast.protocol).admissions, watch=watch)


def answered(receive: Receive, message: Message) -> Outgoing:
    """Return what an agent that does not wait returns; a question of its own is an error."""
    try:
        receive(message).send(None)
    except StopIteration as done:
        outgoing: Outgoing = done.value
        return outgoing
    raise AssertionError("the agent waited")


def played(run: PreparedRun, spec: MarketSpec, outside: frozenset[tuple[Role, str]]) -> list[bytes]:
    """Play a market, some seats from outside; returns its event lines."""
    market = run.design.open(run.cast.seated(spec))
    kernel = Kernel(spec.id, market.failed)
    kernel.add_rules(market.handle)
    door, twins = Door((), None), dict[str, Twin]()
    for role, name in spec.seats:
        seat: SeatedAgent = run.cast.seat(role, name)
        if (role, name) in outside:
            twins[f"{role}:{name}"] = twin = Twin(kernel)
            seat.join(twin, door, hosting(run))  # type: ignore[arg-type]
        else:
            seat.join(kernel, door, hosting(run))
    kernel.post(market.open())
    if not outside:
        asyncio.run(kernel.run())
    while (question := kernel.run_dry()) is not None:
        kernel.answer(answered(twins[question.key].receive, question.request))
    assert market.finished
    return [msgspec.json.encode(event) for event in kernel.events]


def groups(spec: MarketSpec) -> Iterator[frozenset[tuple[Role, str]]]:
    """The sellers, the buyers, everybody."""
    for role in ROLES:
        yield frozenset(seat for seat in spec.seats if seat[0] == role)
    yield frozenset(spec.seats)


@pytest.mark.parametrize("name", SCENARIOS)
def test_sellers_buyers_or_all_played_from_outside_change_no_byte(name: str) -> None:
    run, specs = prepared(name, 1)
    for spec in (specs[0], specs[-1]):
        inline = played(run, spec, frozenset())
        assert len(inline) > 5
        for outside in groups(spec):
            assert played(run, spec, outside) == inline


@settings(deadline=None, max_examples=25)
@given(st.sampled_from(SCENARIOS), st.integers(1, 3), st.data())
def test_any_seats_played_from_outside_change_no_byte(
    name: str, seed: int, data: st.DataObject
) -> None:
    run, specs = prepared(name, seed)
    spec = data.draw(st.sampled_from(specs))
    outside = data.draw(st.frozensets(st.sampled_from(spec.seats), min_size=1))
    assert played(run, spec, outside) == played(run, spec, frozenset())


def test_a_kernel_that_went_on_without_the_answer_would_change_the_order() -> None:
    """The control: answers that come when all others are done give another log, or none."""
    run, specs = prepared("pairwise", 1)
    spec = specs[0]
    late = played_late(run, spec, "buyer")
    assert len(spec.episodes) > 1
    assert late != played(run, spec, frozenset())


def played_late(run: PreparedRun, spec: MarketSpec, role: Role) -> list[bytes]:
    """Play a market, the answers of a role posted whenever the rest has run dry."""
    market = run.design.open(run.cast.seated(spec))
    kernel = Kernel(spec.id, market.failed)
    kernel.add_rules(market.handle)
    open_questions: list[tuple[Receive, str, Message]] = []
    for of_role, name in spec.seats:
        twin = Twin(kernel)
        seat: SeatedAgent = run.cast.seat(of_role, name)
        if of_role != role:
            seat.join(kernel, Door((), None), hosting(run))
            continue
        seat.join(twin, Door((), None), hosting(run))  # type: ignore[arg-type]

        async def keeps(
            message: Message, of: Receive = twin.receive, source: str = f"{role}:{name}"
        ) -> Outgoing:
            open_questions.append((of, source, message))
            return ()

        kernel.add_agent(f"{of_role}:{name}", keeps, waits=False)
    kernel.post(market.open())
    while kernel.run_dry() is None and open_questions:
        receive, source, message = open_questions.pop()
        outgoing = answered(receive, message)
        for out in outgoing:
            out.episode, out.source = message.episode, source  # type: ignore[union-attr]
        kernel.post(outgoing, source)
    return [msgspec.json.encode(event) for event in kernel.events]
