"""The one gate that all calls to a (provider, key, model) pass: first come, first served.

A caller is let in when the gate is not paused, a place is free, and both buckets allow it. One
timer wakes the queue when only time is missing; a place that becomes free wakes it at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import NamedTuple

from retailsim.agents.llm.errors import ProviderStopped
from retailsim.agents.llm.gateway.rate_limits import Bucket, Concurrency
from retailsim.agents.llm.provider.hints import Remaining

_NO_PLACE = float("inf")


class _Waiter(NamedTuple):
    turn: asyncio.Future[None]
    tokens: float


class Gate:
    """Places, pauses and limits shared by every call of one model.

    Time is the running loop's. The queue is as long as there are callers.

    Parameters
    ----------
    ceiling : int
        Most calls at once.
    requests_per_minute, tokens_per_minute : float or None
        None: no limit of ours.
    """

    def __init__(
        self,
        ceiling: int,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
    ) -> None:
        now = asyncio.get_running_loop().time()
        self.concurrency = Concurrency(ceiling)
        self.in_flight = 0
        self.pauses = 0
        self.paused_until = now
        self.stopped: ProviderStopped | None = None
        self._stopping = asyncio.Event()
        self._requests = Bucket(requests_per_minute, now) if requests_per_minute else None
        self._tokens = Bucket(tokens_per_minute, now) if tokens_per_minute else None
        self._queue: deque[_Waiter] = deque()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """How many callers wait for their turn."""
        return len(self._queue)

    async def enter(self, tokens: float, *, first: bool = False) -> None:
        """Wait for a place and reserve a request and `tokens`; pair it with `leave`.

        Cancelling a waiting caller takes nothing.

        Parameters
        ----------
        first : bool
            Go before the others: for a call that had its turn and tries again.

        Raises
        ------
        ProviderStopped
            If the gate was stopped before the caller's turn.
        """
        self._check()
        if not self._queue and self._delay_s(tokens) <= 0.0:
            self._take(tokens)
            return
        waiter = _Waiter(asyncio.get_running_loop().create_future(), tokens)
        (self._queue.appendleft if first else self._queue.append)(waiter)
        self._serve()
        try:
            await waiter.turn
        except asyncio.CancelledError:
            self._withdraw(waiter)
            raise
        self._check()

    def leave(self, reserved: float, used: float) -> None:
        """Give the place back, and of the tokens what was not used."""
        self.in_flight -= 1
        if self._tokens is not None:
            self._tokens.give_back(reserved - used)
        self._serve()

    def never_sent(self) -> None:
        """Give the request back too; before `leave`, where nothing was sent."""
        if self._requests is not None:
            self._requests.give_back(1.0)

    async def rest(self, seconds: float) -> None:
        """Wait before a call is tried again; no longer than until the gate is stopped."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    def pause(self, seconds: float) -> None:
        """Let nobody in for `seconds`; a longer pause already under way stays."""
        self.pauses += 1
        self.paused_until = max(self.paused_until, self._now() + seconds)

    def answered(self, left: Remaining) -> None:
        """Learn from a clean answer and from what the provider says is left."""
        wanted = bool(self._queue) or self.in_flight >= self.concurrency.limit
        self.concurrency.succeeded(wanted=wanted)
        self.correct(left)

    def correct(self, left: Remaining) -> None:
        """Believe what the provider says is left of our limits."""
        if self._requests is not None and left.requests is not None:
            self._requests.correct(left.requests, self._now())
        if self._tokens is not None and left.tokens is not None:
            self._tokens.correct(left.tokens, self._now())

    def stop(self, error: ProviderStopped) -> None:
        """End every waiting or resting caller and every later one with this error."""
        self.stopped = self.stopped or error
        self._stopping.set()
        self.close()
        while self._queue:
            waiter = self._queue.popleft()
            if not waiter.turn.done():
                waiter.turn.set_exception(error.again())

    def close(self) -> None:
        """Cancel the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _check(self) -> None:
        if self.stopped is not None:
            raise self.stopped.again()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _delay_s(self, tokens: float) -> float:
        if self.in_flight >= self.concurrency.limit:
            return _NO_PLACE
        now = self._now()
        delay = self.paused_until - now
        if self._requests is not None:
            delay = max(delay, self._requests.delay_s(1.0, now))
        if self._tokens is not None:
            delay = max(delay, self._tokens.delay_s(tokens, now))
        return delay

    def _take(self, tokens: float) -> None:
        self.in_flight += 1
        if self._requests is not None:
            self._requests.take(1.0)
        if self._tokens is not None:
            self._tokens.take(tokens)

    def _serve(self) -> None:
        self.close()
        while self._queue:
            waiter = self._queue[0]
            delay = 0.0 if waiter.turn.done() else self._delay_s(waiter.tokens)
            if delay > 0.0:
                self._wake_in(delay)
                return
            self._queue.popleft()
            if not waiter.turn.done():
                self._take(waiter.tokens)
                waiter.turn.set_result(None)

    def _wake_in(self, delay: float) -> None:
        if delay < _NO_PLACE:
            self._timer = asyncio.get_running_loop().call_later(delay, self._serve)

    def _withdraw(self, waiter: _Waiter) -> None:
        turn = waiter.turn
        if turn.done() and not turn.cancelled() and turn.exception() is None:
            self.never_sent()
            self.leave(waiter.tokens, 0.0)
        elif waiter in self._queue:
            self._queue.remove(waiter)
            self._serve()
