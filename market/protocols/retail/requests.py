"""What the market asks of an agent in the retail protocol, one class a request.

A request is a command on the bus: it is delivered and not logged, because what happened is the
agent's answer. Each carries everything before it that the agent may know. ``unit`` names the
random streams: product, seats and replication, but neither arm nor price, so that two arms of an
experiment share their draws.
"""

from __future__ import annotations

from typing import ClassVar

from retailsim.events.messages import Aspect, Message, Outcome
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.values import (
    Dimension,
    Offer,
    Order,
    Pitch,
    Settlement,
    Strategy,
    Topics,
    Transcript,
)
from retailsim.market.rules.enforcing import Allowed
from retailsim.market.rules.judging import forbids_option


class Request(AgentRequest, kw_only=True):
    """A command of the market to one agent, about its offer."""

    offer: Offer


class ChoosingRequest(Request, kw_only=True):
    """Where a seller chooses what to do; what rules of level "mask" leave it goes along.

    Parameters
    ----------
    allowed : Allowed or None
        Rules on options that hold now, and those for its words; None where none are enforced.
    offered : tuple of str
        Names of the options that the scenario offers, whatever is asked; empty: all.
    """

    allowed: Allowed | None = None
    offered: tuple[str, ...] = ()

    def forbids(self, option: str) -> str | None:
        """Return the id of a rule that forbids an option of this name now, or None."""
        rules = () if self.allowed is None else self.allowed.forbidding
        return next((rule.id for rule in rules if forbids_option(rule, option)), None)


class FormStrategy(Request, kw_only=True):
    """Seller: plan the pitch along these dimensions (a share of the four by the guidance)."""

    stage: ClassVar[str] = "strategy"

    dimensions: tuple[Dimension, ...]


class PresentPitch(ChoosingRequest, kw_only=True):
    """Seller: speak the pitch."""

    stage: ClassVar[str] = "pitch"

    strategy: Strategy


class ChooseTopics(Request, kw_only=True):
    """Buyer: pick one or two topics to ask about."""

    stage: ClassVar[str] = "topics"

    pitch: Pitch


class AskSeller(Request, kw_only=True):
    """Buyer: ask before deciding, or end the dialogue; ``turn`` counts exchanges from 1."""

    stage: ClassVar[str] = "pre_inquiry"

    pitch: Pitch
    topics: Topics
    transcript: Transcript
    turn: int


class AnswerBuyer(ChoosingRequest, kw_only=True):
    """Seller: answer the last message of the transcript."""

    stage: ClassVar[str] = "pre_inquiry"

    pitch: Pitch
    topics: Topics
    transcript: Transcript
    turn: int


class Decide(Request, kw_only=True):
    """Buyer: purchase or not."""

    stage: ClassVar[str] = "decision"

    pitch: Pitch
    topics: Topics
    transcript: Transcript


class Complain(Request, kw_only=True):
    """Buyer: tell what is wrong, go on, or end the dialogue; ``proposed`` is the last proposal."""

    stage: ClassVar[str] = "post_inquiry"

    pitch: Pitch
    inquiry: Transcript
    order: Order
    issue: str
    transcript: Transcript
    turn: int
    proposed: Settlement | None


class GiveSupport(ChoosingRequest, kw_only=True):
    """Seller: answer the complaint, with or without proposing a settlement."""

    stage: ClassVar[str] = "post_inquiry"

    pitch: Pitch
    inquiry: Transcript
    order: Order
    issue: str
    transcript: Transcript
    turn: int
    last_turn: bool


class SettleIssue(ChoosingRequest, kw_only=True):
    """Seller: state how the support dialogue ended, where nothing was proposed in it."""

    stage: ClassVar[str] = "settlement"

    order: Order
    issue: str
    transcript: Transcript


class WriteReview(Request, kw_only=True):
    """Buyer: review one aspect; ``order`` and what follows are None for a non-buyer.

    Nobody has to: "no review" instead of a review leaves this one out, and nothing is posted.
    """

    stage: ClassVar[str] = "review"

    aspect: Aspect
    pitch: Pitch
    inquiry: Transcript
    order: Order | None
    issue: str | None
    support: Transcript
    outcome: Outcome | None


class EndDialogue(Message, kw_only=True):
    """Buyer to market: nothing more to say in this dialogue."""


class LeaveOutReview(Message, kw_only=True):
    """Buyer to market: no review of this aspect."""


class ProposeSettlement(Message, kw_only=True):
    """Seller to market: settle the open issue so; binding if it is the last one proposed."""

    settlement: Settlement
