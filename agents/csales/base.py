"""The bases of agents that hold sales conversations: one method for each thing to decide."""

from __future__ import annotations

from abc import abstractmethod
from inspect import isawaitable
from typing import ClassVar

import msgspec

from retailsim.agents.base import Methods, RoleAgent, Seat
from retailsim.agents.csales.exploring import explored
from retailsim.agents.errors import NotAsync
from retailsim.agents.policy.exploring import explored_share
from retailsim.market.protocols.csales.requests import (
    OpenConversation,
    PlanTurn,
    RespondToSeller,
    SpeakTurn,
)
from retailsim.market.protocols.csales.values import Left, Line, Plan, Response


class SalesSeller(RoleAgent):
    """A seller in conversation: it plans a turn, the market looks things up, then it speaks.

    Parameters
    ----------
    seat : Seat
        Its option ``explore`` (0 to 1, default 0) is every seller's: so often any legal option is
        taken instead of the one planned, all equally likely. A seller finds its own options in
        ``self.seat.options``, without it.

    Raises
    ------
    BadOption
        If the share is none.

    Notes
    -----
    Stream used beside the seller's own: ``seller/explore TURN``, if it explores.
    """

    methods: ClassVar[Methods] = {PlanTurn: "planned", SpeakTurn: "speak"}

    def __init__(self, seat: Seat) -> None:
        own = {name: value for name, value in seat.options.items() if name != "explore"}
        super().__init__(msgspec.structs.replace(seat, options=own))
        self._explore = explored_share(self.source, seat.options.get("explore", 0))

    async def planned(self, request: PlanTurn) -> Plan:
        """Plan, and explore where the seat says so."""
        planning = self.plan(request)
        if not isawaitable(planning):
            raise NotAsync(self.source, "plan")
        plan = await planning
        if not self._explore or not isinstance(plan, Plan):
            return plan
        return explored(
            plan, request, self._explore, self.stream(request, f"explore {request.turn}")
        )

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
    async def open(self, request: OpenConversation) -> str | Left:
        """Say what you need, or leave without a word."""

    @abstractmethod
    async def respond(self, request: RespondToSeller) -> Response:
        """Answer the seller; select, buy or leave if you like."""
