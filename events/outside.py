"""The one door to the outside world: what comes through it is in the log before it is used.

A market's door counts the calls of each source in each episode. A call that is recorded gets
its recorded answer and is not made; any other is made under its deadline, written to the log,
and only then handed on. So a resumed run pays for nothing twice, and a verified one pays nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from hashlib import sha256
from typing import Protocol

import anyio
import msgspec

from events.errors import OutsideDiverged, OutsideFailed, OutsideMissing
from events.messages import LoggedRecord, Message, ModelCalled, OutsideAnswered

encode = msgspec.json.Encoder().encode


class Recorder(Protocol):
    """Where a run's answers are written: the log writer, or nothing while verifying."""

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Return once the lines are written."""
        ...

    def append(self, lines: bytes, count: int) -> None:
        """Queue the lines, in order."""
        ...


class Door:
    """One market's door.

    Parameters
    ----------
    recorded : iterable of records
        What the log holds of this market already.
    recorder : Recorder or None
        None: nothing may be asked that is not recorded.
    admit : callable, optional
        Awaited before a call is made; a stopping run never returns from it.
    """

    def __init__(
        self,
        recorded: Iterable[LoggedRecord],
        recorder: Recorder | None,
        admit: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._recorded = {(r.episode, r.source, r.call): r for r in recorded}
        self._failures = {
            (r.episode, r.source, r.key): r
            for r in self._recorded.values()
            if isinstance(r, OutsideAnswered) and r.key.startswith(FAILURE)
        }
        self._recorder = recorder
        self._admit = admit
        self._calls: dict[tuple[str | None, str], int] = {}
        self.written: list[LoggedRecord] = []

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
        """
        number = self.number(request.episode, source)
        record = self.recorded(request.episode, source, number)
        if record is None:
            record = await self._ask(request, source, number, key, call, timeout_s)
        if not isinstance(record, OutsideAnswered) or record.key != key:
            was = record.key if isinstance(record, OutsideAnswered) else "a model's answer"
            raise OutsideDiverged(source, number, was, key)
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
        return self._recorded.get((episode, source, number))

    async def write(self, record: LoggedRecord) -> None:
        """Write a new record; return once it is on its way to the disk."""
        if self._recorder is None:
            raise OutsideMissing(record.source, _key(record))
        self.written.append(record)
        await self._recorder.append_durable(encode(record) + b"\n", 1)

    async def admitted(self) -> None:
        """Wait until a new call may be made; a stopping run ends the market here."""
        if self._admit is not None:
            await self._admit()

    def failure(self, request: Message, source: str, key: str) -> str | None:
        """Return the recorded failure of a whole reply (a deadline, a blocked loop), if any."""
        record = self._failures.get((request.episode, source, FAILURE + key))
        return record.error if record is not None else None

    def record_failure(self, request: Message, source: str, key: str, error: str) -> None:
        """Record that a whole reply failed for a reason of the outside world, such as time.

        Queued, not awaited: the log keeps the order, and the failed agent cannot be awaited.
        """
        if self._recorder is None:
            raise OutsideMissing(source, key)
        number = self.number(request.episode, source)
        record = _answered(request, source, number, FAILURE + key, None, error)
        self.written.append(record)
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
            raise OutsideMissing(source, key)
        await self.admitted()
        answer, error = await _attempt(call, timeout_s)
        record = _answered(request, source, number, key, answer, error)
        await self.write(record)
        return record


FAILURE = "failed:"
"""Begins the key of a recorded failure of a whole reply."""


async def _attempt(
    call: Callable[[], Awaitable[str]], timeout_s: float
) -> tuple[str | None, str | None]:
    try:
        with anyio.fail_after(timeout_s):
            answer: object = await call()
    except TimeoutError:
        return None, f"no answer within {timeout_s:g} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer, and recorded
        return None, f"{type(error).__name__}: {error}"
    if not isinstance(answer, str):
        return None, f"the answer is a {type(answer).__name__}, text is needed"
    return answer, None


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
