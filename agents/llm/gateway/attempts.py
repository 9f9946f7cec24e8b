"""Attempts: what telemetry is told of each request, many at a time.

A run at full speed has an attempt every millisecond. What telemetry makes of one, how much of it
was sent before above all, takes several times as long between two answers as right behind the
same work for another: so attempts are gathered, and told together.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

import msgspec

from retailsim.agents.llm.gateway.prefix import PrefixMeter
from retailsim.agents.llm.types import Call
from retailsim.events.diagnostics import timestamp

GATHERED_S, MOST_GATHERED = 1.0, 64
"""Attempts are told at the next one after so many seconds, or so many attempts, or at the end."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One request as telemetry sees it: wall-clock things and no key.

    Parameters
    ----------
    at : float
        When its response came or failed, in seconds since the epoch.
    status : int
        HTTP status; 0 where no response came.
    latency_s : float
        From sending to the last byte.
    outcome : str
        ``answered`` or the kind of failure (see `agents.llm.provider.attempt_failure.Kind`).
    retry : int
        0 for a call's first request.
    wait_s : float
        How long this failure makes the call wait before another attempt, if there is one.
    stage : str
        What the market asked for: the word of the log's calls and failures.
    call : Call
        What was sent; it is counted and not kept.
    reader : str
        Who reads it: those of one name share a cache.
    schema_read : bool
        Whether the model reads the schema, too.
    """

    at: float
    call: Call
    model: str
    status: int
    latency_s: float
    outcome: str
    retry: int
    wait_s: float = 0.0
    stage: str = ""
    reader: str = ""
    schema_read: bool = True


Observe = Callable[[Attempt], None]


class AttemptNotes:
    """Notes attempts, with how much of each repeats a beginning that its reader was sent before.

    Parameters
    ----------
    note : callable
        Takes the fields of one note: those of `Attempt`, with ``body_bytes`` and
        ``repeated_bytes`` (see `agents.llm.gateway.prefix.Sent`) in the place of what was sent,
        and a ``timestamp``.
    clock : callable
        Seconds, to tell how long was gathered.
    """

    def __init__(self, note: Callable[..., object], clock: Callable[[], float] = monotonic) -> None:
        self._note = note
        self._clock = clock
        self._told_at = float("-inf")
        self._gathered: list[Attempt] = []
        self._meter = PrefixMeter()

    def observe(self, attempt: Attempt) -> None:
        """Take an attempt; one that failed is told at once, with those before it."""
        gathered = self._gathered
        gathered.append(attempt)
        if (
            len(gathered) >= MOST_GATHERED
            or attempt.outcome != "answered"
            or self._clock() - self._told_at >= GATHERED_S
        ):
            self.tell()

    def tell(self) -> None:
        """Note what was gathered, in order."""
        gathered, self._gathered = self._gathered, []
        self._told_at = self._clock()
        for attempt in gathered:
            self._note(**self._fields(attempt))

    def _fields(self, attempt: Attempt) -> dict[str, Any]:
        sent = self._meter.ask(attempt.reader, attempt.call, schema_read=attempt.schema_read)
        return {
            "model": attempt.model,
            "status": attempt.status,
            "latency_s": attempt.latency_s,
            "outcome": attempt.outcome,
            "retry": attempt.retry,
            "wait_s": attempt.wait_s,
            "stage": attempt.stage,
            "body_bytes": sent.body_bytes,
            "repeated_bytes": sent.repeated_bytes,
            "timestamp": timestamp(attempt.at),
        }
