"""The host of an agent we did not write: between it and the bus.

It checks what the agent returns against what the market asked, gives every reply a deadline,
has the watchdog look after each step, and keeps what an agent may do to itself, such as leaving
the program or refusing to be cancelled, from reaching its neighbours. Built-in agents need none
of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from inspect import iscoroutinefunction
from typing import Any, Protocol

import anyio
import msgspec

from retailsim.agents.base import Agent, RoleAgent
from retailsim.agents.errors import AgentBlocked, ReplyFailed, UnexpectedRequest
from retailsim.agents.watchdog import Watchdog
from retailsim.events.messages import Message
from retailsim.events.outside import Door
from retailsim.market.core.admission import Admission, Write, Written, admit, seat_of
from retailsim.market.core.request import AgentRequest

PATIENCE = 100
"""How often a reply is told that it is cancelled before it is dropped; each clean-up takes one."""


Admissions = Mapping[type[AgentRequest], Admission]
Answering = Callable[[Any], Coroutine[Any, Any, Any]]
"""Takes a request of the market and returns the value that it asks for."""


class Hosting(msgspec.Struct, frozen=True, kw_only=True):
    """What the agents of a run share.

    Parameters
    ----------
    admissions : mapping of request class to Admission
        What the protocol lets its agents answer, and writes of it.
    watch : Watchdog
    reply_s : float
        Deadline of one reply of an agent that waits, in seconds.
    """

    admissions: Admissions
    watch: Watchdog
    reply_s: float = 300.0


class Host:
    """Wraps one agent; its `receive` is registered with the kernel in the agent's place."""

    def __init__(self, agent: Agent, door: Door, hosting: Hosting) -> None:
        self._agent = agent
        self._door = door
        self._hosting = hosting

    async def receive(self, message: Message) -> Written:
        """Return what the market writes of the agent's reply, once it is checked.

        Raises
        ------
        ReplyFailed
            The deadline passed, or the agent held up the event loop; now or when recorded. Or
            it tried to leave the program.
        ReplyRefused
            The reply is not what was asked for.
        """
        source = self._agent.source
        request, rule = asked(source, message, self._hosting.admissions)
        key = f"{request.stage}/{message.t}"
        failure = self._door.failure(message, source, key)
        if failure is None:
            try:
                return admit(source, request, await self._reply(request), rule)
            except (TimeoutError, AgentBlocked) as error:
                failure = str(error) or type(error).__name__
            self._door.record_failure(message, source, key, failure)
        raise ReplyFailed(source, failure)

    async def _reply(self, request: AgentRequest) -> Any:
        agent = self._agent
        receiving = agent.receive(request)
        watched = self._hosting.watch.guard(receiving, agent.source, request.stage)
        reply = _Supervised(watched, agent.source, waits=agent.waits)
        return await (self._in_time(reply) if agent.waits else reply)

    async def _in_time(self, reply: _Supervised) -> Any:
        """Await the reply; past the deadline it has failed, whatever the agent makes of that."""
        seconds = self._hosting.reply_s
        answer: Any = None
        with anyio.move_on_after(seconds) as scope:
            try:
                answer = await reply
            except Exception:
                if not scope.cancel_called:
                    raise
        if scope.cancel_called:
            raise TimeoutError(f"no reply within {seconds:g} s")
        return answer


class Replier(Protocol):
    """Who answers requests of the market: an agent in a seat, or the reader of claims."""

    source: str

    async def receive(self, message: AgentRequest) -> Any:
        """Return the value that the request asks for."""
        ...


class Checked:
    """Wraps an agent of ours that speaks a model's words: they are checked, its code is trusted.

    The model's own deadlines are the gateway's, and a step of ours needs no watching.
    """

    def __init__(self, agent: Replier, admissions: Admissions) -> None:
        self._agent = agent
        self._admissions = admissions

    async def receive(self, message: Message) -> Written:
        """Return what the market writes of the agent's reply.

        Raises
        ------
        ReplyRefused
            The reply is not what was asked for.
        """
        source = self._agent.source
        request, rule = asked(source, message, self._admissions)
        return admit(source, request, await self._agent.receive(request), rule)


class Trusted:
    """Wraps an agent of ours whose answers need no check.

    What answers a class of requests, and what the market writes of it, is looked up once a market.
    """

    def __init__(self, agent: Agent, admissions: Admissions) -> None:
        self._agent = agent
        self._admissions = admissions
        self._seat = seat_of(agent.source)
        self._ways: dict[type[Message], tuple[Answering, Write]] = {}

    async def receive(self, message: Message) -> Written:
        """Return what the market writes of the agent's reply."""
        way = self._ways.get(type(message))
        if way is None:
            way = self._ways[type(message)] = self._way(message)
        answer, write = way
        return write(message, await answer(message), self._seat)

    def _way(self, message: Message) -> tuple[Answering, Write]:
        request, rule = asked(self._agent.source, message, self._admissions)
        return answering(self._agent, type(request)), rule.write


def answering(agent: Agent, kind: type[AgentRequest]) -> Answering:
    """Return what answers requests of a class: `receive`, or the method that it hands on to."""
    name = _method(type(agent), kind)
    return agent.receive if name is None else getattr(agent, name)


@lru_cache(maxsize=1_024)  # every market has agents of its own, of the same few classes
def _method(agent: type[Agent], kind: type[AgentRequest]) -> str | None:
    if not issubclass(agent, RoleAgent) or agent.receive is not RoleAgent.receive:
        return None
    name = agent.methods.get(kind, "")
    return name if iscoroutinefunction(getattr(agent, name, None)) else None


def asked(source: str, message: Message, admissions: Admissions) -> tuple[AgentRequest, Admission]:
    """Return a message as the request that it is, with what answers it.

    Raises
    ------
    UnexpectedRequest
        If the protocol knows no answer to it.
    """
    if isinstance(message, AgentRequest):
        rule = admissions.get(type(message))
        if rule is not None:
            return message, rule
    raise UnexpectedRequest(source, type(message).__name__)


class _Supervised:
    """Awaits an agent's coroutine, which can neither end the program nor outlive cancellation."""

    def __init__(self, coroutine: Coroutine[Any, Any, Any], source: str, *, waits: bool) -> None:
        self._coroutine = coroutine
        self._source = source
        self._waits = waits

    def __await__(self) -> Generator[Any, Any, Any]:
        coroutine, cancellations = self._coroutine, 0
        resume: Callable[[], Any] = partial(coroutine.send, None)
        while True:
            try:
                awaited = self._step(resume)
            except StopIteration as done:
                return done.value
            try:
                value = yield awaited
                resume = partial(coroutine.send, value)
            except BaseException as error:
                cancellations += isinstance(error, asyncio.CancelledError)
                if isinstance(error, GeneratorExit) or cancellations > PATIENCE:
                    with suppress(BaseException):  # whatever it says to that, it is over
                        coroutine.close()
                    raise
                resume = partial(coroutine.throw, error)

    def _step(self, resume: Callable[[], Any]) -> Any:
        try:
            return resume()
        except (Exception, asyncio.CancelledError) as error:
            # A step of an agent that does not wait runs in the kernel's own task, which nobody
            # cancels there; the task of one that waits is the kernel's to judge.
            if isinstance(error, Exception) or self._waits:
                raise
            raise self._left(error) from None
        except BaseException as error:  # noqa: BLE001 - no agent ends the program
            raise self._left(error) from None

    def _left(self, error: BaseException) -> ReplyFailed:
        return ReplyFailed(self._source, f"raised {type(error).__name__}; raise an Exception")
