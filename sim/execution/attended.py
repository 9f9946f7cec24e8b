"""A run whose people are asked at a desk: connected while it is played, closed when it stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from retailsim.agents.person.desk import Desk
from retailsim.sim.errors import PlayedByPeople
from retailsim.sim.play.stop import Stop
from retailsim.sim.seats.cast import Cast


@asynccontextmanager
async def attended(run: str, cast: Cast, desk: Desk | None, stop: Stop) -> AsyncIterator[None]:
    """Connect the people's seats with the desk while the block runs.

    Nobody waits for a person any more once the run shall stop: what was asked is left to a resume.

    Raises
    ------
    PlayedByPeople
        If people take part and there is no desk: their silence must not be recorded.
    """
    if desk is None:
        if cast.people():
            raise PlayedByPeople(run, cast.people(), "played")
        yield
        return
    desk.connect(stop.request)
    cast.connect_desk(desk)
    watching = asyncio.create_task(_close_on(stop, desk))
    try:
        yield
    finally:
        watching.cancel()
        desk.over()


async def _close_on(stop: Stop, desk: Desk) -> None:
    await stop.wait()
    desk.close()
