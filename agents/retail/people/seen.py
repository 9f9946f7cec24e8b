"""What a person at a retail seat sees: what was said, the sheet, price and terms, the order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retailsim.agents.person.side import Fact, Said, Seen, Sheet, for_reader
from retailsim.events.messages import Role
from retailsim.market.core.money import dollars
from retailsim.market.protocols.retail.requests import (
    AskSeller,
    GiveSupport,
    PresentPitch,
    Request,
)
from retailsim.market.protocols.retail.values import Offer, Order, Pitch, Settlement

OUTCOMES = {
    "refunded": "Refund",
    "exchanged": "Exchange",
    "delivered": "Nothing is taken back",
}
"""How an issue may end, as a person reads it."""


def seen(request: Request, role: Role) -> Seen:
    """Return what a request shows to the one who is asked."""
    offer = request.offer
    sheet = Sheet(product=for_reader(offer.product, role), price_cents=offer.price_cents)
    return Seen(
        said=tuple(_said(request)),
        sheets=(sheet,),
        facts=(*_terms(offer, role), *_order(request)),
    )


def _said(request: Any) -> Iterator[Said]:
    """Yield the pitch and both dialogues, as far as there are any."""
    pitch: Pitch | None = getattr(request, "pitch", None)
    if pitch is not None:
        yield Said("seller", pitch.text, PresentPitch.stage)
    now = AskSeller.stage if hasattr(request, "topics") else GiveSupport.stage
    stages = {"inquiry": AskSeller.stage, "support": GiveSupport.stage, "transcript": now}
    for dialogue, stage in stages.items():
        for turn in getattr(request, dialogue, ()):
            yield Said(turn.role, turn.text, stage)


def _terms(offer: Offer, role: Role) -> Iterator[Fact]:
    yield Fact("Price", dollars(offer.price_cents))
    if offer.list_price_cents != offer.price_cents:
        yield Fact("List price", dollars(offer.list_price_cents))
    if role == "seller" and offer.product.unit_cost_cents is not None:
        yield Fact("Cost of one", dollars(offer.product.unit_cost_cents))
    fee = offer.shipping_cents
    yield Fact("Shipping", f"{dollars(fee)} an order" if fee else "free")
    low, high = offer.delivery_days
    yield Fact("Delivery", f"{low} to {high} days" if low < high else f"{low} days")
    policy = offer.policy
    yield Fact("Returns", f"within {policy.window_days} days, {policy.condition}")
    pays = ", ".join(policy.buyer_pays)
    yield Fact("Return shipping", f"paid by the buyer if the reason is {pays}" if pays else "free")


def _order(request: Any) -> Iterator[Fact]:
    order: Order | None = getattr(request, "order", None)
    if order is None:
        return
    units = f"{order.quantity} at {dollars(order.unit_price_cents)}"
    yield Fact("Order", f"{units}, {dollars(order.goods_cents + order.shipping_cents)} in all")
    issue: str | None = getattr(request, "issue", None)
    if issue:
        yield Fact("What went wrong", issue)
    outcome: str | None = getattr(request, "outcome", None)
    if outcome:
        yield Fact("How it ended", OUTCOMES[outcome])
    proposed: Settlement | None = getattr(request, "proposed", None)
    if proposed is not None:
        yield Fact("The seller proposes", _proposal(proposed))


def _proposal(settlement: Settlement) -> str:
    told = OUTCOMES[settlement.outcome]
    if settlement.outcome == "refunded":
        units = settlement.refund_quantity
        told += f" of {units} {'unit' if units == 1 else 'units'}"
        told += ", and of the shipping fee" if settlement.refund_shipping else ""
    return f"{told}: {settlement.resolution}" if settlement.resolution else told
