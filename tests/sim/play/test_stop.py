"""A stopping run: calls under way end, none begins, and then the market is left."""

from __future__ import annotations

import threading

import anyio
import anyio.lowlevel
import pytest

from retailsim.sim.play.stop import Stop, Turnstile


async def turned() -> None:
    """Let every other task do what it can without waiting for time."""
    for _ in range(5):
        await anyio.lowlevel.checkpoint()


def test_a_call_gets_in_while_the_run_goes_on() -> None:
    async def scene() -> None:
        turnstile = Turnstile(Stop())
        with turnstile.scope:
            await turnstile.enter()
            turnstile.leave()
        assert not turnstile.closed
        assert not turnstile.scope.cancel_called

    anyio.run(scene)


def test_a_market_that_asks_for_nothing_new_is_not_left() -> None:
    """It ends by itself, and its events are worth having."""

    async def scene() -> None:
        stop = Stop()
        turnstile = Turnstile(stop)
        await turnstile.enter()
        stop.request()
        turnstile.leave()
        assert not turnstile.closed
        assert not turnstile.scope.cancel_called

    anyio.run(scene)


def test_a_call_that_would_begin_leaves_the_market_when_none_is_under_way() -> None:
    async def scene() -> None:
        stop = Stop()
        turnstile = Turnstile(stop)
        stop.request()
        reached = False
        with turnstile.scope:
            await turnstile.enter()
            reached = True
        assert not reached
        assert turnstile.closed
        assert turnstile.scope.cancelled_caught

    anyio.run(scene)


def test_calls_under_way_end_before_the_market_is_left() -> None:
    """What they were paid for is recorded first."""

    async def scene() -> None:
        stop = Stop()
        turnstile = Turnstile(stop)
        ended: list[int] = []

        async def call(number: int, answers: anyio.Event) -> None:
            await turnstile.enter()
            await answers.wait()
            ended.append(number)
            turnstile.leave()

        first, second = anyio.Event(), anyio.Event()
        with turnstile.scope:
            async with anyio.create_task_group() as group:
                group.start_soon(call, 1, first)
                group.start_soon(call, 2, second)
                await turned()
                stop.request()
                group.start_soon(call, 3, anyio.Event())
                await turned()
                assert turnstile.closed
                first.set()
                await turned()
                assert not turnstile.scope.cancel_called
                second.set()
        assert ended == [1, 2]
        assert turnstile.scope.cancelled_caught

    anyio.run(scene)


@pytest.mark.parametrize("times", [1, 2])
def test_a_stop_can_be_requested_from_a_thread_and_twice(times: int) -> None:
    async def scene() -> None:
        stop = Stop()
        for _ in range(times):
            thread = threading.Thread(target=stop.request)
            thread.start()
            thread.join()
        assert stop.requested
        with anyio.fail_after(30):
            await stop.wait()

    anyio.run(scene)
