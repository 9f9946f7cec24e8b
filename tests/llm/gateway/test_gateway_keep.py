"""An answer has its place until it is kept, so a kill loses no more answers than places."""

from __future__ import annotations

import asyncio

import pytest

from retailsim.agents.llm.errors import ModelRefusedRequest
from retailsim.agents.llm.types import ModelAnswer
from tests.llm.faultserver import TEXT, FaultServer
from tests.llm.gateway_calls import CALL, to
from tests.llm.virtualtime import now, run


class Log:
    """Takes `seconds` for each answer."""

    def __init__(self, seconds: float, error: Exception | None = None) -> None:
        self.kept: list[str] = []
        self._seconds, self._error = seconds, error

    async def keep(self, told: ModelAnswer | ModelRefusedRequest) -> None:
        await asyncio.sleep(self._seconds)
        if self._error is not None:
            raise self._error
        self.kept.append(told.text if isinstance(told, ModelAnswer) else f"refused: {told.status}")


def test_nothing_is_sent_before_the_answer_whose_place_it_takes_is_kept() -> None:
    """35 calls were repeated after a kill with 32 in flight: three answers were not written yet."""

    async def main() -> None:
        log = Log(seconds=7.0)
        async with FaultServer(latency_s=1.0) as server, to(server, max_in_flight=2) as door:
            async with asyncio.TaskGroup() as group:
                for _ in range(6):
                    group.create_task(door.ask("m0", CALL, keep=log.keep))
            sent = [round(seen.at - server.seen[0].at, 3) for seen in server.seen]
            assert sent == [0.0, 0.0, 8.0, 8.0, 16.0, 16.0]
            assert log.kept == [TEXT] * 6

    run(main())


def test_a_refusal_has_its_place_until_it_is_kept_too() -> None:
    """Else a kill forgets it, and it is asked again beside what took its place."""

    async def main() -> None:
        log = Log(seconds=7.0)
        plan = ["ok", "400", "400", "400"]
        async with FaultServer(plan, latency_s=1.0) as server, to(server, max_in_flight=1) as door:
            await door.ask("m0", CALL)
            asked = [door.ask("m0", CALL, keep=log.keep) for _ in range(3)]
            ended = await asyncio.gather(*asked, return_exceptions=True)
            assert {type(error) for error in ended} == {ModelRefusedRequest}
            sent = [round(seen.at - server.seen[0].at, 3) for seen in server.seen]
            assert sent == [0.0, 1.0, 9.0, 17.0]
            assert log.kept == ["refused: 400"] * 3
            assert door.statistics()["m0"].in_flight == 0

    run(main())


def test_a_place_is_free_at_once_where_nothing_is_kept() -> None:
    """So the test above can tell."""

    async def main() -> None:
        async with FaultServer(latency_s=1.0) as server, to(server, max_in_flight=2) as door:
            async with asyncio.TaskGroup() as group:
                for _ in range(6):
                    group.create_task(door.ask("m0", CALL))
            sent = [round(seen.at - server.seen[0].at, 3) for seen in server.seen]
            assert sent == [0.0, 0.0, 1.0, 1.0, 2.0, 2.0]

    run(main())


def test_a_paid_answer_is_kept_past_the_deadline() -> None:
    """The deadline is the provider's, not the log's."""

    async def main() -> None:
        log = Log(seconds=60.0)
        async with FaultServer(latency_s=1.0) as server, to(server, deadline_s=5) as door:
            begun = now()
            assert (await door.ask("m0", CALL, keep=log.keep)).text == TEXT
            assert now() - begun == pytest.approx(61.0)
            assert log.kept == [TEXT]

    run(main())


def test_a_log_that_fails_gives_the_place_back_and_says_why() -> None:
    async def main() -> None:
        log = Log(0.0, OSError("disk full"))
        async with FaultServer() as server, to(server, max_in_flight=1) as door:
            with pytest.raises(OSError, match="disk full"):
                await door.ask("m0", CALL, keep=log.keep)
            numbers = door.statistics()["m0"]
            assert (numbers.in_flight, numbers.answered, numbers.failed) == (0, 1, 0)
            assert (await door.ask("m0", CALL)).text == TEXT

    run(main())


def test_whoever_is_cancelled_while_it_keeps_gives_its_place_back() -> None:
    async def main() -> None:
        log = Log(seconds=60.0)
        async with FaultServer() as server, to(server, max_in_flight=1) as door:
            task = asyncio.create_task(door.ask("m0", CALL, keep=log.keep))
            await asyncio.sleep(5)
            assert door.statistics()["m0"].in_flight == 1
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert door.statistics()["m0"].in_flight == 0

    run(main())
