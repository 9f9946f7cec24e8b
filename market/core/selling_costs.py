"""What selling costs beside the goods: carriers, payment fees, tax, and what returns still bring.

The market books these amounts with the order, the refund and the exchange that they belong to, in
whole cents, each rounded half up once. What is as usual is left out of the log: a carrier that
costs what the buyer paid for shipping, and amounts of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from retailsim.market.core.shipping import fee_cents, whole_cents


class SellingCosts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a shop pays when it sells, and gets back when goods come back.

    Parameters
    ----------
    carrier_rate : float
        What a carrier charges the seller for one parcel, as a share of the list price, in [0, 1].
        As usual, the paper's shipping fee, whatever part of it the shop lets buyers pay.
    carrier_cap_cents : int
        Upper limit of that.
    payment_fee : float
        Share of what the buyer pays that its payment costs, in [0, 1]; not paid back on refunds.
    payment_fee_cents : int
        Added to that for each order.
    tax : float
        Rate of the tax that is in all prices, such as 0.19: then 0.19 / 1.19 of a price is tax.
    salvage : mapping of category to share
        Share of a unit's cost that is got back when it comes back; 0 where none is named.
    """

    carrier_rate: float = 0.05
    carrier_cap_cents: int = 800
    payment_fee: float = 0.0
    payment_fee_cents: int = 0
    tax: float = 0.0
    salvage: Mapping[str, float] = {}

    def carrier_cents(self, list_price_cents: int) -> int:
        """What sending one order costs the seller, either way."""
        return fee_cents(self.carrier_rate, self.carrier_cap_cents, list_price_cents)

    def of_order(
        self, goods_cents: int, shipping_cents: int, list_price_cents: int
    ) -> dict[str, Any]:
        """Return the fields of an order that are not as usual.

        Parameters
        ----------
        goods_cents, shipping_cents : int
            What the buyer pays.
        """
        paid = goods_cents + shipping_cents
        carrier = self.carrier_cents(list_price_cents)
        fee = whole_cents(paid * self.payment_fee) + self.payment_fee_cents
        found = {"payment_fee_cents": fee, "tax_cents": self.tax_in(paid)}
        same = {} if carrier == shipping_cents else {"carrier_cents": carrier}
        return {**same, **{name: cents for name, cents in found.items() if cents}}

    def of_refund(
        self, paid_cents: int, back_cents: int, category: str, cost_cents: int
    ) -> dict[str, Any]:
        """Return the fields of a refund that are not as usual.

        Parameters
        ----------
        paid_cents, back_cents : int
            What was paid for the order, and what of it is paid back now, shipping included.
        cost_cents : int
            What the units that come back had cost; 0 where nobody knows.
        """
        tax = self.tax_in(paid_cents) - self.tax_in(paid_cents - back_cents)
        found = {"tax_refund_cents": tax, **self.of_return(category, cost_cents)}
        return {name: cents for name, cents in found.items() if cents}

    def of_return(self, category: str, cost_cents: int) -> dict[str, Any]:
        """Return what goods that come back still bring, if that is anything."""
        cents = whole_cents(cost_cents * self.salvage.get(category, 0.0))
        return {"salvage_cents": cents} if cents else {}

    def tax_in(self, price_cents: int) -> int:
        """Return the tax in a price."""
        return whole_cents(price_cents * self.tax / (1.0 + self.tax))
