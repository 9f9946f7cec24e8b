"""An eager agent is asked when its request is posted and answers when it is due: the same bytes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.events.errors import PostedOutOfTurn
from retailsim.events.kernel import Kernel, Outgoing, Post, Receive
from retailsim.events.messages import Event, Message
from tests.events.test_kernel import Ask, Said, kernel, run, said, silent

Ends = Literal["answers", "raises", "cancels itself", "returns nonsense"]


class Step(NamedTuple):
    """What an episode asks next: whom, how much later, how urgently, and what comes of it."""

    agent: str
    delay: int
    priority: int
    ends: Ends
    pauses: int
    twice: bool


class World:
    """Episodes that go on in market time, each by a program of its own.

    An agent's answer tells how often it was asked in the episode, and how many failed before is
    the market's to tell: whoever is asked in another order says something else.
    """

    def __init__(self, programs: Sequence[Sequence[Step]], *, eager: bool) -> None:
        self.began: list[tuple[str | None, int]] = []
        self.bus = Kernel("m", self._failed)
        self._programs = {f"e{n}": list(program) for n, program in enumerate(programs)}
        self._at: Counter[str | None] = Counter()
        self._failures = 0
        self._asked: Counter[tuple[str, str | None]] = Counter()
        self.bus.add_rules(self._told)
        for name in "ab":
            self.bus.add_agent(name, self._agent(name), waits=True, eager=eager)
        for episode in self._programs:
            self.bus.post(self._next(episode))

    def _next(self, episode: str) -> list[Post]:
        program, at = self._programs[episode], self._at[episode]
        self._at[episode] += 1
        if at >= len(program):
            return []
        step = program[at]
        delays = [step.delay, step.delay + 1] if step.twice else [step.delay]
        return [
            Post(Ask(episode=episode, text=f"{at}"), step.agent, delay, step.priority)
            for delay in delays
        ]

    def _told(self, message: Message) -> Outgoing:
        assert message.episode is not None
        return self._next(message.episode) if isinstance(message, Said) else ()

    def _failed(self, source: str, message: Message, error: Exception) -> list[Post | Event]:
        self._failures += 1
        return [Said(text=f"{source}: {error}; failure {self._failures}", episode=message.episode)]

    def _agent(self, name: str) -> Receive:
        async def receive(message: Message) -> list[Event]:
            assert isinstance(message, Ask)
            step = self._programs[message.episode or ""][int(message.text)]
            self.began.append((message.episode, message.t))
            self._asked[name, message.episode] += 1
            number = self._asked[name, message.episode]
            for _ in range(step.pauses):
                await asyncio.sleep(0)
            if step.ends == "cancels itself":
                task = asyncio.current_task()
                assert task is not None
                task.cancel()
                await asyncio.sleep(0)
            if step.ends == "raises":
                raise ValueError("no")
            if step.ends == "returns nonsense":
                return "nonsense"  # type: ignore[return-value]
            return [Said(text=f"{name} at {message.t} for the {number}. time")]

        return receive

    def bytes(self) -> list[bytes]:
        assert [event.seq for event in self.bus.events] == list(range(len(self.bus.events)))
        return [msgspec.json.encode(event) for event in self.bus.events]


steps = st.builds(
    Step,
    agent=st.sampled_from("ab"),
    delay=st.integers(0, 4),
    priority=st.integers(0, 1),
    ends=st.sampled_from(["answers"] * 3 + ["raises", "cancels itself", "returns nonsense"]),
    pauses=st.integers(0, 9),
    twice=st.just(False),
)
programs = st.lists(st.lists(steps, max_size=5), min_size=1, max_size=4)
once_twice = st.lists(
    st.lists(steps.map(lambda step: step._replace(twice=True, priority=0)), max_size=1), max_size=4
)


@given(programs)
def test_eager_or_not_the_bytes_are_the_same(found: list[list[Step]]) -> None:
    """Also where agents raise, cancel themselves or answer nonsense, in any order of completion."""
    patient, eager = World(found, eager=False), World(found, eager=True)
    asyncio.run(patient.bus.run())
    asyncio.run(eager.bus.run())
    assert eager.bytes() == patient.bytes()
    assert eager.bus.delivered == patient.bus.delivered
    assert Counter(eager.began) == Counter(patient.began), "nobody is asked more or less often"


@given(once_twice)
def test_requests_of_one_episode_that_wait_at_once_come_in_their_turn(
    found: list[list[Step]],
) -> None:
    """Posted in the middle of the run, the second one due behind the first."""
    begun: list[list[Step]] = [[Step("a", 1, 0, "answers", 0, False), *rest] for rest in found]
    patient, eager = World(begun, eager=False), World(begun, eager=True)
    asyncio.run(patient.bus.run())
    asyncio.run(eager.bus.run())
    assert eager.bytes() == patient.bytes()


@given(programs, st.integers(0, 40))
def test_an_eager_market_that_is_cancelled_leaves_a_beginning_and_no_task_behind(
    found: list[list[Step]], moment: int
) -> None:
    whole = World(found, eager=False)
    asyncio.run(whole.bus.run())
    cut = World(found, eager=True)

    async def cancelled() -> bool:
        task = asyncio.create_task(cut.bus.run())
        for _ in range(moment):
            await asyncio.sleep(0)
        task.cancel()
        [ended] = await asyncio.gather(task, return_exceptions=True)
        assert asyncio.all_tasks() == {asyncio.current_task()}
        return ended is None

    ended = asyncio.run(cancelled())
    assert cut.bytes() == whole.bytes()[: len(cut.bus.events)]
    assert not ended or len(cut.bus.events) == len(whole.bus.events)


def side_by_side(*, eager: bool) -> list[str]:
    """Two agents that are due at different times, twice, and wait for each other each time."""
    bus, both = kernel(), asyncio.Barrier(2)

    async def receive(message: Message) -> list[Event]:
        async with asyncio.timeout(None if eager else 0.01):
            await both.wait()
        return [Said(text=f"{message.episode} at {message.t}")]

    def again(message: Message) -> list[Post]:
        first = {"x at 3": 10, "y at 7": 4}
        delay = first.get(message.text) if isinstance(message, Said) else None
        return [Post(Ask(episode=message.episode), message.episode, delay)] if delay else []

    bus.add_rules(again)
    bus.add_rules(lambda m: [Post(Ask(episode=e), e, due) for e, due in (("x", 3), ("y", 7))], "go")
    for name in "xy":
        bus.add_agent(name, receive, waits=True, eager=eager)
    bus.post([Post(Ask(), "go")])
    return run(bus)


def test_who_is_eager_is_asked_beside_others_that_are_due_at_another_time() -> None:
    assert side_by_side(eager=True) == ["x at 3", "y at 7", "y at 11", "x at 13"]


def test_who_is_not_is_asked_when_its_request_is_due() -> None:
    """So the test above can tell."""
    assert side_by_side(eager=False) == ["x failed: ", "y failed: "]


def test_an_eager_agent_asked_for_the_later_thing_first_stops_the_market() -> None:
    """It could not answer as one that waits for its turn."""
    bus = kernel()

    async def receive(message: Message) -> Outgoing:
        return ()

    bus.add_rules(lambda m: [Post(Ask(episode="x"), "a", due) for due in (7, 3)], "go")
    bus.add_agent("a", receive, waits=True, eager=True)
    bus.post([Post(Ask(), "go")])
    with pytest.raises(PostedOutOfTurn, match=r"^a: asked for t = 7 in episode x, and then for t"):
        asyncio.run(bus.run())


def stopping(at: str) -> tuple[Kernel, list[str]]:
    """A market in which something raises while an eager agent is on its way."""
    ends: list[str] = []

    def rules(message: Message) -> Outgoing:
        if isinstance(message, Ask):
            return [Post(Ask(episode="x"), "slow", 9), Post(Ask(episode="y"), "brief", 1)]
        raise LookupError("the market's own")

    def sink(events: list[Event]) -> None:
        raise LookupError("the log's own")

    async def brief(message: Message) -> Outgoing:
        await asyncio.sleep(0)
        return [Said(text="while the other waits")]

    async def slow(message: Message) -> Outgoing:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            ends.append("ended")
        return ()

    bus = Kernel("m", said, sink=sink if at == "sink" else None, flush_every=1)
    bus.add_rules(rules, "go")
    bus.add_rules(rules if at == "rules" else silent)
    bus.add_agent("slow", slow, waits=True, eager=True)
    bus.add_agent("brief", brief, waits=True)
    bus.post([Post(Ask(), "go")])
    return bus, ends


@pytest.mark.parametrize("at", ["rules", "sink"])
def test_an_error_while_an_eager_agent_is_on_its_way_propagates_as_it_is(at: str) -> None:
    bus, ends = stopping(at)
    with pytest.raises(LookupError, match=r"own$"):
        asyncio.run(bus.run())
    assert ends == ["ended"], "and leaves no task behind"
