"""The behavioral agent that goes on where a person left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from retailsim.agents.base import Agent, Seat, closed_door
from retailsim.agents.errors import BadAgent, BadOption
from retailsim.agents.protocol import agents_of
from retailsim.events.messages import Role
from retailsim.market.core.plugin_code import find_object
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.registry import Protocol

BEHAVIORAL = "behavioral"


def stands_in(protocol: Protocol, role: Role) -> type[Agent] | None:
    """Return the class of a protocol's behavioral agent for a role, if it has one."""
    target = agents_of(protocol).target(BEHAVIORAL, role)
    found = find_object(BEHAVIORAL, target, None, BadAgent) if isinstance(target, str) else target
    return None if found is None or found.waits else found


class StandIn:
    """A behavioral agent that has heard what the person before it heard.

    It draws what a behavioral agent in this seat would have drawn.

    Parameters
    ----------
    seat : Seat
        The person's.
    options : mapping
        The agent's own.

    Raises
    ------
    BadOption
        If the protocol has no such agent, or it does not take the options.
    """

    def __init__(self, protocol: Protocol, seat: Seat, options: Mapping[str, Any]) -> None:
        source = f"{seat.role}:{seat.id}"
        found = stands_in(protocol, seat.role)
        if found is None:
            problem = (
                f'the protocol {protocol.name} has no behavioral {seat.role} to "hand over" to'
            )
            raise BadOption(source, problem)
        self._agent: Agent = found(
            msgspec.structs.replace(seat, options=options, desk=None, outside=closed_door)
        )
        self._heard = 0

    async def answer(self, asked: Sequence[AgentRequest]) -> Any:
        """Return what it says to the last request, after it has heard those before.

        Parameters
        ----------
        asked : sequence of requests
            All that the seat got in the episode so far; longer at each call.
        """
        for request in asked[self._heard : -1]:
            await self._agent.receive(request)
        self._heard = len(asked)
        return await self._agent.receive(asked[-1])
