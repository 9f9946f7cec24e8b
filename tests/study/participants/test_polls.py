"""Pages that wait: who loads theirs again and again while a partner thinks is not refused."""

from __future__ import annotations

from pathlib import Path

import anyio

from retailsim.sim.study.participants.front import FRONT, MOST_POLLS
from tests.study.participants.test_participants_pages import at, session, to_the_checks
from tests.study.took_part import Client

SEAT = "p001"


def test_a_page_that_was_left_waits_no_more(tmp_path: Path) -> None:
    of = session(tmp_path)

    async def impatient(client: Client) -> None:
        runner = client.server.runner
        assert runner is not None
        assert runner.server is not None
        runner.server.handler_cancellation = False  # as the study's own, unlike aiohttp's for tests
        visitor = await to_the_checks(client, of)
        polls = client.app[FRONT].polls
        waits = f"{visitor.at}state?known=checks-1-{SEAT}"

        async def has(count: int) -> None:
            for _ in range(1000):
                if polls.of(SEAT) == count:
                    return
                await anyio.sleep(0.01)
            raise AssertionError(f"{polls.of(SEAT)} wait, not {count}")

        for _ in range(2 * MOST_POLLS):
            async with anyio.create_task_group() as group:
                group.start_soon(client.get, waits)
                await has(1)
                group.cancel_scope.cancel()  # the page is loaded again
            await has(0)
        async with client.get(f"{visitor.at}state?known=") as answer:
            assert answer.status == 200

    at(of, impatient)
