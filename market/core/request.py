"""What a market asks of an agent, whatever the protocol."""

from __future__ import annotations

from retailsim.events.messages import Message


class AgentRequest(Message, kw_only=True):
    """A command of the market to one agent: delivered, and not logged.

    ``unit`` names the random streams that the answer may use. Neither arm nor price is in it, so
    that two arms of an experiment share their draws.
    """

    unit: str
