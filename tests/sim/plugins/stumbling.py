"""Agents for tests that fail now and then, at every stage: which call fails follows from its name.

Nothing is drawn: the same episode, request and turn fail in every run.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec

from retailsim.agents.csales.behavioral.buyer import CsUser
from retailsim.agents.csales.behavioral.seller import CsiSeller
from retailsim.agents.retail.base import BuyerAgent
from retailsim.agents.retail.behavioral.buyer import BehavioralBuyer
from retailsim.agents.retail.behavioral.seller import BehavioralSeller
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.requests import (
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    GiveSupport,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    Decision,
    Review,
    Settlement,
    Support,
    Topics,
)

OFTEN = 0.06
"""How much of what is asked fails."""


def chance(request: AgentRequest, purpose: str) -> float:
    """Return a number from 0 to 1 that follows from what is asked."""
    place = [str(getattr(request, name, "")) for name in ("unit", "episode", "turn", "aspect")]
    return number("|".join((purpose, type(request).__name__, *place)))


def number(said: str) -> float:
    """Return a number from 0 to 1 that follows from a text."""
    return int.from_bytes(sha256(said.encode()).digest()[:8]) / 2**64


def stumble(request: AgentRequest, often: float) -> None:
    """Fail, or not."""
    if chance(request, "stumble") < often:
        raise RuntimeError(f"stumbled over {type(request).__name__}")


class Buyer(BehavioralBuyer):
    """Fails everywhere, and now and then wants more than the market sells."""

    async def receive(self, message: AgentRequest) -> Any:
        stumble(message, OFTEN)
        return await super().receive(message)

    async def decide(self, request: Decide) -> Decision:
        decision = await super().decide(request)
        if chance(request, "greed") < 0.3:
            return msgspec.structs.replace(decision, will_purchase=True, quantity=1_000_000)
        return decision

    async def review(self, request: WriteReview) -> Review:
        if request.order is None or request.outcome == "refunded":
            stumble(request, 0.4)
        return await super().review(request)


class Seller(BehavioralSeller):
    """Fails everywhere, and now and then proposes nothing, so that it is asked to settle."""

    async def receive(self, message: AgentRequest) -> Any:
        stumble(message, OFTEN)
        return await super().receive(message)

    async def support(self, request: GiveSupport) -> Support:
        said = await super().support(request)
        return said if number(f"{request.episode}") < 0.5 else Support(text=said.text)

    async def settle(self, request: SettleIssue) -> Settlement:
        stumble(request, 0.5)
        return await super().settle(request)


class Talker(CsiSeller):
    """Fails everywhere."""

    async def receive(self, message: AgentRequest) -> Any:
        stumble(message, OFTEN)
        return await super().receive(message)


class Shopper(CsUser):
    """Fails everywhere."""

    async def receive(self, message: AgentRequest) -> Any:
        stumble(message, OFTEN)
        return await super().receive(message)


class Coin(BuyerAgent):
    """Buys with the probability ``options.buys``; each of its calls fails with ``options.fails``.

    It is asked four times before it has decided, and then, if it bought, six times more.
    """

    async def receive(self, message: AgentRequest) -> Any:
        stumble(message, self.seat.options["fails"])
        return await super().receive(message)

    async def topics(self, request: ChooseTopics) -> Topics:
        return Topics(topics=("shipping",), reason="")

    async def ask(self, request: AskSeller) -> str | None:
        return "How long does it take?" if request.turn == 1 else None

    async def decide(self, request: Decide) -> Decision:
        buys = chance(request, "buys") < self.seat.options["buys"]
        return Decision(
            will_purchase=buys,
            quantity=int(buys),
            quantity_reason="",
            sentiment="Neutral",
            reason="",
        )

    async def complain(self, request: Complain) -> str | None:
        return "It is not what I ordered." if request.turn == 1 else None

    async def review(self, request: WriteReview) -> Review:
        recommends = True if request.aspect == "product" else None
        return Review(rating=4, text="It will do.", would_recommend=recommends)
