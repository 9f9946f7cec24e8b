"""The kernel's promises: order, numbering, signatures, failures, cancellation, memory."""

import asyncio
import gc
import tracemalloc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.events.errors import (
    AwaitedInline,
    CancelledWithin,
    NotMessages,
    PostedIntoPast,
    UnknownRecipient,
)
from retailsim.events.kernel import Kernel, Outgoing, Post, Receive
from retailsim.events.messages import Event, Message


class Ask(Message, kw_only=True):
    """A command."""

    text: str = ""


class Said(Event, tag="Said", kw_only=True):
    """An event."""

    text: str


def said(source: str, message: Message, error: Exception) -> list[Post]:
    """Answer a failure with an event that names it."""
    return [Post(Said(text=f"{source} failed: {error}", episode=message.episode))]


def silent(message: Message) -> Outgoing:
    return ()


def kernel(on_failure: Callable[..., Outgoing] = said) -> Kernel:
    bus = Kernel("m", on_failure)
    bus.add_rules(silent)
    return bus


def agent(reply: Callable[[Any], Any]) -> Receive:
    """Make an agent of a plain function."""

    async def receive(message: Message) -> Any:
        return reply(message)

    return receive


def waiter(reply: Callable[[Any], Any]) -> Receive:
    """Make an agent that gives up control once before it answers."""

    async def receive(message: Message) -> Any:
        await asyncio.sleep(0)
        return reply(message)

    return receive


def texts(bus: Kernel) -> list[str]:
    return [event.text for event in bus.events if isinstance(event, Said)]


def run(bus: Kernel) -> list[str]:
    asyncio.run(bus.run())
    return texts(bus)


# -- order ---------------------------------------------------------------------------------


def test_messages_come_by_due_time_then_priority_then_position() -> None:
    bus = kernel()
    due = [(5, 0), (0, 1), (0, 0), (5, -1), (0, 0)]
    bus.post([Post(Said(text=f"{n}"), None, delay, prio) for n, (delay, prio) in enumerate(due)])
    assert run(bus) == ["2", "4", "1", "3", "0"]


def test_what_is_returned_for_this_instant_comes_in_its_next_round() -> None:
    bus = kernel()
    bus.add_agent("a", agent(lambda m: [Said(text="reply")]), waits=False)
    bus.post([Post(Ask(), "a"), Post(Said(text="first")), Post(Said(text="later"), None, 1)])
    assert run(bus) == ["first", "reply", "later"]


def test_replies_come_in_the_order_of_the_messages_handled_then_of_their_position() -> None:
    bus = kernel()
    for name in "ab":
        bus.add_agent(
            name,
            agent(partial(lambda n, m: [Said(text=f"{n}1"), Said(text=f"{n}2")], name)),
            waits=False,
        )
    bus.post([Post(Ask(), "b"), Post(Ask(), "a")])
    assert run(bus) == ["b1", "b2", "a1", "a2"]


def test_a_mixed_batch_answers_in_its_own_order_whoever_waits() -> None:
    bus = kernel()
    bus.add_rules(lambda m: [Post(Said(text="rules"))])
    bus.add_agent("inline", agent(lambda m: [Post(Said(text="inline"))]), waits=False)
    bus.add_agent("waiting", waiter(lambda m: [Post(Said(text="waiting"))]), waits=True)
    order = ["waiting", "market", "inline", "waiting", "market"]
    bus.post([Post(Ask(episode=f"e{n}"), name) for n, name in enumerate(order)])
    assert run(bus) == ["waiting", "rules", "inline", "waiting", "rules"]


class Turns:
    """Lets the handlers of one instant end in a given order."""

    def __init__(self, order: Sequence[int]) -> None:
        self.rank = {place: rank for rank, place in enumerate(order)}
        self.ended: dict[int, int] = {}
        self.change = asyncio.Condition()

    async def take(self, instant: int, place: int) -> None:
        async with self.change:
            await self.change.wait_for(lambda: self.ended.get(instant, 0) == self.rank[place])
            self.ended[instant] = self.ended.get(instant, 0) + 1
            self.change.notify_all()


