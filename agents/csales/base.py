"""The bases of agents that hold sales conversations: one method for each thing to decide."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from retailsim.agents.base import Agent
from retailsim.agents.errors import UnexpectedRequest
from retailsim.events.messages import Message, MessageSent, Role
from retailsim.market.protocols.csales.events import ActionChosen, ProfileInferred
from retailsim.market.protocols.csales.requests import (
    BuyItem,
    LeaveConversation,
    OpenConversation,
    PlanCategory,
    PlanTurn,
    RespondToSeller,
    SelectItem,
    ShowItems,
    SpeakTurn,
    StateWorth,
)
from retailsim.market.protocols.csales.values import Line, Plan, Response


class SalesSeller(Agent):
    """A seller in conversation: it plans a turn, the market looks things up, then it speaks."""

    @abstractmethod
    async def plan(self, request: PlanTurn) -> Plan:
        """Infer the buyer's profile and choose one of ``request.actions``."""

    @abstractmethod
    async def speak(self, request: SpeakTurn) -> Line:
        """Say what the action asks for, showing some of ``request.items``."""

    async def receive(self, message: Message) -> Sequence[Message]:
        """Answer a request of the market by the method that belongs to it."""
        match message:
            case PlanTurn():
                return _planned(message, self._checked(await self.plan(message), Plan, "plan"))
            case SpeakTurn():
                line = self._checked(await self.speak(message), Line, "speak")
                said = _said("seller", message.turn, line.text)
                return (ShowItems(products=line.items), said) if line.items else (said,)
            case _:
                raise UnexpectedRequest(self.source, type(message).__name__)


class SalesBuyer(Agent):
    """A buyer in conversation. What it is looking for ends with the price range, always."""

    @abstractmethod
    async def open(self, request: OpenConversation) -> str:
        """Say what you need."""

    @abstractmethod
    async def respond(self, request: RespondToSeller) -> Response:
        """Answer the seller; select, buy or leave if you like."""

    async def receive(self, message: Message) -> Sequence[Message]:
        """Answer a request of the market by the method that belongs to it."""
        match message:
            case OpenConversation():
                text = self._checked(await self.open(message), str, "open")
                return (_said("buyer", message.turn, f"{text} {price_range(message)}"),)
            case RespondToSeller():
                response = self._checked(await self.respond(message), Response, "respond")
                return _responded(message, response)
            case _:
                raise UnexpectedRequest(self.source, type(message).__name__)


def price_range(request: OpenConversation) -> str:
    """Return the sentence that names the buyer's budget."""
    low, high = request.profile.budget_cents
    return f"My price range is ${low / 100:,.2f} to ${high / 100:,.2f}."


def _said(role: Role, turn: int, text: str) -> MessageSent:
    return MessageSent(stage="sales", role=role, turn=turn, text=text)


def _planned(request: PlanTurn, plan: Plan) -> Sequence[Message]:
    inferred = plan.inferred
    low, high = inferred.price_cents or (None, None)
    event = ProfileInferred(
        turn=request.turn,
        preference=inferred.preference,
        category=inferred.category,
        decision_making_style=inferred.decision_making_style,
        dialogue_openness=inferred.dialogue_openness,
        focus=inferred.focus,
        price_min_cents=low,
        price_max_cents=high,
    )
    chosen = ActionChosen(
        turn=request.turn,
        action=plan.action,
        strategy=plan.tactic,
        options=plan.options,
        probabilities=plan.probabilities,
    )
    if plan.action == "Category Search":
        return event, PlanCategory(path=plan.category), chosen
    return event, chosen


def _responded(request: RespondToSeller, response: Response) -> Sequence[Message]:
    said = _said("buyer", request.turn, response.text)
    commands: list[Message] = []
    if response.worth_cents:
        commands.append(StateWorth(worth_cents=dict(response.worth_cents)))
    if response.select is not None:
        commands.append(SelectItem(product=response.select))
    if response.buy is not None:
        commands.append(BuyItem(product=response.buy))
    if response.leave is not None:
        commands.append(LeaveConversation(how=response.leave, reason=response.reason))
    return (*commands, said)
