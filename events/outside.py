"""The one door to the outside world: what comes through it is in the log before it is used.

A market's door counts the calls of each source in each episode. A call that is recorded gets
its recorded answer and is not made; any other is made under its deadline, written to the log,
and only then handed on. So a resumed run pays for nothing twice, and a verified one pays nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from hashlib import sha256
from typing import Protocol

import anyio
import msgspec

from retailsim.events.errors import (
    EventsError,
    LeftToResume,
    OutsideDiverged,
    OutsideFailed,
    OutsideMissing,
)
from retailsim.events.kernel import Question
from retailsim.events.messages import LoggedRecord, Message, ModelCalled, OutsideAnswered
from retailsim.events.recorded_answers import FAILURE, Answers, HeldAnswers, StoredAnswers

encode = msgspec.json.Encoder().encode


class Recorder(Protocol):
    """Where a run's answers are written: the log writer, or nothing while verifying."""

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Return once the lines are written."""
        ...

    def append(self, lines: bytes, count: int) -> None:
        """Queue the lines, in order."""
        ...


class OutsideGate(Protocol):
    """Decides whether a market may ask for something new."""

    @property
    def closed(self) -> bool:
        """Whether a call was turned away, so that this execution of the market is void."""
        ...

    async def enter(self) -> None:
        """Return when a call may begin; in a stopping run, never."""
        ...

    def leave(self) -> None:
        """Note that a call that had entered is over, and its answer written."""
        ...


class Door:
    """One market's door.

    Parameters
    ----------
    recorded : StoredAnswers or iterable of records
        What the log holds of this market already.
    recorder : Recorder or None
        None: nothing may be asked that is not recorded.
    gate : OutsideGate, optional
        Passed before a call is made.

    Attributes
    ----------
    diverged : EventsError or None
        The first call that contradicts what is recorded, whatever the agent made of the error.
    """

    def __init__(
        self,
        recorded: StoredAnswers | Iterable[LoggedRecord],
        recorder: Recorder | None,
        gate: OutsideGate | None = None,
    ) -> None:
        self._recorded: Answers = (
            recorded if isinstance(recorded, StoredAnswers) else HeldAnswers(recorded)
        )
        self._failures = self._recorded.failures
        self._recorder = recorder
        self._gate = gate
        self._calls: dict[tuple[str | None, str], int] = {}
        self.diverged: EventsError | None = None

    async def __call__(
        self,
        request: Message,
        source: str,
        key: str,
        call: Callable[[], Awaitable[str]],
        timeout_s: float,
    ) -> str:
        """Return the answer to `key`, recorded or new.

        Raises
        ------
        OutsideFailed
            The call raised or passed its deadline, now or when it was recorded.
        OutsideDiverged
            Something else is recorded for this call.
        OutsideMissing
            Nothing is recorded, and nothing new may be asked.
        LeftToResume
            The call has no answer, and is to be made again by a resume; nothing is recorded.
        ValueError
            If `key` is no text, or one of our own.
        """
        _check_key(key)
        number = self.number(request.episode, source)
        # Recorded or not, an answer is waited for: an agent that did not declare `waits` fails
        # here before it asks anything, and fails the same way when it is executed again.
        await asyncio.sleep(0)
        record = self.recorded(request.episode, source, number)
        if record is None:
            record = await self._ask(request, source, number, key, call, timeout_s)
        if not isinstance(record, OutsideAnswered) or record.key != key:
            was = record.key if isinstance(record, OutsideAnswered) else "a model's answer"
            raise self.diverge(OutsideDiverged(source, number, was, key))
        if record.answer is None:
            raise OutsideFailed(source, key, record.error or "")
        return record.answer

    def number(self, episode: str | None, source: str) -> int:
        """Count one more call of `source` in `episode` and return its number, from 0."""
        number = self._calls.get((episode, source), 0)
        self._calls[episode, source] = number + 1
        return number

    def recorded(self, episode: str | None, source: str, number: int) -> LoggedRecord | None:
        """Return what is recorded for a call, if anything."""
        return self._recorded.find(episode, source, number)

    def diverge(self, error: EventsError) -> EventsError:
        """Note that this execution contradicts the record, and return the error to raise."""
        self.diverged = self.diverged or error
        return error

    async def write(self, record: LoggedRecord) -> None:
        """Write a new record; return once it is in the system's hands."""
        if self._recorder is None:
            raise self.diverge(OutsideMissing(record.source, _key(record)))
        await self._recorder.append_durable(encode(record) + b"\n", 1)

    def asking(self) -> AbstractAsyncContextManager[None]:
        """Surround a new call and the writing of its answer: a stopping run waits for its end.

        Enter it right before the request leaves; a run that is stopping never gets in.
        """
        return nullcontext() if self._gate is None else _Inside(self._gate)

    def failure(self, request: Message, source: str, key: str) -> str | None:
        """Return the recorded failure of a whole reply (a deadline, a blocked loop), if any."""
        record = self._failures.get((request.episode, source, FAILURE + key))
        return record.error if record is not None else None

    def record_failure(self, request: Message, source: str, key: str, error: str) -> None:
        """Record that a whole reply failed for a reason of the outside world, such as time.

        Queued, not awaited: the log keeps the order, and the failed agent cannot be awaited.
        Nothing is recorded once the gate is closed: what happens then will not have happened.
        """
        if self._recorder is None:
            raise self.diverge(OutsideMissing(source, key))
        if self._gate is not None and self._gate.closed:
            return
        number = self.number(request.episode, source)
        record = _answered(request, source, number, FAILURE + key, None, _encodable(error))
        self._recorder.append(encode(record) + b"\n", 1)

    async def _ask(
        self,
        request: Message,
        source: str,
        number: int,
        key: str,
        call: Callable[[], Awaitable[str]],
        timeout_s: float,
    ) -> OutsideAnswered:
        if self._recorder is None:
            raise self.diverge(OutsideMissing(source, key))
        async with self.asking():
            answer, error = await _attempt(call, timeout_s)
            record = _answered(request, source, number, key, answer, error)
            await self.write(record)
        return record


