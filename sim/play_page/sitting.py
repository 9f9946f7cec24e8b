"""A person's sitting: the question that is open, what was seen last, and how far the run is."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from aiohttp import web

from retailsim.agents.person.desk import Desk, Question
from retailsim.events.messages import Role
from retailsim.sim.error_line import line_and_status
from retailsim.sim.play.progress import Progress

FINISHED, STOPPED, FAILED = "finished", "stopped", "failed"
"""How a run may be over."""
SAID = "text"
"""The field that holds what is said to the other, in the forms of both sides."""


@dataclass(kw_only=True)
class Sitting:
    """What the pages of one run know; used in the server's event loop.

    Parameters
    ----------
    desk : Desk
    role : {"seller", "buyer"}
    seat : str
        Such as ``buyer:you``.
    run : Path
        The run's folder.
    currency : str
        Of its amounts.
    program : str
        How the program was called, for lines that say what to type next.
    trust : bool
        Whether the run's code may be run, if it was not launched here.
    reads : bool
        Whether the person reads here what a conversation came to before the next one begins; the
        desk is gated then.

    Attributes
    ----------
    latest : Question or None
        The one that was open last.
    said : str
        What the person answered to it, until the next one comes.
    over : {"", "finished", "stopped", "failed"}
        Whether and how the run ended.
    problem : str
        What it failed by, as one line.
    status : int
        The exit status of that.
    seen : anyio.Event
        Set once the page on its end was asked for.
    """

    desk: Desk
    role: Role
    seat: str
    run: Path
    currency: str
    program: str
    trust: bool = False
    reads: bool = False
    total: int = 0
    latest: Question | None = None
    said: str = ""
    over: str = ""
    problem: str = ""
    status: int = 1
    seen: anyio.Event = field(default_factory=anyio.Event)
    _done: int = 0
    _read: int = 0
    _made: dict[str, asyncio.Future[Any]] = field(default_factory=dict)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def question(self) -> Question | None:
        """The question that is open now."""
        return next(iter(self.desk.questions(self.seat)), None)

    @property
    def number(self) -> int:
        """Which of the run's conversations this is, from 1."""
        over = self._done + len(self.desk.played(self.seat))
        return min(self.total, over + (self.unread is None))

    @property
    def again(self) -> str:
        """What to type to go on with the run."""
        return f"{self.program} play {shlex.quote(str(self.run))}"

    @property
    def unread(self) -> str | None:
        """The market of the conversation that is over, while nobody went on from what it came to.

        None where that is not read here.
        """
        played = self.desk.played(self.seat)
        if not self.reads or self.over not in ("", FINISHED):
            return None
        return played[-1] if len(played) > self._read else None

    def go_on(self) -> None:
        """Go on to the next conversation, or to the end of all."""
        self._read = len(self.desk.played(self.seat))
        self.latest, self.said = None, ""
        self.desk.take(self.seat, self._read + 1)
        self.look()

    @property
    def state(self) -> str:
        """What there is to see, as a word that changes with it."""
        return self.state_with(self.now())

    def state_with(self, question: Question | None) -> str:
        """Return the state in which this question is open: one page has one, whatever comes."""
        if (market := self.unread) is not None:
            return f"over-{market}"
        if self.over:
            return self.over
        return question.id if question else f"after-{self.latest.id if self.latest else 'none'}"

    def now(self) -> Question | None:
        """Return the question that is open, and remember it, or what was answered last before."""
        question = self.question
        if question is not None and question != self.latest:
            self.latest, self.said = question, ""
        elif question is None and (before := self.desk.recalled(self.seat)) is not None:
            self.latest, self.said = before[0], _said(*before)
        return question

    def look(self) -> None:
        """Take in that questions came or went."""
        self.now()
        self._changed.set()
        self._changed = anyio.Event()

    def end(self, how: str) -> None:
        """Note that the run is over."""
        self.over = how
        self.look()

    def fail(self, error: Exception) -> None:
        """Note that the run cannot go on, and by what."""
        self.problem, self.status = line_and_status(error)
        self.end(FAILED)

    async def made_once(self, name: str, make: Callable[[], Awaitable[Any]]) -> Any:
        """Return what is made under a name; made by who asks first, however many ask."""
        if name not in self._made:
            self._made[name] = asyncio.ensure_future(make())
        return await asyncio.shield(self._made[name])  # who goes away must not take it along

    async def other_than(self, state: str, seconds: float) -> None:
        """Return once there is something else to see, or so many seconds have passed."""
        with anyio.move_on_after(seconds):
            while self.state == state:
                await self._changed.wait()

    async def settled(self, seconds: float) -> None:
        """Return once there is something to do again or all is over, or after so many seconds."""
        with anyio.move_on_after(seconds):
            while self.question is None and self.unread is None and not self.over:
                await self._changed.wait()

    def answer(
        self, question: Question, given: dict[str, Any], **measured: int | None
    ) -> Future[None]:
        """Answer a question; raises what `Desk.answer` raises."""
        receipt = self.desk.answer(question.id, given, **measured)
        self.said = _text(given.get(SAID))
        return receipt

    # -- as the run's audience, told in the run's thread ---------------------------------------

    def say(self, text: str) -> None:
        """Leave it out: what concerns the person stands on the page."""

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Take how many episodes there are, and how many were played before."""
        self.total, self._done = total, done
        yield lambda progress: None

    def follow(self) -> None:
        """Sit down, and hear of questions from now on, in the loop that runs here."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(self.look)

        self.desk.listen(told)
        self.desk.take(self.seat, 1)


def _said(question: Question, value: Any) -> str:
    """Return what was said by a value that answers a question; empty where nothing was."""
    if all(one.name != SAID for one in question.fields):
        return ""
    return _text(value.get(SAID) if isinstance(value, dict) else value)


def _text(said: object) -> str:
    return said if isinstance(said, str) else ""


SITTING = web.AppKey("sitting", Sitting)
"""Where the application has it."""
