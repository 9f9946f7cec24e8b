"""A study whose partner is a model that thinks until a test lets it answer, beside a browser."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio.to_thread
from aiohttp import web

from retailsim.sim.execution.runner import RunControl
from retailsim.sim.study.made import Study
from retailsim.sim.study.participants.app import application
from retailsim.sim.study.session import StudySession
from tests.serving import serving
from tests.sim.modelserver import Server, by_rote
from tests.sim.modelserver import serving as model_serving
from tests.sim.runs import beside_a_browser
from tests.study.took_part import study

if TYPE_CHECKING:
    from playwright.sync_api import Page

SLOW = """
[products]
per_category = 1
[design]
broadcast = "episode"
max_turns = 2
[[sellers]]
id = "shop"
agent = "model"
model = "m"
[[buyers]]
id = "people"
agent = "person"
options = {{ deadline_s = 600, when_gone = "leave" }}
[models.m]
provider = "openai-compatible"
model = "m"
base_url = "{url}"
[study]
conversations = 1
"""


class Thinker:
    """Answers by rote, but for the time in which it thinks."""

    def __init__(self) -> None:
        self._answers = threading.Event()
        self._answers.set()

    def __call__(self, body: dict[str, Any]) -> tuple[int, Any]:
        self._answers.wait()
        return by_rote(body)

    def think(self) -> None:
        """Answer nothing from now on."""
        self._answers.clear()

    def answer(self) -> None:
        """Answer what is asked, and what was."""
        self._answers.set()


@contextmanager
def slow_partner() -> Iterator[tuple[Thinker, Server]]:
    """Serve a partner who thinks when told to."""
    thinker = Thinker()
    with model_serving(thinker) as server:
        try:
            yield thinker, server
        finally:
            thinker.answer()


@dataclass
class Open:
    """A study that is open, with a partner who thinks when told to.

    Attributes
    ----------
    partner : Thinker
    model : Server
        Where the partner is asked.
    session : StudySession
    address : str
        Where participants' links begin; ends in a slash.
    """

    partner: Thinker
    model: Server
    session: StudySession
    address: str

    def link(self, seat: str = "p001") -> str:
        """The link of a seat."""
        return f"{self.address}p/{self.session.link(seat)}/"


@contextmanager
def open_to(page: Page, folder: Path, seats: int = 1, *settings: str) -> Iterator[Open]:
    """Make such a study, play it beside a page, which is left before the server ends."""
    with slow_partner() as (thinker, server):
        with beside_a_browser():
            of = study(folder, seats, *settings, text=SLOW.format(url=server.url))
        with serving(_playing(of)) as address:
            try:
                yield Open(thinker, server, of.session, address)
            finally:
                page.goto("about:blank")
                thinker.answer()


def _playing(of: Study) -> web.Application:
    """The participants' application, which plays the study as long as it is served."""
    session, tasks = of.session, list[asyncio.Task[None]]()

    async def play() -> None:
        session.follow()
        outcome = await anyio.to_thread.run_sync(partial(of.play, session, RunControl()))
        session.ended("finished" if outcome is None or outcome.finished else "stopped")

    async def begin(app: web.Application) -> None:
        tasks.append(asyncio.create_task(play()))

    async def end(app: web.Application) -> None:
        session.close()
        await asyncio.gather(*tasks)

    app = application(session)
    app.on_startup.append(begin)
    app.on_shutdown.append(end)
    return app
