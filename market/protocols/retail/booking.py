"""What the log says of an order, a refund, the end of an issue: with what that cost the seller.

Money itself moves in the ledger; these are the events that tell of it.
"""

from __future__ import annotations

from retailsim.events.messages import IssueResolved, OrderPlaced, RefundIssued
from retailsim.market.protocols.retail.fulfilment import MarketContext
from retailsim.market.protocols.retail.settlement import Refund
from retailsim.market.protocols.retail.values import Order, Settlement


def placed(market: MarketContext, episode: str, order: Order) -> OrderPlaced:
    """Return the event of an order that the market accepts."""
    product = market.spec.product
    return OrderPlaced(
        episode=episode,
        order=order.id,
        product=product.id,
        quantity=order.quantity,
        unit_price_cents=order.unit_price_cents,
        shipping_cents=order.shipping_cents,
        **market.rules.costs.of_order(order.goods_cents, order.shipping_cents, product.price_cents),
    )


def resolved(
    market: MarketContext, episode: str, order: Order, settlement: Settlement
) -> IssueResolved:
    """Return the event that an issue is settled; all units of an exchanged order come back."""
    exchanged = settlement.outcome == "exchanged"
    product = market.spec.product
    return IssueResolved(
        episode=episode,
        order=order.id,
        outcome=settlement.outcome,
        resolution=settlement.resolution,
        reason=settlement.reason,
        **market.rules.costs.of_return(
            product.category, _cost(market, order.quantity) if exchanged else 0
        ),
    )


def refunded(market: MarketContext, episode: str, order: Order, refund: Refund) -> RefundIssued:
    """Return the event of an admitted refund."""
    return RefundIssued(
        episode=episode,
        order=order.id,
        quantity=refund.quantity,
        amount_cents=refund.amount_cents,
        shipping_refund_cents=refund.shipping_refund_cents,
        return_shipping_cents=refund.return_shipping_cents,
        return_shipping_payer=refund.return_shipping_payer,
        **market.rules.costs.of_refund(
            order.goods_cents + order.shipping_cents,
            refund.amount_cents + refund.shipping_refund_cents,
            market.spec.product.category,
            _cost(market, refund.quantity),
        ),
    )


def carrier_cents(market: MarketContext) -> int:
    """What sending the product costs the seller, either way."""
    return market.rules.costs.carrier_cents(market.spec.product.price_cents)


def _cost(market: MarketContext, units: int) -> int:
    return units * (market.spec.product.unit_cost_cents or 0)
