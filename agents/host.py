"""The host of an agent we did not write: between it and the bus.

It checks what the agent returns against what the market asked, gives every reply a deadline,
and has the watchdog look after agents that do not wait. Built-in agents need none of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import anyio
import msgspec

from agents.base import Agent
from agents.errors import AgentBlocked, ReplyFailed, UnexpectedRequest
from agents.watchdog import Watchdog
from events.messages import Message
from events.outside import Door
from market.retail.admission import STAGES, admit
from market.retail.requests import Request


class Hosting(msgspec.Struct, frozen=True, kw_only=True):
    """What the agents of a run share.

    Parameters
    ----------
    watch : Watchdog
    reply_s : float
        Deadline of one reply of an agent that waits, in seconds.
    """

    watch: Watchdog
    reply_s: float = 300.0


class Host:
    """Wraps one agent; its `receive` is registered with the kernel in the agent's place."""

    def __init__(self, agent: Agent, door: Door, hosting: Hosting) -> None:
        self._agent = agent
        self._door = door
        self._hosting = hosting

    async def receive(self, message: Message) -> Sequence[Message]:
        """Return the agent's checked reply.

        Raises
        ------
        ReplyFailed
            The deadline passed, or the agent held up the event loop; now or when recorded.
        ReplyRefused
            The reply is not what was asked for.
        """
        source = self._agent.source
        if not isinstance(message, Request):
            raise UnexpectedRequest(source, type(message).__name__)
        key = f"{STAGES[type(message)]}/{message.t}"
        failure = self._door.failure(message, source, key)
        if failure is None:
            try:
                return admit(source, message, await self._reply(message))
            except (TimeoutError, AgentBlocked) as error:
                failure = str(error)
            self._door.record_failure(message, source, key, failure)
        raise ReplyFailed(source, failure)

    async def _reply(self, message: Message) -> Sequence[Message]:
        agent, stage = self._agent, STAGES[type(message)]
        reply = self._hosting.watch.guard(agent.receive(message), agent.source, stage)
        if not agent.waits:
            return await reply
        seconds = self._hosting.reply_s
        with anyio.move_on_after(seconds) as scope:
            return await reply
        assert scope.cancelled_caught
        raise TimeoutError(f"no reply within {seconds:g} s")
