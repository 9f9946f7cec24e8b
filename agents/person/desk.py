"""The desk: where the open questions of seats wait for a person's answer.

It knows no page and no network. Whoever sits at it, a page, a test or a bot, takes a `Question`
and gives an answer; from any thread, since a server may have an event loop of its own. An answer
that cannot be taken is refused with one sentence, and the question stays open.
"""

from __future__ import annotations

import asyncio
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NoReturn

import msgspec

from retailsim.agents.person.errors import DeskClosed, NoSuchQuestion
from retailsim.agents.person.form import Fields
from retailsim.agents.person.options import Absence
from retailsim.agents.person.recorded import Recorded, measured
from retailsim.agents.person.side import Seen
from retailsim.events.errors import LeftToResume
from retailsim.events.outside import Door


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What a seat is asked, as the one who sits there may know it.

    Parameters
    ----------
    id : str
        16 hexadecimal digits; the same when a resumed run asks again.
    seat : str
        Such as ``buyer:ann``.
    market, episode : str, str or None
        What it belongs to.
    stage, request : str
        Where in the protocol it stands, such as ``decision``, and what is asked: ``Decide``.
    number : int
        How many questions the seat had before in this market.
    asks : str
        What there is to do, as a sentence.
    seen : Seen
        Conversation, product sheets, price and terms.
    fields : tuple of Field
        What to fill in.
    time_us : int
        Market time in microseconds.
    deadline_s : float
        How long may be taken for it, in seconds.
    when_gone : {"fail", "leave", "hand over"}
        What comes of it if the person leaves here.
    """

    id: str
    seat: str
    market: str
    episode: str | None
    stage: str
    request: str
    number: int
    asks: str
    seen: Seen
    fields: Fields
    time_us: int
    deadline_s: float
    when_gone: Absence = "fail"


class Silence(msgspec.Struct, frozen=True):
    """Nobody answered, for so many seconds; None: the person left."""

    after_s: float | None


Read = Callable[[object], bytes]
"""What was filled in -> the value as JSON; raises `BadAnswer`."""


class _Open:
    """A question that waits."""

    def __init__(self, question: Question, read: Read, since: float) -> None:
        self.question = question
        self.read = read
        self.since = since
        self.loop = asyncio.get_running_loop()
        self.over = asyncio.Event()
        self.said: Recorded | Silence | None = None


class Desk:
    """Where questions wait; all methods but `ask` may be called from any thread.

    Parameters
    ----------
    gated : bool
        Whether a market begins only once its people have come, each with `take`: else nobody is
        waited for, and deadlines pass.
    command : str
        Of the program that goes on with the run, for lines that say what to type.
    clock : callable
        Seconds, for the times that are told and recorded; deadlines are the event loop's.

    Attributes
    ----------
    gated : bool
    command : str
    """

    def __init__(
        self,
        *,
        gated: bool = False,
        command: str = "play",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.gated = gated
        self.command = command
        self._clock = clock
        self._taken: dict[str, float] = {}
        self._arrivals: dict[str, asyncio.Event] = {}
        self._played: dict[str, list[str]] = {}
        self._lock = threading.RLock()
        self._open: dict[str, _Open] = {}
        self._recalled: dict[str, tuple[Question, Any]] = {}
        self._receipts: dict[str, Future[None]] = {}
        self._listeners: list[Callable[[], None]] = []
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._halt: Callable[[], None] = lambda: None

    # -- for who sits at it ----------------------------------------------------------------

    @property
    def closed(self) -> bool:
        """Whether the session is over: nothing is asked any more."""
        return self._closed

    def take(self, seat: str, markets: int | None = None) -> None:
        """Come to a seat, such as ``buyer:ann``: its markets may begin; a second time is fine.

        Parameters
        ----------
        markets : int, optional
            How many of them may, counted from the first one that is played here; None: all.
        """
        with self._lock:
            self._taken[seat] = math.inf if markets is None else markets
            self._wake(seat)

    def release(self, seat: str) -> None:
        """Go from a seat: its markets that have not begun wait until somebody comes again."""
        with self._lock:
            self._taken.pop(seat, None)

    def played(self, seat: str) -> list[str]:
        """Return the markets of a seat that came to their end here; told through `listen`, too."""
        with self._lock:
            return list(self._played.get(seat, ()))

    def questions(self, seat: str | None = None) -> list[Question]:
        """Return the open questions, of one seat or of all, in the order in which they came."""
        with self._lock:
            found = [one.question for one in self._open.values()]
        return [one for one in found if seat in (None, one.seat)]

    def recalled(self, seat: str) -> tuple[Question, Any] | None:
        """Return what a seat answered last before this session; None once it is asked more."""
        with self._lock:
            return self._recalled.get(seat)

    def left_s(self, question: str) -> float:
        """Return how many seconds are left for a question, by its id; raises `NoSuchQuestion`."""
        with self._lock:
            opened = self._found(question)
            return max(0.0, opened.since + opened.question.deadline_s - self._clock())

    def answer(
        self, question: str, given: object, *, shown_ms: object = None, focus_lost: object = None
    ) -> Future[None]:
        """Answer a question, by its id.

        Parameters
        ----------
        given : mapping of field name to value
            As the question's `fields` ask for it.
        shown_ms, focus_lost : int, optional
            What a page measured; what is no whole number from 0 up is left out.

        Returns
        -------
        Future
            Done once the answer is in the log; fails with `DeskClosed` where it does not get there.

        Raises
        ------
        BadAnswer
            If it cannot be taken, in one sentence; the question stays open.
        NoSuchQuestion
            If it is not open.
        """
        with self._lock:
            opened = self._found(question)
            opened.said = Recorded(
                answer=msgspec.Raw(opened.read(given)),
                shown_ms=measured(shown_ms),
                focus_lost=measured(focus_lost),
                waited_ms=max(0, round(1000 * (self._clock() - opened.since))),
            )
            receipt = self._receipts[question] = Future()
            self._end(opened)
        self._tell()
        return receipt

    def leave(self, question: str) -> None:
        """Get up instead of answering; what comes of it is the seat's to say.

        Raises
        ------
        NoSuchQuestion
            If it is not open.
        """
        with self._lock:
            opened = self._found(question)
            opened.said = Silence(None)
            self._end(opened)
        self._tell()

    def close(self) -> None:
        """End the session: the run stops at once, nothing is lost, and a resume asks again."""
        self._closed = True
        with self._lock:
            for opened in list(self._open.values()):
                self._end(opened)
            for seat in self._arrivals:
                self._wake(seat)
        self._halt()
        self._tell()

    def listen(self, told: Callable[[], None]) -> Callable[[], None]:
        """Have `told` called whenever questions come or go; returns what ends that.

        It is called in the run's event loop, soon after the change, and may answer at once.
        """
        self._listeners.append(told)

        def end() -> None:
            with suppress(ValueError):
                self._listeners.remove(told)

        return end

    # -- for the seats ---------------------------------------------------------------------

    def connect(self, halt: Callable[[], None]) -> None:
        """Take what stops the run that is played."""
        self._halt = halt
        self._loop = asyncio.get_running_loop()

    async def seated(self, seat: str) -> None:
        """Return once somebody has come to a seat for one more market, or the session is over."""
        while True:
            with self._lock:
                more = len(self._played.get(seat, ())) < self._taken.get(seat, 0)
                if more or not self.gated or self._closed:
                    return
                arrival = self._arrivals.setdefault(seat, asyncio.Event())
                arrival.clear()
            await arrival.wait()

    def market_over(self, seat: str, market: str) -> None:
        """Note that a market of a seat is over."""
        with self._lock:
            self._played.setdefault(seat, []).append(market)
            self._recalled.pop(seat, None)
        self._tell()

    def at(self, door: Door) -> SeatDesk:
        """Return the way of one market's seats, whose answers are recorded at its door."""
        return SeatDesk(self, door)

    async def ask(self, question: Question, read: Read) -> Recorded | Silence:
        """Return what a person answers, or that nobody did.

        Raises
        ------
        DeskClosed
            If the session ended before.
        """
        opened = _Open(question, read, self._clock())
        self._loop = opened.loop
        with self._lock:
            if self._closed:
                raise DeskClosed
            self._open[question.id] = opened
            self._recalled.pop(question.seat, None)
        self._tell()
        late = False
        try:
            async with asyncio.timeout(question.deadline_s):
                await opened.over.wait()
        except TimeoutError:
            late = True
        finally:
            with self._lock:
                waited = self._open.pop(question.id, None)
        if waited is not None:
            self._tell()
        if opened.said is not None:  # also where the deadline passed while it came
            return opened.said
        if not late:
            raise DeskClosed
        return Silence(question.deadline_s)

    def recall(self, question: Question, value: Any) -> None:
        """Note that a question was answered before this session, and by what."""
        with self._lock:
            self._recalled[question.seat] = question, value
        self._tell()

    def kept(self, question: str) -> None:
        """Note that an answer is in the log."""
        receipt = self._receipts.pop(question, None)
        if receipt is not None:
            receipt.set_result(None)

    def over(self) -> None:
        """Note that the run is over: what was answered and is not in the log will not be."""
        self._closed = True
        while self._receipts:
            _, receipt = self._receipts.popitem()
            receipt.set_exception(DeskClosed())
        self._tell()

    def halt(self) -> None:
        """Stop the run."""
        self._halt()

    def _found(self, question: str) -> _Open:
        if question not in self._open:
            raise NoSuchQuestion
        return self._open[question]

    def _end(self, opened: _Open) -> None:
        del self._open[opened.question.id]
        with suppress(RuntimeError):  # the run's loop is closed
            opened.loop.call_soon_threadsafe(opened.over.set)

    def _wake(self, seat: str) -> None:
        arrival = self._arrivals.get(seat)
        if arrival is not None and self._loop is not None:
            with suppress(RuntimeError):  # the run's loop is closed
                self._loop.call_soon_threadsafe(arrival.set)

    def _tell(self) -> None:
        if self._loop is None:
            return
        with suppress(RuntimeError):  # the run's loop is closed
            for told in list(self._listeners):
                self._loop.call_soon_threadsafe(told)


class SeatDesk:
    """One market's seats' way to the people who sit there.

    Parameters
    ----------
    desk : Desk
    door : Door
        The market's.
    """

    def __init__(self, desk: Desk, door: Door) -> None:
        self._desk = desk
        self._door = door

    async def ask(self, question: Any, read: Read) -> Recorded | Silence:
        """Put a question on the desk; see `Desk.ask`."""
        return await self._desk.ask(question, read)

    def kept(self, question: str) -> None:
        """Note that an answer is in the log."""
        self._desk.kept(question)

    def recall(self, question: Question, value: Any) -> None:
        """Note that a question was answered before this session, and by what."""
        self._desk.recall(question, value)

    async def leave(self, error: LeftToResume) -> NoReturn:
        """Stop the run, and leave this question to its resume."""
        self._desk.halt()
        async with self._door.asking():  # the run is stopping: this never gets in
            raise AssertionError("a halted run goes on")
        raise AssertionError("a halted run goes on")
