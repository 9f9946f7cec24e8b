"""The seat of an agent over a wire: each request is posted, each answer recorded and checked."""

from __future__ import annotations

import math
import os
from hashlib import sha256
from typing import Any, ClassVar

from retailsim.agents.base import Agent, Seat
from retailsim.agents.errors import UnexpectedRequest
from retailsim.agents.llm.gateway.transport import open_session
from retailsim.agents.wire.address import secrets, wire_options
from retailsim.agents.wire.exchange import Place, exchange
from retailsim.agents.wire.format import request_body, value_of
from retailsim.events.errors import LeftToResume
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import Protocol, rules_of


class WireAgent(Agent):
    """Asks an agent over HTTP, and returns what it answers as the market's own values.

    Parameters
    ----------
    seat : Seat
        Its options are those of `agents.wire.address.WireOptions`.

    Raises
    ------
    BadOption
        If they cannot work.

    Attributes
    ----------
    protocol : Protocol
        What it is asked by.
    """

    waits = True
    protocol: ClassVar[Protocol]

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self.options = wire_options(self.source, seat.options)

    async def receive(self, message: AgentRequest) -> Any:
        """Post a request and return the value that answers it.

        Raises
        ------
        WireMalformed
            If the answer is not of the kind that is asked for.
        OutsideFailed
            If the agent misbehaved; see `agents.wire.errors`.
        """
        rule = rules_of(self.protocol).admissions.get(type(message))
        if rule is None:
            raise UnexpectedRequest(self.source, type(message).__name__)
        notes = self.memory(message)
        number = notes["asked"] = notes.get("asked", -1) + 1
        name = self.protocol.name
        body = request_body(name, message, self.seat, self.options.config, number)
        key = f"{type(message).__name__} {sha256(body).hexdigest()}"
        text = await self._asked(message, key, body)
        return value_of(self.options.url, message, text, rule.answer)

    async def _asked(self, message: AgentRequest, key: str, body: bytes) -> str:
        """Return the recorded answer, or ask; the deadline is our own, so the door has none."""
        wire = self.seat.wire
        if wire is None:
            return await self.outside(message, key, lambda: self._alone(body), math.inf)
        try:
            return await self.outside(message, key, lambda: wire.ask(self.source, body), math.inf)
        except LeftToResume as error:
            await wire.leave(error)

    async def _alone(self, body: bytes) -> str:
        """Ask outside of any run, as a check does, with a connection of one's own."""
        keys = secrets(self.source, self.options, os.environ)
        async with open_session(1) as session:
            return await exchange(session, Place(self.options, keys, os.environ), body)


def wire_agent(protocol: Protocol) -> type[WireAgent]:
    """Return the class of the agents over a wire that are asked by a protocol."""
    return type("WireAgent", (WireAgent,), {"protocol": protocol, "__doc__": WireAgent.__doc__})
