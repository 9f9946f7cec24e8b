"""A person's page over HTTP: a client that fills in the forms that it is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from retailsim.agents.person.desk import Desk, Question
from retailsim.events.messages import Role
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.play_page.app import application
from retailsim.sim.play_page.serve import sit, sitting_at
from retailsim.sim.play_page.sitting import Sitting
from retailsim.sim.play_page.table import Table, new_table, table_again
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Quiet
from tests.people.played import Answers
from tests.sim.runs import beside_a_browser

TOKEN = "a-token"
OWN = {"Sec-Fetch-Site": "same-origin"}
"""What a browser says of a form on the page itself."""
LONG_S = 60.0

Client = TestClient[web.Request, web.Application]


@dataclass
class Chair:
    """A person's place: the client of the page, and what the server knows."""

    client: Client
    sitting: Sitting

    async def page(self) -> str:
        """Look at the page."""
        async with self.client.get("/") as answer:
            assert answer.status == 200
            return await answer.text()

    async def post(self, path: str, form: Any, headers: Mapping[str, str] = OWN) -> tuple[int, str]:
        """Send a form; returns the status and the page that comes after it."""
        async with self.client.post(path, data=form, headers=headers) as answer:
            return answer.status, await answer.text()

    async def fill_in(self, question: Question, given: Mapping[str, Any]) -> tuple[int, str]:
        """Fill in the form of the page and send it."""
        html = await self.page()
        pairs = [("question", question.id), ("shown_ms", "77"), ("focus_lost", "1")]
        for name, value in given.items():
            assert f'name="f.{name}"' in html, f"{question.request}: no control for {name}"
            pairs += [(f"f.{name}", one) for one in _written(value)]
        return await self.post("/answer", pairs)

    async def play(self, answers: Answers, most: int | None = None) -> list[str]:
        """Answer what is asked, to the end or at most so often; returns each page after it."""
        pages: list[str] = []
        while most is None or len(pages) < most:
            await self.sitting.settled(LONG_S)
            question = self.sitting.question
            if question is None:
                break
            given = answers(question)
            assert given is not None, question
            status, html = await self.fill_in(question, given)
            assert status == 200, html
            pages.append(html)
        return pages


def _written(value: Any) -> list[str]:
    """A value as a browser sends it: what is not ticked is not sent."""
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(value)]


def new(folder: Path, text: str, role: Role, desk: Desk) -> Table:
    """A table for a scenario, whose run is ``folder/run``."""
    path = folder / "people.toml"
    path.write_text(text)
    return new_table(Options(scenario=str(path), out=folder / "run"), role, desk, Quiet())


def again(run: Path, desk: Desk) -> Table:
    """The table of a run that goes on."""
    return table_again(run, desk, {})


@asynccontextmanager
async def sat_down(table: Table, desk: Desk) -> AsyncIterator[Chair]:
    """Play a table's run while the block runs, and stop it then."""
    sitting = sitting_at(table, desk)
    server = TestServer(application(sitting, TOKEN))
    async with TestClient(server) as client, anyio.create_task_group() as group:
        await client.get("/", params={"token": TOKEN})
        group.start_soon(sit, table, sitting, RunControl())
        try:
            yield Chair(client, sitting)
        finally:
            desk.close()


def at(table: Table, desk: Desk, do: Callable[[Chair], Awaitable[None]]) -> None:
    """Do something at a table, and get up."""

    async def main() -> None:
        async with sat_down(table, desk) as chair:
            await do(chair)

    with beside_a_browser():
        anyio.run(main)
