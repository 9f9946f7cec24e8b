"""What a market asks of an agent, whatever the protocol."""

from __future__ import annotations

from typing import ClassVar

from retailsim.events.messages import Message

UNASKED = "protocol"
"""The stage of a failure over a message that asks nothing of an agent."""


class AgentRequest(Message, kw_only=True):
    """A command of the market to one agent: delivered, and not logged.

    ``unit`` names the random streams that the answer may use. Neither arm nor price is in it, so
    that two arms of an experiment share their draws.

    Attributes
    ----------
    stage : str
        What the request belongs to. Failures, rejected answers, model calls and recorded outside
        answers are all named by it, so that they can be counted together.
    """

    stage: ClassVar[str]

    unit: str


def stage_of(message: Message) -> str:
    """Return the stage that a failure over `message` is filed under."""
    return message.stage if isinstance(message, AgentRequest) else UNASKED
