"""One timer for many deadlines does what a timer for each would."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager

import pytest

from retailsim.agents.llm.gateway.deadlines import Deadline, Deadlines


async def slept(deadline: AbstractContextManager[Deadline], seconds: float) -> str:
    try:
        with deadline:
            await asyncio.sleep(seconds)
    except TimeoutError:
        return "late"
    return "in time"


def test_each_passes_when_its_own_time_has_come() -> None:
    async def main() -> tuple[list[str], list[float]]:
        deadlines, loop = Deadlines(0.05), asyncio.get_running_loop()
        begun, ended = [], []

        async def one(seconds: float) -> str:
            begun.append(loop.time())
            said = await slept(deadlines.begin(), seconds)
            ended.append(loop.time() - begun[0])
            return said

        tasks = []
        for seconds in (5.0, 0.0, 5.0):
            tasks.append(asyncio.create_task(one(seconds)))
            await asyncio.sleep(0.02)
        return [await task for task in tasks], sorted(ended)

    said, ended = asyncio.run(main())
    assert said == ["late", "in time", "late"]
    assert ended[1] >= 0.05
    assert ended[2] >= 0.09, "the second one has as long as the first"


def test_without_a_deadline_under_way_there_is_no_timer() -> None:
    async def main() -> list[object]:
        deadlines = Deadlines(60.0)
        with deadlines.begin(), deadlines.begin():
            timers = [deadlines._timer]
        with pytest.raises(KeyError), deadlines.begin():
            raise KeyError
        return [*timers, deadlines._timer, len(deadlines._open)]

    timer, after, left = asyncio.run(main())
    assert isinstance(timer, asyncio.TimerHandle)
    assert timer.cancelled()
    assert (after, left) == (None, 0)


def test_a_cancellation_from_outside_stays_one_also_at_the_same_moment() -> None:
    async def by_itself() -> bool:
        async def one() -> str:
            return await slept(Deadlines(60.0).begin(), 5.0)

        task = asyncio.create_task(one())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    async def with_it() -> bool:
        deadlines = Deadlines(0.0)

        async def one() -> str:
            return await slept(deadlines.begin(), 5.0)

        task = asyncio.create_task(one())
        await asyncio.sleep(0)
        for deadline in list(deadlines._open):
            deadline.expire()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(by_itself())
    assert asyncio.run(with_it())


def test_code_inside_may_raise_a_timeout_of_its_own() -> None:
    async def main() -> bool:
        deadline = Deadlines(60.0).begin()
        with pytest.raises(TimeoutError, match="its own"), deadline:
            raise TimeoutError("its own")
        return deadline.passed

    assert asyncio.run(main()) is False


def test_a_deadline_is_for_a_task() -> None:
    async def main() -> None:
        failed: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

        def outside() -> None:
            try:
                Deadlines(1.0).begin()
            except RuntimeError as error:
                failed.set_result(error)

        asyncio.get_running_loop().call_soon(outside)
        assert "for a task" in str(await failed)

    asyncio.run(main())
