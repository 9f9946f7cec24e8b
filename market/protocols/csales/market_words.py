"""What the market adds to a seller's words: facts that it vouches for, whoever speaks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retailsim.market.catalogue.product import Product
from retailsim.market.core.money import dollars

TITLE_CHARACTERS = 60
"""How much of a title names an item, where there are several."""


def price_lowered(product: Product, percent: int) -> str:
    """Say what an item costs now."""
    return f"{_short(product.title)} is {dollars(product.price_cents)} now, {percent} % off."


def shipping_named(items: Sequence[Product], fees_cents: Mapping[str, int]) -> str:
    """Say what shipping costs, for each item where there are several."""
    if len(items) == 1:
        return f"Shipping costs {dollars(fees_cents[items[0].id])} on top."
    fees = (f"{dollars(fees_cents[item.id])} for {_short(item.title)}" for item in items)
    return f"Shipping costs on top: {'; '.join(fees)}."


def without(text: str, added: Sequence[str]) -> str:
    """Return a message without what the market added to it: what the seller itself said."""
    for words in reversed(added):
        text = text.removesuffix(f" {words}")
    return text


def _short(title: str) -> str:
    return title if len(title) <= TITLE_CHARACTERS else f"{title[:TITLE_CHARACTERS].rstrip()}..."