Reply = list[tuple[int, int]] | None  # delays and priorities of what is returned; None: raises
ROUNDS, PLACES = 2, 4
replies = st.none() | st.lists(st.tuples(st.integers(0, 3), st.integers(-1, 1)), max_size=3)
programs = st.lists(replies, min_size=ROUNDS * PLACES, max_size=ROUNDS * PLACES)


async def play(program: list[Reply], order: Sequence[int] | None) -> list[bytes]:
    """Run the program with agents that wait and end in `order`, or with inline ones."""
    turns = Turns(order or ())
    failures: list[str] = []

    def failed(source: str, message: Message, error: Exception) -> list[Post]:
        failures.append(source)  # state like the market's: how many have failed so far
        return [Post(Said(text=f"failure {len(failures)}", episode=message.episode))]

    bus = kernel(failed)

    def make(place: int) -> Receive:
        async def receive(message: Message) -> list[Post]:
            if order is not None:
                await turns.take(message.t, place)
            reply = program[place + PLACES * (message.t // 10)]
            if reply is None:
                raise ValueError
            return [
                Post(Said(text=f"{place}.{n}"), "market", delay, priority)
                for n, (delay, priority) in enumerate(reply)
            ]

        return receive

    for place in range(PLACES):
        bus.add_agent(f"a{place}", make(place), waits=order is not None)
    asks = [(r, p) for r in range(ROUNDS) for p in range(PLACES)]
    bus.post([Post(Ask(episode=f"e{p}"), f"a{p}", 10 * r) for r, p in asks])
    await bus.run()
    assert [event.seq for event in bus.events] == list(range(len(bus.events)))
    assert [event.t for event in bus.events] == sorted(event.t for event in bus.events)
    return [msgspec.json.encode(event) for event in bus.events]


@settings(deadline=None)
@given(programs, st.permutations(range(PLACES)))
def test_neither_waiting_nor_the_order_of_completion_changes_a_byte(
    program: list[Any], order: list[Any]
) -> None:
    assert asyncio.run(play(program, order)) == asyncio.run(play(program, None))


# -- numbers and signatures ----------------------------------------------------------------


def test_events_are_numbered_without_gaps_and_commands_are_not() -> None:
    bus = kernel()
    bus.add_agent("a", agent(lambda m: [Ask(), Said(text="x"), Ask(), Said(text="y")]), waits=False)
    bus.post([Post(Ask(), "a"), Post(Said(text="first"))])
    run(bus)
    assert [(e.seq, e.text) for e in bus.events if isinstance(e, Said)] == [
        (0, "first"),
        (1, "x"),
        (2, "y"),
    ]
    assert bus.delivered == 6


@pytest.mark.parametrize("waits", [False, True])
def test_an_agent_cannot_sign_for_others_nor_speak_in_another_episode(waits: bool) -> None:
    forged: dict[str, Any] = {
        "source": "market",
        "episode": "e2",
        "market": "other",
        "seq": 7,
        "t": -9,
    }
    bus = kernel()
    receive = waiter(lambda m: [Said(text="a", **forged), Post(Said(text="b", **forged), "market")])
    if not waits:
        receive = agent(lambda m: [Said(text="a", **forged), Post(Said(text="b", **forged))])
    bus.add_agent("buyer:1", receive, waits=waits)
    bus.post([Post(Ask(episode="e1"), "buyer:1", 4)])
    run(bus)
    stamps = [(e.market, e.episode, e.seq, e.t, e.source) for e in bus.events]
    assert stamps == [("m", "e1", 0, 4, "buyer:1"), ("m", "e1", 1, 4, "buyer:1")]


def test_rules_name_the_episode_themselves_and_sign_as_the_market() -> None:
    bus = kernel()
    bus.add_rules(lambda m: [Post(Said(text="x", episode="e9"))])
    bus.post([Post(Ask(episode="e1"), "market")])
    run(bus)
    assert [(e.episode, e.source) for e in bus.events] == [("e9", "market")]


# -- failures ------------------------------------------------------------------------------


def failure(receive: Callable[..., Any], *, waits: bool) -> Exception:
    """Return the error that the market is told of."""
    told: list[tuple[str, Message, Exception]] = []

    def failed(source: str, message: Message, error: Exception) -> list[Post]:
        told.append((source, message, error))
        return [Post(Said(text="told", episode=message.episode))]

    bus = kernel(failed)
    bus.add_agent("buyer:1", receive, waits=waits)
    bus.add_agent("buyer:2", agent(lambda m: [Said(text="unharmed")]), waits=False)
    request = Ask(episode="e1")
    bus.post([Post(request, "buyer:1"), Post(Ask(), "buyer:2")])
    assert run(bus) == ["told", "unharmed"]
    [(source, message, error)] = told
    assert (source, message) == ("buyer:1", request)
    assert [e.source for e in bus.events] == ["market", "buyer:2"]
    return error


@pytest.mark.parametrize("waits", [False, True])
def test_an_agent_that_raises_is_answered_by_the_market(waits: bool) -> None:
    error = failure(agent(lambda m: 1 / 0), waits=waits)
    assert isinstance(error, ZeroDivisionError)


@pytest.mark.parametrize("waits", [False, True])
@pytest.mark.parametrize(
    ("returned", "what"),
    [
        (None, "NoneType"),
        ("text", "str"),
        ((n for n in ""), "generator"),
        (["text", 1], "list of int, str"),
    ],
)
def test_an_agent_that_returns_no_messages_fails_by_a_clear_message(
    returned: Any, what: str, waits: bool
) -> None:
    error = failure(agent(lambda m: returned), waits=waits)
    assert isinstance(error, NotMessages)
    assert str(error) == (
        f"buyer:1: the agent returned {what}. Return a list of messages, even for one or none."
    )


@pytest.mark.parametrize("waits", [False, True])
def test_an_agent_without_async_fails_and_nobody_else(waits: bool) -> None:
    assert isinstance(failure(lambda m: (), waits=waits), AttributeError | TypeError)
    nothing: Callable[..., Any] = lambda: ()  # noqa: E731 - it takes no message
    assert isinstance(failure(nothing, waits=waits), TypeError)


@pytest.mark.parametrize("waits", [False, True])
def test_an_agent_cannot_post_into_the_past(waits: bool) -> None:
    error = failure(agent(lambda m: [Post(Said(text="x"), None, -1)]), waits=waits)
    assert isinstance(error, PostedIntoPast)


def test_rules_that_post_into_the_past_stop_the_market() -> None:
    bus = kernel()
    bus.post([Post(Said(text="x"), None, -5)])
    with pytest.raises(PostedIntoPast, match=r"market: posted a message for t = -5 at t = 0"):
        run(bus)


def test_an_inline_agent_that_awaits_fails_and_its_coroutine_is_closed() -> None:
    closed = []

    async def receive(message: Message) -> Outgoing:
        try:
            await asyncio.sleep(60)
        finally:
            closed.append(True)
        return ()

    error = failure(receive, waits=False)
    assert isinstance(error, AwaitedInline)
    assert str(error) == (
        "buyer:1: the agent waited for something outside. Declare `waits = True` on its class."
    )
    assert closed == [True]


def test_an_inline_agent_that_will_not_be_closed_fails_just_so() -> None:
    async def receive(message: Message) -> Outgoing:
        try:
            await asyncio.sleep(0)
        except GeneratorExit:
            await asyncio.sleep(0)
        return ()

    assert isinstance(failure(receive, waits=False), AwaitedInline)


def test_an_agent_that_cancels_itself_fails_alone() -> None:
    async def leaks(message: Message) -> Outgoing:
        raise asyncio.CancelledError

    async def suicidal(message: Message) -> Outgoing:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)
        return ()

    for receive, waits in ((leaks, True), (leaks, False), (suicidal, True)):
        error = failure(receive, waits=waits)
        assert isinstance(error, CancelledWithin)
        assert "buyer:1: the agent cancelled itself." in str(error)


def test_an_agent_whose_task_is_cancelled_before_it_began_fails_alone() -> None:
    bus = kernel()
    kept: list[asyncio.Task[Any] | None] = []

    async def spoiler(message: Message) -> Outgoing:
        kept.append(asyncio.current_task())
        for task in asyncio.all_tasks() - set(kept):
            task.cancel()
        return [Said(text="spoiler")]

    bus.add_agent("a", spoiler, waits=True)
    bus.add_agent("b", waiter(lambda m: [Said(text="never")]), waits=True)
    bus.post([Post(Ask(), "a"), Post(Ask(), "b")])

    async def main() -> None:
        kept.append(asyncio.current_task())
        await bus.run()

    asyncio.run(main())
    spoiled, failed = texts(bus)
    assert spoiled == "spoiler"
    assert failed.startswith("b failed: b: the agent cancelled itself.")


class Bug(Exception):
    """A mistake in the market's own rules."""


def buggy(*_: object) -> Any:
    raise Bug


@pytest.mark.parametrize("beside_waiting", [False, True])
def test_an_error_in_the_rules_propagates_as_it_is(beside_waiting: bool) -> None:
    bus = kernel()
    bus.add_rules(buggy)
    bus.add_agent("a", waiter(lambda m: ()), waits=True)
    bus.post([Post(Ask(), "market"), *([Post(Ask(), "a")] if beside_waiting else [])])
    with pytest.raises(Bug):
        run(bus)


@pytest.mark.parametrize("waits", [False, True])
def test_an_error_in_the_answer_to_a_failure_propagates_as_it_is(waits: bool) -> None:
    bus = kernel(buggy)
    bus.add_agent("a", agent(lambda m: 1 / 0), waits=waits)
    bus.post([Post(Ask(), "a")])
    with pytest.raises(Bug):
        run(bus)


@pytest.mark.parametrize("beside_waiting", [False, True])
def test_a_message_to_nobody_is_an_error_that_names_both(beside_waiting: bool) -> None:
    bus = kernel()
    bus.add_agent("a", waiter(lambda m: ()), waits=True)
    bus.post([*([Post(Ask(), "a")] if beside_waiting else []), Post(Ask(), "buyer:x")])
    with pytest.raises(UnknownRecipient, match=r"market m: no agent is called 'buyer:x'"):
        run(bus)


# -- concurrency ---------------------------------------------------------------------------


def test_one_agent_handles_one_message_of_an_episode_at_a_time_and_episodes_side_by_side() -> None:
    active: list[str | None] = []
    log: list[str] = []
    both = asyncio.Barrier(2)

    async def receive(message: Message) -> Outgoing:
        assert isinstance(message, Ask)
        assert message.episode not in active
        active.append(message.episode)
        await both.wait()  # passes only if the other episode is being handled meanwhile
        active.remove(message.episode)
        log.append(f"{message.episode}{message.text}")
        return ()

    bus = kernel(buggy)
    bus.add_agent("a", receive, waits=True)
    bus.post([Post(Ask(episode=e, text=n), "a") for n in "123" for e in ("x", "y")])
    run(bus)
    assert [[entry for entry in log if entry[0] == e] for e in "xy"] == [
        ["x1", "x2", "x3"],
        ["y1", "y2", "y3"],
    ]


class Relay:
    """Two waiting agents that ask each other; `hooks` are called at each of their waits."""

    def __init__(self, hook: Callable[[int, "asyncio.Future[None]"], None]) -> None:
        self.hook = hook
        self.waits = 0
        self.bus = kernel(buggy)
        for name, other in (("a", "b"), ("b", "a")):
            self.bus.add_agent(name, self.receiver(other), waits=True)
        self.bus.post([Post(Ask(episode="x"), "a"), Post(Ask(episode="y"), "b")])

    def receiver(self, other: str) -> Receive:
        async def receive(message: Message) -> list[Post]:
            if message.t >= 3:
                return []
            future = asyncio.get_running_loop().create_future()
            self.waits += 1
            self.hook(self.waits, future)
            await future
            text = f"{message.episode}{message.t} to {other}"
            return [Post(Said(text=text)), Post(Ask(), other, 1)]

        return receive


def release(wait: int, future: "asyncio.Future[None]") -> None:
    future.set_result(None)


@pytest.mark.parametrize("released", [False, True], ids=["while waiting", "as the answer comes"])
@pytest.mark.parametrize("moment", range(1, 7))
def test_cancelled_at_any_wait_it_leaves_a_prefix_and_no_task_behind(
    moment: int, released: bool
) -> None:
    whole = Relay(release)
    run(whole.bus)
    assert len(whole.bus.events) == 6

    async def cancelled() -> Relay:
        def hook(wait: int, future: "asyncio.Future[None]") -> None:
            if wait < moment or released:
                future.set_result(None)
            if wait == moment:
                task.cancel()

        relay = Relay(hook)
        task = asyncio.create_task(relay.bus.run())
        with pytest.raises(asyncio.CancelledError):
            await task
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return relay

    relay = asyncio.run(cancelled())
    assert relay.bus.events == whole.bus.events[: len(relay.bus.events)]
    assert len(relay.bus.events) == 2 * ((moment - 1) // 2)


def test_a_market_without_waiting_lets_others_run_and_can_be_cancelled() -> None:
    bus = kernel()
    many = 40_000
    bus.add_agent("a", agent(lambda m: [Post(Ask(), "a", 1)] if m.t < many else []), waits=False)
    bus.post([Post(Ask(), "a")])

    async def cancelled() -> None:
        task = asyncio.create_task(bus.run())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert 0 < bus.delivered < many


# -- the sink ------------------------------------------------------------------------------


def counting(batches: list[list[str]], flush_every: int) -> Kernel:
    bus = Kernel(
        "m",
        said,
        sink=lambda events: batches.append([e.text for e in events if isinstance(e, Said)]),
        flush_every=flush_every,
    )
    bus.add_agent("a", agent(lambda m: [Post(Said(text=f"{m.t}")) for _ in range(2)]), waits=False)
    bus.post([Post(Ask(), "a", t) for t in range(4)])
    return bus


def test_the_sink_takes_whole_batches_and_what_is_left_stays_in_events() -> None:
    batches: list[list[str]] = []
    bus = counting(batches, flush_every=3)
    assert run(bus) == []
    assert batches == [["0", "0", "1", "1"], ["2", "2", "3", "3"]]
    batches.clear()
    assert run(counting(batches, flush_every=100)) == ["0", "0", "1", "1", "2", "2", "3", "3"]
    assert batches == []


def test_an_error_of_the_sink_stops_the_market() -> None:
    bus = Kernel("m", said, sink=buggy, flush_every=1)
    bus.post([Post(Said(text="x"))])
    with pytest.raises(Bug):
        run(bus)


# -- memory --------------------------------------------------------------------------------


def test_an_idle_agent_costs_the_kernel_less_than_a_kilobyte() -> None:
    class Idle:
        async def receive(self, message: Message) -> Outgoing:
            return ()

    agents = [Idle() for _ in range(10_000)]
    gc.collect()
    tracemalloc.start()
    try:
        bus = kernel()
        for number, idle in enumerate(agents):
            bus.add_agent(f"buyer:{number}", idle.receive, waits=number % 2 == 0)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken / len(agents) <= 1_024
