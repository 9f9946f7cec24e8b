"""What items cost in one conversation: a lowered price, and the shipping fee on top."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from retailsim.market.catalogue.product import Product
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.csales.events import PriceLowered


def lowered_cents(price_cents: int, percent: int) -> int:
    """Return a price with some percent off, rounded half up to a cent; never below 0."""
    return (price_cents * (100 - percent) + 50) // 100


class PriceTags:
    """The prices of one conversation, as far as they are not the catalogue's.

    Attributes
    ----------
    lowered : int
        Percent off the price of the item selected; 0 until it is lowered, which happens once.
    fee_named : bool
        Whether the shipping fee of an item was named.
    """

    def __init__(self, shipping: ShippingRules) -> None:
        self._shipping = shipping
        self._list_cents: dict[str, int] = {}
        self.lowered = 0
        self.fee_named = False

    def lower(self, product: Product, percent: int, **where: Any) -> tuple[Product, PriceLowered]:
        """Return the item at its lowered price, which holds from now on, and what the log says.

        Parameters
        ----------
        percent : int
        **where
            The event's episode and turn.
        """
        if self.lowered:
            raise AssertionError("options that lower a price twice are never legal")
        self.lowered = percent
        self._list_cents[product.id] = product.price_cents
        price_cents = lowered_cents(product.price_cents, percent)
        event = PriceLowered(
            product=product.id,
            percent=percent,
            from_cents=product.price_cents,
            price_cents=price_cents,
            **where,
        )
        return msgspec.structs.replace(product, price_cents=price_cents), event

    def list_cents(self, product: Product) -> int:
        """Return the list price of one item, whatever was taken off it."""
        return self._list_cents.get(product.id, product.price_cents)

    def fee_cents(self, product: Product) -> int:
        """Return the shipping fee of one item, which goes by its list price."""
        return self._shipping.fee_cents(self.list_cents(product))

    def fees_cents(self, products: Iterable[Product]) -> dict[str, int]:
        """Return the shipping fees of some items, by id."""
        return {product.id: self.fee_cents(product) for product in products}
