"""What a buyer can do in its turn, beside the words that it does it in."""

from __future__ import annotations

from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.requests import RespondToSeller
from retailsim.market.protocols.csales.spec import MOST_SHOWN

SAY = "Say"
"""Go on talking: tell what is wanted, or ask about what is selected."""
SELECTS: tuple[str, ...] = tuple(f"Select: {number}" for number in range(1, MOST_SHOWN + 1))
"""Select one of the items that came with the seller's last message, by its place."""
BUY, BUY_DEARER = "Buy: selected", "Buy: dearer"
LEAVE, DEFER = "Leave", "Defer"
ACT_NAMES: tuple[str, ...] = (SAY, *SELECTS, BUY, BUY_DEARER, LEAVE, DEFER)
"""Every act there is, in the order that numbers them."""


def legal_acts(request: RespondToSeller) -> tuple[str, ...]:
    """Return the acts that count now, in the order of `ACT_NAMES`."""
    selecting = SELECTS[: len(request.presented)] if request.selected is None else ()
    buying = (BUY, BUY_DEARER) if request.candidate is not None else (BUY,)
    return (SAY, *selecting, *(buying if request.may_buy else ()), LEAVE, DEFER)


def selection(request: RespondToSeller, product: Product) -> str:
    """Return the act that selects an item."""
    return SELECTS[[one.id for one in request.presented].index(product.id)]


def object_of(request: RespondToSeller, act: str) -> Product | None:
    """Return the item that a legal act selects or buys; None for other acts."""
    if act in SELECTS:
        return request.presented[SELECTS.index(act)]
    return {BUY: request.selected, BUY_DEARER: request.candidate}.get(act)