class AskedDoor(Door):
    """A market's door behind which the caller of its kernel stands: each call is a `Question`.

    Attributes
    ----------
    records : list of OutsideAnswered
        What was answered, as the log has to hold it before the market's events are written.
    """

    def __init__(self) -> None:
        super().__init__((), None)
        self.records: list[OutsideAnswered] = []

    async def __call__(
        self,
        request: Message,
        source: str,
        key: str,
        call: Callable[[], Awaitable[str]],
        timeout_s: float,
    ) -> str:
        """Return what the caller answers; `call` is not made."""
        _check_key(key)
        number = self.number(request.episode, source)
        answer: str = await Question(request, key)
        self.records.append(_answered(request, source, number, key, answer, None))
        return answer


class _Inside:
    """A call on its way, behind a gate. A class: a generator costs a model's call more."""

    __slots__ = ("_gate",)

    def __init__(self, gate: OutsideGate) -> None:
        self._gate = gate

    async def __aenter__(self) -> None:
        await self._gate.enter()

    async def __aexit__(self, *exc_info: object) -> None:
        self._gate.leave()


def _check_key(key: object) -> None:
    if not isinstance(key, str) or _encodable(key) != key:
        raise ValueError(f"the key of an outside call must be text, not {key!r}")
    if key.startswith(FAILURE):
        raise ValueError(
            f"the key {key!r} begins like those of recorded failures; choose another name"
        )


def _encodable(text: str) -> str:
    """Replace what has no UTF-8, such as half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


async def _attempt(
    call: Callable[[], Awaitable[str]], timeout_s: float
) -> tuple[str | None, str | None]:
    """Make the call; whatever comes of it but our own cancellation is an answer or an error."""
    answer: object = None
    try:
        with anyio.move_on_after(timeout_s) as scope:
            answer = await call()
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return None, "CancelledError: the call cancelled itself"
    except LeftToResume:
        raise
    except (Exception, SystemExit, KeyboardInterrupt) as error:  # noqa: BLE001 - see above
        return None, _told(error)
    if scope.cancelled_caught:
        return None, f"no answer within {timeout_s:g} s"
    if not isinstance(answer, str):
        return None, f"the answer is a {type(answer).__name__}, text is needed"
    if _encodable(answer) != answer:
        return None, "the answer is no valid Unicode text"
    return answer, None


def _told(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a foreign error may fail at telling itself
        text = "it cannot say why"
    return _encodable(f"{type(error).__name__}: {text}")


def _answered(
    request: Message, source: str, number: int, key: str, answer: str | None, error: str | None
) -> OutsideAnswered:
    return OutsideAnswered(
        market=request.market,
        episode=request.episode,
        t=request.t,
        source=source,
        call=number,
        key=key,
        digest=sha256((answer or error or "").encode()).hexdigest(),
        answer=answer,
        error=error,
    )


def _key(record: LoggedRecord) -> str:
    return record.stage if isinstance(record, ModelCalled) else record.key
