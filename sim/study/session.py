"""A study while people take part: its seats, who has them, what they are asked.

Both applications, the participants' and the organiser's, know a study through this alone. It is
used in the server's event loop; the run is played in a thread of its own.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import anyio
import msgspec
from aiohttp import web

from retailsim.agents.person.desk import Desk, Question
from retailsim.agents.person.errors import NoSuchQuestion
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.scenario.study_design import Treatment
from retailsim.sim.scenario.study_table import StudyTable
from retailsim.sim.study.errors import NoSeatFree, NoSuchSeat, TakesNobodyNew
from retailsim.sim.study.links import ROOM, named_by, token
from retailsim.sim.study.materials import Materials
from retailsim.sim.study.participant import Ending, Participant
from retailsim.sim.study.register import Register

LABELS = ("PROLIFIC_PID", "label")
"""What a panel may call its participant by: the same one gets the same seat."""


def now() -> str:
    """Return the time as it is kept: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(kw_only=True)
class StudySession:
    """What the pages of a study know.

    Parameters
    ----------
    run : Path
        The run's folder.
    table : StudyTable
        As it is frozen in the run.
    materials : Materials
        What participants read and are asked.
    plan : mapping of seat to treatments
        What each seat plays, in order.
    markets : mapping of seat to str
        The names of the markets that each seat plays, in the same order.
    before : mapping of seat to int
        How many of its conversations were over before this session.
    broken : frozenset of str
        Seats of which a conversation failed before this session.
    register : Register
    desk : Desk
        Gated: a market begins once its seat is taken.
    currency : str
        Of the run's amounts.
    program : str
        How the program was called, for lines that say what to type next.

    Attributes
    ----------
    over : {"", "finished", "stopped"} or a sentence
        Whether and how the run ended; a sentence says what went wrong.
    seen : mapping of seat to str
        When its page was last asked for in this session: ISO 8601, UTC.
    shown_end : set of str
        Seats that were shown in this session how it ended for them.
    usage : ModelUsage or None
        What language models were asked, as the run's progress says it.
    """

    run: Path
    table: StudyTable
    materials: Materials = field(default_factory=Materials)
    plan: Mapping[str, tuple[Treatment, ...]]
    markets: Mapping[str, tuple[str, ...]]
    before: Mapping[str, int]
    broken: frozenset[str]
    register: Register
    desk: Desk
    currency: str
    program: str
    over: str = ""
    seen: dict[str, str] = field(default_factory=dict)
    shown_end: set[str] = field(default_factory=set)
    usage: ModelUsage | None = None
    _began: str = field(default_factory=now)
    _gone: set[str] = field(default_factory=set)
    _changed: anyio.Event = field(default_factory=anyio.Event)

    # -- seats and who has them ------------------------------------------------------------

    @property
    def seats(self) -> tuple[str, ...]:
        """The ids of the seats, in their order."""
        return tuple(self.plan)

    def link(self, name: str) -> str:
        """Return the token that opens a seat, or the room."""
        return token(self.register.key(), name)

    def opened(self, given: str, panel: Mapping[str, str]) -> Participant:
        """Return whose place a token opens: a seat's own, or, for the room, the next free one.

        Who was sent by a panel comes back to the same seat. A seat that was free is taken.

        Raises
        ------
        NoSuchSeat, NoSeatFree, TakesNobodyNew, BadRegister
        """
        name = named_by(self.register.key(), given)
        if name == ROOM:
            one = self._known(panel) or self._taken(self._free(), panel)
        elif name in self.plan:
            one = self.register.participant(name) or self._taken(name, panel)
        else:
            raise NoSuchSeat
        self.seen[one.seat] = now()
        return one

    def come(self, given: str, panel: Mapping[str, str], before: str = "") -> Participant:
        """Return whose place a token opens, as `opened`; who came before is in the same seat.

        Parameters
        ----------
        before : str
            The token of the seat that the room gave whoever comes, as far as their browser knows;
            who is sent by a panel is known by that.
        """
        known = any(panel.get(label) for label in LABELS)
        if before and not known and named_by(self.register.key(), given) == ROOM:
            with suppress(NoSuchSeat):
                return self.there(before)
        return self.opened(given, panel)

    def there(self, given: str) -> Participant:
        """Return who sits in the seat that a token opens; raises `NoSuchSeat` where nobody does."""
        one = self.register.participant(named_by(self.register.key(), given))
        if one is None:
            raise NoSuchSeat
        self.seen[one.seat] = now()
        return one

    def keep(self, one: Participant) -> Participant:
        """Keep what changed about a participant, and begin or go on with what they play.

        Returns what is known now: since when the stage is what it is, is noted here.
        """
        before = self.register.participant(one.seat)
        same = before is not None and before.stage == one.stage
        since = before.stage_at if before is not None and same else now()
        one = msgspec.structs.replace(one, stage_at=since)
        if one.stage == "play" and one.conversation == 0:
            one = msgspec.structs.replace(one, conversation=1)
        self.register.keep(one)
        if one.stage == "over":
            self._note_gone(one)
        else:
            self._let_play(one)
        self._look()
        return one

    def end(self, one: Participant, ending: Ending, why: str = "") -> Participant:
        """Note how it ended for a participant, and return what is known now."""
        ended = msgspec.structs.replace(one, stage="over", ending=ending, why=why, over_at=now())
        return self.keep(ended)

    def take_nobody_new(self, *, closed: bool) -> None:
        """Let nobody into a free seat from now on, or let people in again."""
        self.register.close(closed=closed)
        self._look()

    def get_up(self, seat: str) -> None:
        """Have who is in a seat leave its open question; what comes of it is the seat's to say.

        Raises
        ------
        NoSuchQuestion
            If it is asked nothing.
        """
        question = self.question(seat)
        if question is None:
            raise NoSuchQuestion
        self.desk.leave(question.id)

    def dismiss(self, one: Participant, ending: Ending, why: str) -> Participant:
        """End it for somebody early: no conversation begins any more, and one under way is left."""
        with suppress(NoSuchQuestion):
            self.get_up(one.seat)
        return self.end(one, ending, why)

    def withdraw(self, one: Participant) -> Participant:
        """Note that somebody withdrew; who has not come to the end has by that."""
        if one.stage != "over":
            one = self.dismiss(one, "screened out", "withdrew")
        return self.keep(msgspec.structs.replace(one, withdrawn_at=now()))

    def source(self, seat: str) -> str:
        """Return what the desk calls a seat."""
        return f"{self.table.role}:{seat}"

    # -- what is played --------------------------------------------------------------------

    def question(self, seat: str) -> Question | None:
        """Return what a seat is asked now."""
        return next(iter(self.desk.questions(self.source(seat))), None)

    def answer(
        self, question: Question, given: dict[str, Any], **measured: int | None
    ) -> Future[None]:
        """Answer a question; raises what `Desk.answer` raises."""
        return self.desk.answer(question.id, given, **measured)

    def played(self, seat: str) -> int:
        """Return how many conversations of a seat are over."""
        return self.before.get(seat, 0) + len(self.desk.played(self.source(seat)))

    def all_played(self, seat: str) -> bool:
        """Whether a seat has nothing left to play."""
        return self.played(seat) >= len(self.plan[seat])

    @property
    def all_over(self) -> bool:
        """Whether everybody who came has come to the end."""
        return all(one.stage == "over" for one in self.register.participants)

    @property
    def all_seen(self) -> bool:
        """Whether everybody who came to the end in this session has been shown it."""
        return all(
            one.over_at < self._began or one.seat in self.shown_end
            for one in self.register.participants
        )

    def close(self) -> None:
        """Stop: nothing is asked any more, and nothing is lost."""
        self.desk.close()
        self.ended("stopped")

    def counts(self) -> Counter[str]:
        """Return how many seats are in which stage or ended how; those nobody has as "free"."""
        found = Counter[str](one.ending or one.stage for one in self.register.participants)
        found["free"] = len(self.plan) - found.total()
        return found

    # -- waiting for what happens ----------------------------------------------------------

    async def changed(self, seconds: float) -> None:
        """Return once anything changed, or so many seconds have passed."""
        with anyio.move_on_after(seconds):
            await self._changed.wait()

    async def stopped(self, seconds: float) -> None:
        """Return once it was stopped after its end, or so many seconds have passed."""
        with anyio.move_on_after(seconds):
            while self.over == "finished":
                await self._changed.wait()

    async def until(self, there: Callable[[], bool], seconds: float) -> None:
        """Return once it is so, or the run is over, or so many seconds have passed."""
        with anyio.move_on_after(seconds):
            while not (there() or self.over):
                await self._changed.wait()

    def follow(self) -> None:
        """Hear of questions from now on, in the loop that runs here; let those go on who play."""
        loop = asyncio.get_running_loop()

        def told() -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(self._look)

        self.desk.listen(told)
        for one in self.register.participants:
            self._let_play(one)
            if one.stage == "over":
                self._note_gone(one)

    def ended(self, how: str) -> None:
        """Note that the run is over."""
        self.over = how
        self._look()

    # -- as the run's audience, told in the run's thread -----------------------------------

    def say(self, text: str) -> None:
        """Leave it out: what concerns people stands on their pages."""

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Take what models were asked; of people the register says more."""

        def take(progress: Progress) -> None:
            self.usage = progress.usage

        yield take

    def _let_play(self, one: Participant) -> None:
        """Let a participant's conversations begin, up to the one that they have come to.

        Also where the participant is further by now: a conversation whose end a kill has taken from
        the log is played to it again, from what was answered.
        """
        if one.conversation:
            before = self.before.get(one.seat, 0)
            self.desk.take(self.source(one.seat), max(0, one.conversation - before))

    def _note_gone(self, one: Participant) -> None:
        """Have nobody waited for any more who has gone in the middle of a conversation."""
        if self.played(one.seat) < one.conversation:
            self._gone.add(one.seat)

    def _look(self) -> None:
        for seat in self._gone:
            if (question := self.question(seat)) is not None:
                self.desk.leave(question.id)  # nobody will answer it
        self._changed.set()
        self._changed = anyio.Event()

    def _free(self) -> str:
        for seat in self.plan:
            if self.register.participant(seat) is None:
                return seat
        raise NoSeatFree

    def _known(self, panel: Mapping[str, str]) -> Participant | None:
        for label in LABELS:
            if panel.get(label):
                for one in self.register.participants:
                    if one.panel.get(label) == panel[label]:
                        return one
        return None

    def _taken(self, seat: str, panel: Mapping[str, str]) -> Participant:
        if self.register.closed:
            raise TakesNobodyNew
        return self.keep(Participant(seat=seat, came_at=now(), panel=dict(panel)))


SESSION = web.AppKey("study", StudySession)
"""Where the applications have it."""
