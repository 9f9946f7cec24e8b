"""A person's sitting: the question that is open, what was seen last, and how far the run is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from aiohttp import web

from retailsim.agents.person.desk import Desk, Question
from retailsim.events.messages import Role
from retailsim.sim.play.progress import Progress

FINISHED, STOPPED = "finished", "stopped"
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

    Attributes
    ----------
    latest : Question or None
        The one that was open last.
    said : str
        What the person answered to it, until the next one comes.
    over : {"", "finished", "stopped"}
        Whether and how the run ended.
    seen : anyio.Event
        Set once the page on its end was asked for.
    """

    desk: Desk
    role: Role
    seat: str
    run: Path
    currency: str
    program: str
    total: int = 0
    latest: Question | None = None
    said: str = ""
    over: str = ""
    seen: anyio.Event = field(default_factory=anyio.Event)
    _done: int = 0
    _progress: Progress = field(default_factory=Progress)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    @property
    def question(self) -> Question | None:
        """The question that is open now."""
        return next(iter(self.desk.questions(self.seat)), None)

    @property
    def number(self) -> int:
        """Which of the run's conversations this is, from 1."""
        return min(self.total, self._done + self._progress.episodes + 1)

    @property
    def state(self) -> str:
        """What there is to see, as a word that changes with it."""
        return self.state_with(self.now())

    def state_with(self, question: Question | None) -> str:
        """Return the state in which this question is open: one page has one, whatever comes."""
        if self.over:
            return self.over
        return question.id if question else f"after-{self.latest.id if self.latest else 'none'}"

    def now(self) -> Question | None:
        """Return the question that is open, and remember it."""
        question = self.question
        if question is not None and question != self.latest:
            self.latest, self.said = question, ""
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

    async def other_than(self, state: str, seconds: float) -> None:
        """Return once there is something else to see, or so many seconds have passed."""
        with anyio.move_on_after(seconds):
            while self.state == state:
                await self._changed.wait()

    async def settled(self, seconds: float) -> None:
        """Return once the person is asked again or all is over, or after so many seconds."""
        with anyio.move_on_after(seconds):
            while self.question is None and not self.over:
                await self._changed.wait()

    def answer(
        self, question: Question, given: dict[str, Any], **measured: int | None
    ) -> Future[None]:
        """Answer a question; raises what `Desk.answer` raises."""
        receipt = self.desk.answer(question.id, given, **measured)
        text = given.get(SAID)
        self.said = text if isinstance(text, str) else ""
        return receipt

    # -- as the run's audience, told in the run's thread ---------------------------------------

    def say(self, text: str) -> None:
        """Leave it out: what concerns the person stands on the page."""

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Take how many episodes there are, and how many were played before."""
        self.total, self._done = total, done

        def update(progress: Progress) -> None:
            self._progress = progress

        yield update

    def follow(self) -> None:
        """Hear of questions from now on, in the loop that runs here."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(self.look)

        self.desk.listen(told)


SITTING = web.AppKey("sitting", Sitting)
"""Where the application has it."""
