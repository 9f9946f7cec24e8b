"""What a person is asked who buys in a sales conversation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from retailsim.agents.person.form import Field, Fields, Given, Option, options_of
from retailsim.agents.person.side import Step
from retailsim.market.catalogue.product import Product
from retailsim.market.core.money import dollars
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.requests import OpenConversation, RespondToSeller
from retailsim.market.protocols.csales.values import Left, Response

ANSWERING_S = 120.0
_WHY = "The buyer left."
LEFT = "(The buyer leaves without a word.)"


def items_of(products: Iterable[Product]) -> tuple[Option, ...]:
    """Return items as closed choices: by id, with title and price."""
    return tuple(Option(one.id, f"{one.title}, {dollars(one.price_cents)}") for one in products)


def _for_sale(request: RespondToSeller) -> list[Product]:
    """Return what may be bought now."""
    if not request.may_buy:
        return []
    return [one for one in (request.selected, request.candidate) if one is not None]


def _fields(request: RespondToSeller) -> Fields:
    chooses = bool(request.shown) and request.selected is None
    buys = _for_sale(request)
    acts = {
        "say": "Go on talking",
        **({"select": "Choose an item"} if chooses else {}),
        **({"buy": "Buy"} if buys else {}),
        "defer": "Think it over, and leave",
        "leave": "Leave",
    }
    return (
        Field(name="text", label="Your message"),
        Field(name="act", label="What you do", kind="choice", options=options_of(acts)),
        Field(
            name="select",
            label="Your choice",
            kind="choice",
            options=items_of(request.shown),
            only_if=("act", ("select",)),
        ),
        Field(
            name="buy",
            label="What you buy",
            kind="choice",
            options=items_of(buys),
            only_if=("act", ("buy",)),
        ),
        Field(name="reason", label="Why", optional=True, only_if=("act", ("defer", "leave"))),
    )


def _response(request: RespondToSeller, given: Given) -> Response:
    act = given["act"]
    return Response(
        text=given["text"],
        select=given["select"],
        buy=given["buy"],
        leave=act if act in ("defer", "leave") else None,
        reason=given["reason"] or "",
    )


def _gone(request: RespondToSeller) -> Response:
    return Response(text=LEFT, leave="leave", reason=_WHY)


def _asks(request: RespondToSeller) -> str:
    if request.last:
        return "Answer the seller: the conversation ends with this message."
    return "Answer the seller: buy, leave, or go on." if request.may_buy else "Answer the seller."


BUYER: Mapping[type[AgentRequest], Step] = MappingProxyType(
    {
        OpenConversation: Step(
            role="buyer",
            asks=lambda request: "Say what you are looking for; your budget is added to it.",
            fields=lambda request: (Field(name="text", label="Your message"),),
            value=lambda request, given: given["text"],
            leave=lambda request: Left(reason=_WHY),
            deadline_s=ANSWERING_S,
        ),
        RespondToSeller: Step(
            role="buyer",
            asks=_asks,
            fields=_fields,
            value=_response,
            leave=_gone,
            deadline_s=ANSWERING_S,
        ),
    }
)
"""Request -> how it is put to a person."""
