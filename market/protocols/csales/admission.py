"""What answers each request of a sales conversation, and what the market writes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from retailsim.events.messages import Message, MessageSent, Role
from retailsim.market.core.admission import Admission, Written, bad_text
from retailsim.market.core.money import dollars
from retailsim.market.core.propensities import bad_choice, stated
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.action_table import Option
from retailsim.market.protocols.csales.category_tree import searched
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    ProfileInferred,
    ShippingNamed,
)
from retailsim.market.protocols.csales.market_words import (
    price_lowered,
    shipping_named,
)
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
    StateReservationPrices,
)
from retailsim.market.protocols.csales.values import (
    PERSUASION,
    Inferred,
    Left,
    Line,
    Plan,
    Response,
)
from retailsim.market.rules.enforcing import NOTHING_SAID, WithholdSentences

_MOST_ITEMS = 100

# -- what the types leave open -------------------------------------------------------------


def _bad_opening(request: OpenConversation, said: str | Left) -> str | None:
    return None if isinstance(said, Left) else bad_text(said)


def _bad_plan(request: PlanTurn, plan: Plan) -> str | None:
    if plan.action not in request.actions:
        return f"action {plan.action}; allowed now: {', '.join(request.actions)}"
    if (plan.tactic is not None) != (plan.action == PERSUASION):
        return f"action {plan.action} with strategy {plan.tactic}"
    option = plan.option
    if option not in request.options:
        return f"option {option.name}; allowed now: {_names(request.options)}"
    return bad_choice(option.name, plan.options, plan.probabilities)


def _names(options: Iterable[Option]) -> str:
    return "; ".join(option.name for option in options)


def _bad_line(request: SpeakTurn, line: Line) -> str | None:
    if len(set(line.items)) < len(line.items) or len(line.items) > _MOST_ITEMS:
        return f"{len(line.items)} items, some of them twice, or more than {_MOST_ITEMS}"
    return bad_text(line.text)


def _bad_response(request: RespondToSeller, response: Response) -> str | None:
    return bad_text(response.text)


# -- what the market writes ----------------------------------------------------------------


def _said(role: Role, turn: int, text: str) -> MessageSent:
    return MessageSent(stage="sales", role=role, turn=turn, text=text)


def price_range(request: OpenConversation) -> str:
    """Return the sentence that names the buyer's budget."""
    low, high = request.profile.budget_cents
    return f"My price range is {dollars(low)} to {dollars(high)}."


def _opening(request: OpenConversation, said: str | Left, seat: str) -> Written:
    if isinstance(said, Left):
        return (LeaveConversation(how=said.how, reason=said.reason),)
    return (_said("buyer", request.turn, f"{said} {price_range(request)}"),)


def _plan(request: PlanTurn, plan: Plan, seat: str) -> Written:
    chosen = ActionChosen(
        turn=request.turn,
        action=plan.action,
        strategy=plan.tactic,
        options=plan.options,
        probabilities=stated(plan.probabilities),
        **_unusual(plan.option),
    )
    if plan.action != "Category Search":
        return _inferred(request.turn, plan.inferred), chosen
    path = searched(plan.category_rule, plan.category, request.inferred.category)
    inferred = plan.inferred
    if plan.category_rule != "nearest":  # the rule says where the seller looks, not the seller
        inferred = msgspec.structs.replace(inferred, category=path)
    return _inferred(request.turn, inferred), PlanCategory(path=path), chosen


def _unusual(option: Option) -> dict[str, Any]:
    """Return the dimensions beside act and tactic that the log has to name."""
    usual = Option(action=option.action)
    names = ("items", "discount", "disclosure", "category_rule")
    values = {name: getattr(option, name) for name in names}
    return {name: value for name, value in values.items() if value != getattr(usual, name)}


def _inferred(turn: int, inferred: Inferred) -> ProfileInferred:
    low, high = inferred.price_cents or (None, None)
    return ProfileInferred(
        turn=turn,
        preference=inferred.preference,
        category=inferred.category,
        decision_making_style=inferred.decision_making_style,
        dialogue_openness=inferred.dialogue_openness,
        focus=inferred.focus,
        price_min_cents=low,
        price_max_cents=high,
    )


def _line(request: SpeakTurn, line: Line, seat: str) -> Written:
    written: list[Message] = [ShowItems(products=line.items)] if line.items else []
    text = line.text
    if request.speech is not None:
        passed = request.speech.let_through(text)
        text = passed.text or NOTHING_SAID
        if passed.withheld:
            written.append(WithholdSentences(sentences=passed.withheld))
    if request.discount and request.selected is not None:
        text = f"{text} {price_lowered(request.selected, request.discount)}"
    seen = {*line.items, *(one.id for one in request.shown)}
    about = [one for one in request.spoken_of(line.items) if one.id in seen]
    items = [one for one in about if one.id in request.fees_cents]
    if items:
        fees = tuple(request.fees_cents[item.id] for item in items)
        named = tuple(item.id for item in items)
        written.append(ShippingNamed(turn=request.turn, products=named, fees_cents=fees))
        text = f"{text} {shipping_named(items, request.fees_cents)}"
    return (*written, _said("seller", request.turn, text))


def _response(request: RespondToSeller, response: Response, seat: str) -> Written:
    said: list[Message] = []
    if response.reservation_cents:
        said.append(StateReservationPrices(reservation_cents=dict(response.reservation_cents)))
    if response.select is not None:
        said.append(SelectItem(product=response.select))
    if response.buy is not None:
        said.append(BuyItem(product=response.buy))
    if response.leave is not None:
        said.append(LeaveConversation(how=response.leave, reason=response.reason))
    return (*said, _said("buyer", request.turn, response.text))


ADMISSIONS: Mapping[type[AgentRequest], Admission] = MappingProxyType(
    {
        OpenConversation: Admission(str | Left, _opening, _bad_opening),
        PlanTurn: Admission(Plan, _plan, _bad_plan),
        SpeakTurn: Admission(Line, _line, _bad_line),
        RespondToSeller: Admission(Response, _response, _bad_response),
    }
)
"""Request -> what answers it."""
