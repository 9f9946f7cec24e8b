"""Settling an issue: what a seller may promise, and what the market then books."""

from __future__ import annotations

import msgspec

from retailsim.events.messages import Payer
from retailsim.market.core.return_policy import ReturnPolicy
from retailsim.market.errors import MarketError
from retailsim.market.protocols.retail.values import Order, Settlement


class SettlementRefused(MarketError):
    """A settlement that the market's rules forbid."""


class Refund(msgspec.Struct, frozen=True, kw_only=True):
    """The money of an admitted refund, in cents."""

    quantity: int
    amount_cents: int
    shipping_refund_cents: int
    return_shipping_cents: int
    return_shipping_payer: Payer


def refund_of(
    settlement: Settlement,
    order: Order,
    issue: str,
    policy: ReturnPolicy,
    carrier_cents: int | None = None,
) -> Refund | None:
    """Return the refund that `settlement` means for `order`; None where no money goes back.

    Goods that never arrived need no way back, so their return shipping is 0; otherwise it costs
    what sending them cost.

    Parameters
    ----------
    carrier_cents : int or None
        What sending them costs; None: what the buyer paid for it.

    Raises
    ------
    SettlementRefused
        If the return window has passed, or the quantity is not one that was bought.
    """
    if settlement.outcome == "delivered":
        return None
    if not policy.in_window(order.delivered_day, order.issue_day):
        days = order.issue_day - order.delivered_day
        raise SettlementRefused(
            f"{settlement.outcome} {days} days after delivery, "
            f"the policy allows {policy.window_days}"
        )
    if settlement.outcome == "exchanged":
        return None
    quantity = settlement.refund_quantity
    if not 1 <= quantity <= order.quantity:
        raise SettlementRefused(f"refund of {quantity} units, the order has {order.quantity}")
    arrived = order.issue_day >= order.delivered_day
    way = order.shipping_cents if carrier_cents is None else carrier_cents
    return Refund(
        quantity=quantity,
        amount_cents=quantity * order.unit_price_cents,
        shipping_refund_cents=order.shipping_cents if settlement.refund_shipping else 0,
        return_shipping_cents=way if arrived else 0,
        return_shipping_payer=policy.return_payer(issue),
    )
