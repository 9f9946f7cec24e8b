"""The bases of retail agents: one method for each thing that a seller or a buyer has to say."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from retailsim.agents.base import Methods, RoleAgent
from retailsim.market.protocols.retail.requests import (
    AnswerBuyer,
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    FormStrategy,
    GiveSupport,
    PresentPitch,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import (
    Answer,
    Decision,
    NoReview,
    Pitch,
    Review,
    Settlement,
    Strategy,
    Support,
    Topics,
)


class SellerAgent(RoleAgent):
    """A seller: one method for each thing a seller has to say."""

    methods: ClassVar[Methods] = {
        FormStrategy: "strategy",
        PresentPitch: "pitch",
        AnswerBuyer: "answer",
        GiveSupport: "support",
        SettleIssue: "settle",
    }

    @abstractmethod
    async def strategy(self, request: FormStrategy) -> Strategy:
        """Plan the pitch along ``request.dimensions``."""

    @abstractmethod
    async def pitch(self, request: PresentPitch) -> Pitch:
        """Speak the pitch."""

    @abstractmethod
    async def answer(self, request: AnswerBuyer) -> str | Answer:
        """Answer the buyer's last message before the purchase."""

    @abstractmethod
    async def support(self, request: GiveSupport) -> Support:
        """Answer the buyer's complaint, and propose a settlement when ready to."""

    async def settle(self, request: SettleIssue) -> Settlement:
        """State how the support dialogue ended; asked only where nothing was proposed in it."""
        return Settlement(
            outcome="delivered", resolution="none offered", reason="The dialogue made no offer."
        )


class BuyerAgent(RoleAgent):
    """A buyer: one method for each thing a buyer has to say.

    `ask` and `complain` return None to end the dialogue.
    """

    methods: ClassVar[Methods] = {
        ChooseTopics: "topics",
        AskSeller: "ask",
        Decide: "decide",
        Complain: "complain",
        WriteReview: "review",
    }

    @abstractmethod
    async def topics(self, request: ChooseTopics) -> Topics:
        """Choose one or two topics to ask about."""

    @abstractmethod
    async def ask(self, request: AskSeller) -> str | None:
        """Ask the seller, or return None when there is nothing more to ask."""

    @abstractmethod
    async def decide(self, request: Decide) -> Decision:
        """Purchase or not."""

    @abstractmethod
    async def complain(self, request: Complain) -> str | None:
        """Tell the seller what is wrong, or return None to leave it at the last proposal."""

    @abstractmethod
    async def review(self, request: WriteReview) -> Review | NoReview:
        """Review one aspect, or return "no review" to leave it out."""
