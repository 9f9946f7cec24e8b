"""Which items a suggestion offers: the nearest to the wish, or a choice among them by price."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import ItemRule

Order = Callable[[Product, int], float]
"""``(item, upper end of the budget in cents) -> key``; the lowest comes first."""


def _from_three_quarters(product: Product, budget_cents: int) -> float:
    return abs(4 * product.price_cents - 3 * budget_cents)


ORDERS: Mapping[ItemRule, Order] = MappingProxyType(
    {
        "three-quarters": _from_three_quarters,
        "dearest": lambda product, _: -product.price_cents,
        "cheapest": lambda product, _: product.price_cents,
    }
)
"""How each rule but "nearest" orders items."""


def by_rule(
    rule: ItemRule, ranked: Sequence[Product], budget_cents: int, *, among: int, count: int
) -> Sequence[Product]:
    """Return the items that a rule by price offers; of equal ones the nearer first.

    Parameters
    ----------
    rule : ItemRule
        One of `ORDERS`.
    ranked : sequence of Product
        Within the budget, the nearest to the wish first.
    among : int
        How many of the nearest it chooses among, so that what it offers still fits.
    count : int
        How many it offers at most.
    """
    order = ORDERS[rule]
    return sorted(ranked[:among], key=lambda product: order(product, budget_cents))[:count]
