"""What a market would reject, in a reply that it lets in: the values in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retailsim.agents.csales.behavioral.seller import MOST_SHOWN
from retailsim.events.messages import DecisionMade, Message, ReviewPosted
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.csales.requests import (
    BuyItem,
    LeaveConversation,
    RespondToSeller,
    SelectItem,
    ShowItems,
    SpeakTurn,
)
from retailsim.market.protocols.retail.requests import ProposeSettlement
from retailsim.market.protocols.retail.settlement import SettlementRefused, refund_of
from retailsim.market.protocols.retail.spec import RetailRules

_MOST = RetailRules().max_quantity


def bad_values(request: AgentRequest, answer: Sequence[Message]) -> list[str]:
    """Return what is wrong with the values of an answer that was admitted."""
    match request:
        case RespondToSeller():
            return list(_response(request, answer))
        case SpeakTurn():
            return [text for message in answer for text in _showing(request, message)]
        case _:
            found = (_retail(request, message) for message in answer)
            return [text for text in found if text is not None]


def _retail(request: AgentRequest, message: Message) -> str | None:
    match message:
        case DecisionMade(will_purchase=True, quantity=quantity) if not 1 <= quantity <= _MOST:
            return f"buys {quantity} units: an order has 1 to {_MOST}"
        case DecisionMade(will_purchase=False, quantity=quantity) if quantity != 0:
            return f"buys nothing with quantity {quantity}: set it to 0"
        case ReviewPosted(aspect=aspect, would_recommend=bool()) if aspect != "product":
            return f"gives would_recommend for {aspect}: it belongs to the product, leave it None"
        case ProposeSettlement(settlement=settlement):
            order, issue = getattr(request, "order", None), getattr(request, "issue", "")
            if order is None:
                return None
            try:
                refund_of(settlement, order, issue, request.offer.policy)  # type: ignore[attr-defined]
            except SettlementRefused as error:
                return f"offers a settlement that the market forbids: {error}"
    return None


def _showing(request: SpeakTurn, message: Message) -> Iterator[str]:
    if not isinstance(message, ShowItems):
        return
    offered = {product.id for product in request.items}
    for id_ in message.products:
        if id_ not in offered:
            yield f"shows {id_!r}: take ids from request.items"
    most = 1 if request.selected is not None else MOST_SHOWN
    if len(message.products) > most:
        yield f"shows {len(message.products)} items: at most {most} at once"


def _response(request: RespondToSeller, answer: Sequence[Message]) -> Iterator[str]:
    for message in answer:
        match message:
            case SelectItem(product=id_):
                yield from _selecting(request, id_)
            case BuyItem(product=id_):
                yield from _buying(request, id_)
    deeds = [m for m in answer if isinstance(m, SelectItem | BuyItem | LeaveConversation)]
    if len(deeds) > 1:
        names = " and ".join(type(deed).__name__ for deed in deeds)
        yield f"does {names} at once: set one of select, buy and leave"


def _selecting(request: RespondToSeller, id_: str) -> Iterator[str]:
    if id_ not in {product.id for product in request.shown}:
        yield f"selects {id_!r}, which was never shown: take ids from request.shown"
    if request.selected is not None:
        yield f"selects {id_!r}, but {request.selected.id} is selected already: buy, or leave"


def _buying(request: RespondToSeller, id_: str) -> Iterator[str]:
    items = (request.selected, request.candidate)
    if not request.may_buy:
        yield f"buys {id_!r} too early: wait for request.may_buy"
    elif id_ not in {product.id for product in items if product is not None}:
        yield f"buys {id_!r}: request.selected and request.candidate are for sale"
