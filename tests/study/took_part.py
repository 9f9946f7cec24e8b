"""A study that people take part in over HTTP, each page's form filled in as a browser would."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from retailsim.agents.person.bot import filled_by_chance
from retailsim.agents.person.desk import Desk, Question
from retailsim.events.streams import Seed
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.run.launch_options import DEFAULT, Options
from retailsim.sim.study.links import ROOM
from retailsim.sim.study.made import Study, new_study
from retailsim.sim.study.participant import Participant
from retailsim.sim.study.participants.app import application
from retailsim.sim.study.session import StudySession
from retailsim.sim.terminal.audience import Nobody
from tests.sim.runs import beside_a_browser

SHORT = ("products.per_category=1", "design.max_turns=1")

Client = TestClient[web.Request, web.Application]
Pairs = list[tuple[str, str]]


class Forms(HTMLParser):
    """The forms of a page: where each goes, what is hidden in it, which controls it has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.hidden: dict[str, dict[str, str]] = {}
        self.names: dict[str, set[str]] = {}
        self._at = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._at = given["action"].removeprefix("./")
            self.hidden[self._at], self.names[self._at] = {}, set()
        elif self._at and given.get("name"):
            self.names[self._at].add(given["name"])
            if given.get("type") == "hidden":
                self.hidden[self._at][given["name"]] = given["value"]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._at = ""


@dataclass
class Visitor:
    """Somebody with a browser.

    Attributes
    ----------
    at : str
        The address of the page.
    html : str
        The page.
    status : int
    """

    client: Client
    at: str = ""
    html: str = ""
    status: int = 0
    posts: list[str] = field(default_factory=list)

    @property
    def forms(self) -> Forms:
        """The page's forms."""
        return Forms(self.html)

    async def come(self, link: str) -> int:
        """Follow a link."""
        async with self.client.get(link) as answer:
            self.at, self.status, self.html = answer.url.path, answer.status, await answer.text()
        return self.status

    async def send(self, action: str, *pairs: tuple[str, str]) -> int:
        """Fill in one of the page's forms, and send it."""
        forms = self.forms
        assert action in forms.hidden, f"no form for {action} at {self.at}:\n{self.html}"
        for name, _ in pairs:
            assert name in forms.names[action], f"no control {name} for {action}:\n{self.html}"
        return await self.post(action, [*forms.hidden[action].items(), *pairs])

    async def post(self, action: str, pairs: Pairs, headers: Mapping[str, str] = {}) -> int:
        """Send a form, whether or not the page has it."""
        base = self.at[: self.at.rindex("/") + 1]
        async with self.client.post(base + action, data=pairs, headers=headers) as answer:
            self.at, self.status, self.html = answer.url.path, answer.status, await answer.text()
        self.posts.append(action)
        return self.status


def study(
    folder: Path, seats: int = 2, *settings: str, text: str | None = None, scenario: str = DEFAULT
) -> Study:
    """A new study of a few short conversations; `text` is a scenario that ends with its [study]."""
    if text is not None:
        scenario = str(folder / "study.toml")
        Path(scenario).write_text(text)
    short = SHORT if scenario != "csales" else ("profiles.count=3",)
    options = Options(scenario=scenario, out=folder / "run", settings=(*short, *settings))
    return new_study(options, seats, Desk(gated=True), Nobody())


@asynccontextmanager
async def open_study(of: Study) -> AsyncIterator[Client]:
    """Play a study while the block runs, and stop it then."""
    session, control = of.session, RunControl()

    async def play() -> None:
        session.follow()
        outcome = await anyio.to_thread.run_sync(partial(of.play, session, control))
        session.ended("finished" if outcome is None or outcome.finished else "stopped")

    async with (
        TestClient(TestServer(application(session))) as client,
        anyio.create_task_group() as group,
    ):
        group.start_soon(play)
        try:
            yield client
        finally:
            session.close()


def during(of: Study, do: Callable[[Client], Awaitable[None]]) -> None:
    """Do something while a study is open."""

    async def main() -> None:
        async with open_study(of) as client:
            await do(client)

    with beside_a_browser():
        anyio.run(main)


def room(session: StudySession) -> str:
    """The address of the room."""
    return f"/p/{session.link(ROOM)}"


async def talk(
    session: StudySession,
    visitor: Visitor,
    seat: str,
    most: int = 100,
    seen: list[str] | None = None,
) -> int:
    """Answer what a seat is asked by chance, at most so often or until its conversation is over.

    Returns how often; `seen` gets each page.
    """

    def there() -> bool:
        return session.question(seat) is not None or session.played(seat) >= conversation

    conversation = known(session, seat).conversation
    for number in range(most):
        await session.until(there, 60)
        question = session.question(seat)
        await visitor.come(visitor.at)
        if seen is not None:
            seen.append(visitor.html)
        if question is None:
            return number
        for draw in range(20):
            if await visitor.send("answer", *by_chance(question, draw)) == 200:
                break
    assert most < 100, "the conversation has no end"
    return most


def by_chance(question: Question, draw: int = 0) -> Pairs:
    """An answer to a question as a form sends it."""
    given = filled_by_chance(question, Seed(1).stream(f"{draw}", question.id))
    return [(f"f.{name}", one) for name in given for one in _written(given[name])]


def known(session: StudySession, seat: str) -> Participant:
    """What is known of a participant."""
    one = session.register.participant(seat)
    assert one is not None
    return one


def _written(value: Any) -> list[str]:
    """A value as a browser sends it: what is not ticked is not sent."""
    if value is None:
        return []
    if isinstance(value, list | tuple):
        return [str(one) for one in value]
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    return [str(value)]
