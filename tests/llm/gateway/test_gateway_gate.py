"""The shared gate: fair, pausable, stoppable, and it leaks nothing when callers are cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.agents.llm.errors import KeyRefused, ProviderStopped, RunStopping
from retailsim.agents.llm.gateway.gate import Gate
from retailsim.agents.llm.provider.hints import Remaining
from tests.llm.faultserver import FaultServer
from tests.llm.gateway_calls import CALL, Watched
from tests.llm.virtualtime import now, run


async def use(gate: Gate, log: list[tuple[str, float]], name: str, hold_s: float = 0.0) -> None:
    await gate.enter(10.0)
    try:
        log.append((name, now()))
        await asyncio.sleep(hold_s)
    finally:
        gate.leave(10.0, 5.0)


def test_callers_are_served_in_the_order_they_came() -> None:
    async def main() -> None:
        gate = Gate(1)
        log: list[tuple[str, float]] = []
        async with asyncio.TaskGroup() as group:
            for name in "abcde":
                group.create_task(use(gate, log, name, 1.0))
        assert log == [("a", 0.0), ("b", 1.0), ("c", 2.0), ("d", 3.0), ("e", 4.0)]

    run(main(), sockets=False)


def test_a_call_that_tries_again_goes_first() -> None:
    async def main() -> None:
        gate = Gate(1)
        log: list[tuple[str, float]] = []

        async def again() -> None:
            await gate.enter(0.0, first=True)
            log.append(("again", now()))
            gate.leave(0.0, 0.0)

        async with asyncio.TaskGroup() as group:
            for name in "ab":
                group.create_task(use(gate, log, name, 1.0))
            await asyncio.sleep(0.5)
            group.create_task(again())
        assert [name for name, _ in log] == ["a", "again", "b"]

    run(main(), sockets=False)


def test_a_pause_holds_everybody_and_a_shorter_one_does_not_end_it() -> None:
    async def main() -> None:
        gate = Gate(5)
        log: list[tuple[str, float]] = []
        gate.pause(7.0)
        gate.pause(2.0)
        async with asyncio.TaskGroup() as group:
            for name in "abc":
                group.create_task(use(gate, log, name))
        assert log == [("a", 7.0), ("b", 7.0), ("c", 7.0)]
        assert gate.pauses == 2

    run(main(), sockets=False)


def test_a_pause_that_begins_while_callers_wait_holds_them_too() -> None:
    async def main() -> None:
        gate = Gate(5, requests_per_minute=12)
        log: list[tuple[str, float]] = []
        async with asyncio.TaskGroup() as group:
            group.create_task(use(gate, log, "a"))
            group.create_task(use(gate, log, "b"))
            await asyncio.sleep(0.1)
            gate.pause(30.0)
        assert [moment for _, moment in log] == [0.0, pytest.approx(30.1)]

    run(main(), sockets=False)


def test_requests_are_spread_over_the_minute() -> None:
    async def main() -> None:
        gate = Gate(100, requests_per_minute=60)
        log: list[tuple[str, float]] = []
        async with asyncio.TaskGroup() as group:
            for number in range(120):
                group.create_task(use(gate, log, str(number)))
        moments = [moment for _, moment in log]
        for start in range(int(moments[-1])):
            assert sum(start <= moment < start + 60 for moment in moments) <= 60
        assert moments[-1] < 130

    run(main(), sockets=False)


def test_tokens_wait_for_what_is_given_back() -> None:
    async def main() -> None:
        gate = Gate(10, tokens_per_minute=1_200)
        await gate.enter(1_000.0)
        waiting = asyncio.ensure_future(gate.enter(100.0))
        await asyncio.sleep(1.0)
        assert not waiting.done()
        gate.leave(1_000.0, 10.0)
        await waiting
        assert now() == 1.0

    run(main(), sockets=False)


def test_the_providers_count_slows_the_gate() -> None:
    async def main() -> None:
        gate = Gate(10, requests_per_minute=60)
        log: list[tuple[str, float]] = []
        await gate.enter(0.0)
        gate.answered(Remaining(0, None))
        gate.leave(0.0, 0.0)
        await use(gate, log, "a")
        assert log[0][1] == pytest.approx(60 / 55)

    run(main(), sockets=False)


def test_stopping_ends_all_who_wait_and_all_who_come_later() -> None:
    async def main() -> None:
        gate = Gate(1)
        await gate.enter(0.0)
        waiting = [asyncio.ensure_future(gate.enter(0.0)) for _ in range(3)]
        await asyncio.sleep(0)
        gate.stop(KeyRefused("m", 401, "bad"))
        ends = await asyncio.gather(*waiting, return_exceptions=True)
        assert all(isinstance(end, KeyRefused) for end in ends)
        assert len({id(end) for end in ends}) == 3
        gate.leave(0.0, 0.0)
        with pytest.raises(ProviderStopped, match="bad"):
            await gate.enter(0.0)
        assert (gate.in_flight, gate.waiting) == (0, 0)

    run(main(), sockets=False)


def test_a_place_granted_in_the_moment_of_cancelling_goes_to_the_next() -> None:
    async def main() -> None:
        gate = Gate(1, requests_per_minute=600)
        log: list[tuple[str, float]] = []
        await gate.enter(0.0)
        victim = asyncio.create_task(gate.enter(0.0))
        heir = asyncio.create_task(use(gate, log, "heir"))
        await asyncio.sleep(0)
        gate.leave(0.0, 0.0)  # grants the victim, which has not run yet
        victim.cancel()
        with pytest.raises(asyncio.CancelledError):
            await victim
        await heir
        assert log == [("heir", 0.0)]
        assert (gate.in_flight, gate.waiting) == (0, 0)

    run(main(), sockets=False)


def test_a_caller_cancelled_in_the_middle_of_the_queue_leaves_it_at_once() -> None:
    async def main() -> None:
        gate = Gate(1)
        await gate.enter(0.0)
        waiting = [asyncio.create_task(gate.enter(0.0)) for _ in range(3)]
        await asyncio.sleep(0)
        waiting[1].cancel()
        await asyncio.sleep(0)
        assert gate.waiting == 2
        for task in waiting:
            task.cancel()

    run(main(), sockets=False)


def test_a_big_call_that_is_cancelled_lets_the_small_one_behind_it_in() -> None:
    async def main() -> None:
        gate = Gate(5, tokens_per_minute=1_200)
        log: list[tuple[str, float]] = []
        await gate.enter(50.0)
        big = asyncio.create_task(gate.enter(1_000.0))
        small = asyncio.create_task(use(gate, log, "small"))
        await asyncio.sleep(0)
        big.cancel()
        await small
        assert log == [("small", 0.0)]

    run(main(), sockets=False)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 3), st.none() | st.floats(0, 6)), max_size=25),
    st.integers(1, 4),
    st.booleans(),
)
def test_cancelled_callers_leak_neither_places_nor_turns(
    callers: list[tuple[float, float, float | None]], ceiling: int, limited: bool
) -> None:
    """Callers come, hold and are cancelled at any time; afterwards the gate is as it was."""

    async def main() -> None:
        gate = Gate(ceiling, *((600, 60_000) if limited else (None, None)))

        async def caller(begin: float, hold: float) -> None:
            await asyncio.sleep(begin)
            await use(gate, [], "", hold)
            assert gate.in_flight <= ceiling

        tasks = []
        for begin, hold, cancelled in callers:
            task = asyncio.create_task(caller(begin, hold))
            tasks.append(task)
            if cancelled is not None:
                asyncio.get_running_loop().call_later(cancelled, cancel(task))
        await asyncio.gather(*tasks, return_exceptions=True)
        assert (gate.in_flight, gate.waiting) == (0, 0)
        async with asyncio.timeout(120):
            for _ in range(ceiling):
                await gate.enter(0.0)

    run(main(), sockets=False)


def cancel(task: asyncio.Task[None]) -> Callable[[], None]:
    return lambda: void(task.cancel())


def void(value: object) -> None:
    """Take anything and return nothing."""


def test_a_gateway_that_quits_lets_arrive_what_is_on_its_way_and_ends_the_rest() -> None:
    """Neither a call in the queue nor one between two attempts holds up a run that stops."""

    async def main() -> None:
        async with FaultServer(["500"], latency_s=0.2) as server:
            door = Watched(server.config(max_in_flight=1), jitter=1.0)
            async with door:
                between = asyncio.create_task(door.ask("m0", CALL))
                await asyncio.sleep(0.5)  # it was refused once, and waits for a second
                on_its_way = asyncio.create_task(door.ask("m0", CALL))
                waiting = asyncio.create_task(door.ask("m0", CALL))
                await asyncio.sleep(0.1)
                assert door.statistics()["m0"].waiting == 1
                door.quit()
                began = now()
                for ended in (between, waiting):
                    with pytest.raises(RunStopping):
                        await ended
                assert now() == began
                assert (await on_its_way).finish == "stop"
            assert len(server.seen) == 2

    run(main())
