"""What a market would reject, in a retail reply that it lets in: the values in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from retailsim.market.protocols.retail.requests import GiveSupport, SettleIssue
from retailsim.market.protocols.retail.settlement import SettlementRefused, refund_of
from retailsim.market.protocols.retail.spec import RetailRules
from retailsim.market.protocols.retail.values import Decision, Review, Settlement, Support

_MOST = RetailRules().max_quantity


def bad_values(request: Any, value: Any) -> Iterator[str]:
    """Yield what is wrong with the values of an answer that was admitted."""
    match value:
        case Decision(will_purchase=True, quantity=quantity) if not 1 <= quantity <= _MOST:
            yield f"buys {quantity} units: an order has 1 to {_MOST}"
        case Decision(will_purchase=False, quantity=quantity) if quantity != 0:
            yield f"buys nothing with quantity {quantity}: set it to 0"
        case Review(would_recommend=bool()) if request.aspect != "product":
            aspect = request.aspect
            yield f"gives would_recommend for {aspect}: it belongs to the product, leave it None"
        case Support(proposal=Settlement() as settlement) | (Settlement() as settlement):
            yield from _settling(request, settlement)


def _settling(request: GiveSupport | SettleIssue, settlement: Settlement) -> Iterator[str]:
    try:
        refund_of(settlement, request.order, request.issue, request.offer.policy)
    except SettlementRefused as error:
        yield f"proposes a settlement that the market forbids: {error}"
