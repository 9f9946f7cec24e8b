"""The bases of agents that hold sales conversations: one method for each thing to decide."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

from retailsim.agents.base import Methods, RoleAgent
from retailsim.market.protocols.csales.requests import (
    OpenConversation,
    PlanTurn,
    RespondToSeller,
    SpeakTurn,
)
from retailsim.market.protocols.csales.values import Line, Plan, Response


class SalesSeller(RoleAgent):
    """A seller in conversation: it plans a turn, the market looks things up, then it speaks."""

    methods: ClassVar[Methods] = {PlanTurn: "plan", SpeakTurn: "speak"}

    @abstractmethod
    async def plan(self, request: PlanTurn) -> Plan:
        """Infer the buyer's profile and choose one of ``request.actions``."""

    @abstractmethod
    async def speak(self, request: SpeakTurn) -> Line:
        """Say what the action asks for, showing some of ``request.items``."""


class SalesBuyer(RoleAgent):
    """A buyer in conversation; the market adds the price range to what it says first."""

    methods: ClassVar[Methods] = {OpenConversation: "open", RespondToSeller: "respond"}

    @abstractmethod
    async def open(self, request: OpenConversation) -> str:
        """Say what you need."""

    @abstractmethod
    async def respond(self, request: RespondToSeller) -> Response:
        """Answer the seller; select, buy or leave if you like."""
