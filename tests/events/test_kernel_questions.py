"""Seats outside: a kernel that runs dry at a question and goes on behind its answer."""

import asyncio
import gc
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.events.errors import AwaitedInline, NobodyAsked, WaitsInDryRun
from retailsim.events.kernel import Kernel, Outgoing, Post, Question, Receive
from retailsim.events.messages import Message
from tests.events.test_kernel import (
    PLACES,
    ROUNDS,
    Ask,
    Said,
    agent,
    kernel,
    programs,
    run,
    texts,
    waiter,
)


async def outside(message: Message) -> Outgoing:
    """An agent that returns what it is told from outside."""
    answer: Outgoing = await Question(message)
    return answer


def asking(bus: Kernel) -> Message:
    """Run until something is asked, and return what the agent was asked."""
    question = bus.run_dry()
    assert question is not None
    return question.request


# -- order ---------------------------------------------------------------------------------


def reply(program: Sequence[Any], place: int, message: Message) -> list[Post]:
    """Return what the agent of a place says at a round; raises where the program says so."""
    delays = program[place + PLACES * (message.t // 10)]
    if delays is None:
        raise ValueError
    return [
        Post(Said(text=f"{place}.{n}"), "market", delay, priority)
        for n, (delay, priority) in enumerate(delays)
    ]


def play(program: Sequence[Any], seats_outside: frozenset[int]) -> list[bytes]:
    """Play the program, the agents of some places answered from outside."""
    failures: list[str] = []

    def failed(source: str, message: Message, error: Exception) -> list[Post]:
        failures.append(source)  # state like the market's: how many have failed so far
        return [Post(Said(text=f"failure {len(failures)}", episode=message.episode))]

    bus = kernel(failed)

    def make(place: int) -> Receive:
        async def receive(message: Message) -> Outgoing:
            if place in seats_outside:
                told = await Question(message)
                assert told == f"go on, {place}"
            return reply(program, place, message)

        return receive

    for place in range(PLACES):
        bus.add_agent(f"a{place}", make(place), waits=False)
    asks = [(r, p) for r in range(ROUNDS) for p in range(PLACES)]
    bus.post([Post(Ask(episode=f"e{p}"), f"a{p}", 10 * r) for r, p in asks])
    while (question := bus.run_dry()) is not None:
        bus.answer(f"go on, {(question.request.episode or '')[1:]}")
    return [msgspec.json.encode(event) for event in bus.events]


@settings(deadline=None)
@given(programs, st.frozensets(st.integers(0, PLACES - 1)))
def test_answers_from_outside_change_no_byte(program: list[Any], seats: frozenset[int]) -> None:
    assert play(program, seats) == play(program, frozenset())


def test_a_dry_run_gives_what_a_run_gives() -> None:
    def bus() -> Kernel:
        made = kernel()
        made.add_rules(lambda m: [Said(text="rules")] if isinstance(m, Ask) else ())
        made.add_agent(
            "a", agent(lambda m: [Ask(), Post(Said(text="later"), None, 3)]), waits=False
        )
        made.post([Post(Ask(), "a"), Post(Ask(), "a", 7), Post(Said(text="first"))])
        return made

    one, other = bus(), bus()
    assert one.run_dry() is None
    assert texts(one) == run(other)
    assert (one.now, one.delivered) == (other.now, other.delivered)


def test_nothing_is_delivered_while_a_question_is_open() -> None:
    bus = kernel()
    bus.add_agent("out", outside, waits=False)
    bus.add_agent("in", agent(lambda m: [Said(text="in")]), waits=False)
    bus.post([Post(Ask(), "in"), Post(Ask(text="?"), "out"), Post(Ask(), "in")])
    bus.post([Post(Said(text="later"), None, 5)])
    request = asking(bus)
    assert isinstance(request, Ask)
    assert (request.text, bus.now, texts(bus)) == ("?", 0, [])
    assert asking(bus) is request  # asked again, until it is answered
    bus.answer([Said(text="out")])
    assert bus.run_dry() is None
    assert texts(bus) == ["in", "out", "in", "later"]


# -- what an agent at a question may do ----------------------------------------------------


def test_an_agent_may_ask_several_times_and_each_question_has_its_words() -> None:
    async def curious(message: Message) -> Outgoing:
        words = [await Question(message, key) for key in ("first", "second")]
        return [Said(text=" ".join(words))]

    bus = kernel()
    bus.add_agent("a", curious, waits=False)
    bus.post([Post(Ask(), "a")])
    asked = []
    while (question := bus.run_dry()) is not None:
        asked.append(question.key)
        bus.answer(question.key.upper())
    assert asked == ["first", "second"]
    assert texts(bus) == ["FIRST SECOND"]


def test_what_is_answered_is_signed_by_the_agent_and_checked() -> None:
    bus = kernel()
    bus.add_agent("a", outside, waits=False)
    bus.post([Post(Ask(episode="e1"), "a"), Post(Ask(episode="e2"), "a")])
    assert asking(bus).episode == "e1"
    bus.answer([Said(text="forged", source="market", episode="e9")])
    assert asking(bus).episode == "e2"
    bus.answer("no messages")
    assert bus.run_dry() is None
    assert [(e.source, e.episode) for e in bus.events] == [("a", "e1"), ("market", "e2")]
    assert texts(bus)[1].startswith("a failed: a: the agent returned str.")


def test_an_abandoned_question_ends_its_agent_and_leaves_nothing() -> None:
    ended = []

    async def receive(message: Message) -> Outgoing:
        try:
            await Question(message)
        finally:
            ended.append(True)
        return ()

    bus = kernel()
    bus.add_agent("a", receive, waits=False)
    bus.post([Post(Ask(), "a")])
    asking(bus)
    del bus
    gc.collect()
    assert ended == [True]


# -- what is not possible ------------------------------------------------------------------


def test_in_a_loop_a_question_is_waiting_that_was_not_declared() -> None:
    told: list[Exception] = []

    def failed(source: str, message: Message, error: Exception) -> list[Post]:
        told.append(error)
        return []

    bus = kernel(failed)
    bus.add_agent("a", outside, waits=False)
    bus.post([Post(Ask(), "a"), Post(Said(text="unharmed"))])
    assert run(bus) == ["unharmed"]
    assert isinstance(told[0], AwaitedInline)


def test_who_waits_for_something_else_fails_in_a_dry_run_too() -> None:
    bus = kernel()
    bus.add_agent("a", waiter(lambda m: ()), waits=False)
    bus.post([Post(Ask(), "a")])
    assert bus.run_dry() is None
    assert texts(bus)[0].startswith("a failed: a: the agent waited for something outside.")


def test_a_dry_run_refuses_agents_that_wait() -> None:
    bus = kernel()
    bus.add_agent("buyer:b", waiter(lambda m: ()), waits=True)
    with pytest.raises(WaitsInDryRun) as raised:
        bus.run_dry()
    assert str(raised.value) == (
        "market m: buyer:b waits for something outside, and nobody here can: "
        "await `run`, or seat an agent with `waits = False`."
    )


def test_an_answer_needs_a_question() -> None:
    bus = kernel()
    bus.add_agent("a", outside, waits=False)
    with pytest.raises(NobodyAsked) as raised:
        bus.answer(())
    assert str(raised.value) == (
        "market m: nobody asked. Call `run_dry`, and answer what it returns, once."
    )
    bus.post([Post(Ask(), "a")])
    asking(bus)
    bus.answer(())
    with pytest.raises(NobodyAsked):
        bus.answer(())


def test_a_question_asked_in_a_loop_by_an_agent_that_waits_fails_alone() -> None:
    bus = kernel()
    bus.add_agent("a", outside, waits=True)
    bus.add_agent("b", waiter(lambda m: [Said(text="unharmed")]), waits=True)
    bus.post([Post(Ask(episode="e1"), "a"), Post(Ask(episode="e2"), "b")])
    asyncio.run(bus.run())
    failed, unharmed = texts(bus)
    assert failed.startswith("a failed: Task got bad yield")
    assert unharmed == "unharmed"
