"""One call on its way: its turn, its attempts, its deadline, and what ends it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp

from retailsim.agents.llm.errors import (
    DailyQuota,
    KeyRefused,
    ModelError,
    ModelRefusedRequest,
    ModelUnknown,
    NeverItsTurn,
    ProviderDown,
    ProviderStopped,
    RequestsRefused,
    SpendLimit,
    WayBlocked,
)
from retailsim.agents.llm.gateway.attempts import Attempt, Observe
from retailsim.agents.llm.gateway.deadlines import Deadline
from retailsim.agents.llm.gateway.endpoint import Endpoint
from retailsim.agents.llm.gateway.gate import Gate
from retailsim.agents.llm.gateway.retry import AttemptFailed, Patience
from retailsim.agents.llm.gateway.transport import HttpReply, post
from retailsim.agents.llm.provider.attempt_failure import Failure, Kind
from retailsim.agents.llm.provider.hints import Remaining, remaining
from retailsim.agents.llm.refused_setting import setting_of
from retailsim.agents.llm.types import Call, ModelAnswer

_STOPS: Mapping[Kind, type[ProviderStopped]] = {
    "key": KeyRefused,
    "spend": SpendLimit,
    "quota": DailyQuota,
    "unknown": ModelUnknown,
    "blocked": WayBlocked,
}
_NOTHING = Remaining(None, None)
REFUSALS = 3
"""So many requests refused before any was answered are refused for what they have in common."""


Keep = Callable[[ModelAnswer | ModelRefusedRequest], Awaitable[None]]


class PendingCall:
    """The state of one call; `run` is awaited once."""

    __slots__ = (
        "_admit",
        "_body",
        "_call",
        "_deadline",
        "_endpoint",
        "_gate",
        "_jitter",
        "_keep",
        "_last",
        "_observe",
        "_patience",
        "_placed",
        "_reserved",
        "_sent",
        "_session",
        "_wall",
    )

    def __init__(
        self,
        endpoint: Endpoint,
        gate: Gate,
        session: aiohttp.ClientSession,
        call: Call,
        admit: Callable[[], Awaitable[None]] | None,
        keep: Keep | None,
        observe: Observe | None,
        jitter: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._endpoint = endpoint
        self._gate = gate
        self._session = session
        self._body = endpoint.body(call)
        self._call = endpoint.shaped(call)
        self._reserved = endpoint.reserve(self._body, call)
        self._admit = admit
        self._keep = keep
        self._observe = observe
        self._jitter = jitter
        self._wall = wall
        self._patience = Patience(attempts=endpoint.config.max_attempts)
        self._sent = 0  # requests
        self._placed = False
        self._deadline = 0.0
        self._last: Failure | None = None

    async def run(self) -> ModelAnswer:
        """Return the answer, or raise what `Gateway.ask` names."""
        numbers = self._endpoint.numbers
        numbers.calls += 1
        start = asyncio.get_running_loop().time()
        try:
            result = await self._within(self._endpoint.deadlines.begin())
        except Exception:
            numbers.failed += 1
            raise
        if isinstance(result, ModelAnswer):
            numbers.add(result.usage)
            await self._kept(result, result.usage.input + result.usage.output)
            return result
        numbers.failed += 1
        error = self._error(result, asyncio.get_running_loop().time() - start)
        if self._placed:
            await self._kept(error, 0.0)
        # Raised outside of any handler: no traceback leads to the request and its headers.
        raise error

    async def _within(self, deadline: Deadline) -> ModelAnswer | Failure | None:
        """Return the last failure, and None where the deadline passed before any."""
        self._deadline = deadline.at
        try:
            with deadline:
                return await self._try(deadline.at)
        except AttemptFailed:
            return self._last
        except TimeoutError:
            if not deadline.passed:
                raise
            return self._last

    async def _try(self, deadline: float) -> ModelAnswer:
        """Attempt once, and only a call that failed pays for the retry loop."""
        try:
            return await self._attempt()
        except AttemptFailed as error:
            first = [error]

        async def again() -> ModelAnswer:
            if first:
                raise first.pop()
            return await self._attempt()

        answer: ModelAnswer = await self._patience.retrying(deadline, self._gate.rest)(again)
        return answer

    async def _kept(self, told: ModelAnswer | ModelError, used: float) -> None:
        """Give the place back once what was told is kept, past any deadline: it is paid.

        Before, a process that is killed would have more to ask again than was in flight.
        """
        try:
            if self._keep is not None and isinstance(told, ModelAnswer | ModelRefusedRequest):
                await self._keep(told)
        finally:
            self._leave(used)

    def _leave(self, used: float) -> None:
        self._placed = False
        self._gate.leave(self._reserved, used)

    async def _attempt(self) -> ModelAnswer:
        """Return an answer, or raise that the request is refused, and keep the place: `_kept`."""
        reserved = self._reserved
        await self._gate.enter(reserved, first=self._sent > 0)
        self._placed = True
        try:
            await self._admitted()
            return await self._exchange()
        except asyncio.CancelledError:
            # What was sent may have been answered, and counts at the provider.
            self._leave(reserved if self._sent else 0.0)
            raise
        except BaseException as error:
            if not (isinstance(error, AttemptFailed) and error.failure.kind == "request"):
                self._leave(0.0)
            raise

    async def _admitted(self) -> None:
        if self._admit is None or self._sent:
            return
        try:
            await self._admit()
        except BaseException:
            self._gate.never_sent()
            raise

    async def _exchange(self) -> ModelAnswer:
        clock = asyncio.get_running_loop().time
        retry = self._sent
        self._sent += 1
        self._endpoint.numbers.attempts += 1
        self._endpoint.numbers.retries += retry > 0
        start = clock()
        reply = await post(self._session, self._endpoint.target, self._body)
        latency_s = clock() - start
        result, left = self._read(reply)
        if isinstance(result, ModelAnswer):
            self._gate.answered(left)
            self._tell(200, latency_s, "answered", retry, 0.0)
            return result
        left_s = self._deadline - clock()
        result = self._last = result.bounded(left_s)
        wait_s = self._learn(result, left, retry, left_s)
        self._tell(result.status, latency_s, result.kind, retry, wait_s)
        raise AttemptFailed(result, wait_s)

    def _read(self, reply: HttpReply | Failure) -> tuple[ModelAnswer | Failure, Remaining]:
        if isinstance(reply, Failure):
            return self._endpoint.clean(reply), _NOTHING
        result = self._endpoint.read(reply, self._body, self._wall)
        if isinstance(result, Failure):
            result = self._endpoint.clean(result)
        return result, remaining(reply.headers)

    def _learn(self, failure: Failure, left: Remaining, retry: int, left_s: float) -> float:
        """Return how long to wait; pause the gate where others would meet the same.

        Before the place is given back: else the next in the queue would slip through.
        """
        wait_s = 0.0
        if failure.retried:
            wait_s = self._patience.wait_s(failure, retry, self._jitter(), left_s)
        self._gate.correct(left)
        if failure.kind in ("rate_limit", "overloaded"):
            self._gate.concurrency.limited(asyncio.get_running_loop().time())
            if failure.kind == "rate_limit" and failure.delay_s is None:
                self._gate.pause(wait_s)
            elif failure.delay_s is not None and failure.retried:
                self._gate.pause(failure.delay_s)
        return wait_s

    def _tell(self, status: int, latency_s: float, outcome: str, retry: int, wait_s: float) -> None:
        if self._observe is not None:
            self._observe(
                Attempt(
                    at=self._wall(),
                    call=self._call,
                    model=self._endpoint.name,
                    status=status,
                    latency_s=latency_s,
                    outcome=outcome,
                    retry=retry,
                    wait_s=wait_s,
                    stage=self._call.stage,
                    reader=self._endpoint.reader,
                    schema_read=self._endpoint.able.schema_read,
                )
            )

    def _error(self, last: Failure | None, seconds: float) -> ModelError:
        name = self._endpoint.name
        if last is None and not self._sent:
            return NeverItsTurn(name, seconds, self._gate.waiting)
        if last is None:
            return ProviderDown(name, self._sent, seconds, "still waiting for its response")
        if last.kind in _STOPS:
            answered = self._endpoint.numbers.answered > 0
            return _STOPS[last.kind](name, last.status, last.detail, answered)
        if last.kind == "request":
            return self._refused(last)
        return ProviderDown(name, self._sent, seconds, str(last))

    def _refused(self, last: Failure) -> ModelError:
        """Tell a request that is refused from requests that all are, before any was answered."""
        endpoint = self._endpoint
        endpoint.refused += 1
        common = setting_of(last.detail) is not None or endpoint.refused >= REFUSALS
        if common and endpoint.numbers.answered == 0:
            return RequestsRefused(endpoint.name, last.status, last.detail)
        return ModelRefusedRequest(endpoint.name, last.status, last.detail)
