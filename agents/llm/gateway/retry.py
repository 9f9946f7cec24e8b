"""When a call is tried again: full jitter with the server's delay as a floor, as values."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from math import inf

import msgspec
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception

from retailsim.agents.llm.provider.attempt_failure import Failure


class AttemptFailed(Exception):
    """One attempt failed; `wait_s` is how long to wait before another. Stays in the gateway."""

    def __init__(self, failure: Failure, wait_s: float) -> None:
        self.failure = failure
        self.wait_s = wait_s
        super().__init__(str(failure))


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often is waited.

    Parameters
    ----------
    attempts : int
        Most requests of one call.
    base_s, cap_s : float
        The wait before retry n is uniform in [0, min(cap_s, base_s * 2**n)], n from 0.
    """

    attempts: int = 10
    base_s: float = 1.0
    cap_s: float = 60.0

    def wait_s(self, failure: Failure, retry: int, jitter: float, left_s: float = inf) -> float:
        """Return the wait before retry number `retry` (from 0).

        The server's delay is a floor that the jitter is added to, so that all those who were
        told the same do not come back in the same moment. It never takes more than half of the
        time that is left beyond that floor.

        Parameters
        ----------
        jitter : float
            Uniform in [0, 1).
        left_s : float
            Seconds until the call's deadline.
        """
        ceiling = min(self.cap_s, self.base_s * 2.0 ** min(retry, 60))
        if failure.delay_s is None:
            return jitter * ceiling
        return failure.delay_s + jitter * min(ceiling, max(0.0, left_s - failure.delay_s) / 2)

    def retrying(self, deadline: float, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
        """Return tenacity's loop for one call.

        Parameters
        ----------
        deadline : float
            On the running loop's clock; a wait that would pass it is not begun.
        sleep : callable
            Waits so many seconds, or less where there is no point in waiting.
        """
        return AsyncRetrying(
            retry=_WORTH_IT,
            wait=_wait,
            stop=_stop(self.attempts, deadline),
            sleep=sleep,
            reraise=True,
        )


def _worth_it(error: BaseException) -> bool:
    return isinstance(error, AttemptFailed) and error.failure.retried


_WORTH_IT = retry_if_exception(_worth_it)


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    return error.wait_s if isinstance(error, AttemptFailed) else 0.0


def _stop(attempts: int, deadline: float) -> Callable[[RetryCallState], bool]:
    def stop(state: RetryCallState) -> bool:
        late = asyncio.get_running_loop().time() + state.upcoming_sleep >= deadline
        return late or state.attempt_number >= attempts

    return stop
