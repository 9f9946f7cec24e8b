"""What may be said in a sales conversation: the sheets of the items under discussion, together.

Which item a sentence means is not known by rules, so each is put against all that are under
discussion: it stands if any of them carries it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from retailsim.market.catalogue.product import Product
from retailsim.market.claims.sheet import Sheet, written_about
from retailsim.market.core.return_policy import DEFAULT_POLICIES
from retailsim.market.protocols.csales.price_tags import PriceTags
from retailsim.market.protocols.csales.spec import ConversationSpec, SalesRules


def discussed(
    items: Sequence[Product], spec: ConversationSpec, rules: SalesRules, tags: PriceTags
) -> Sheet:
    """Return what may be said of items, with their prices and fees and the buyer's own budget.

    Conversations have no returns; what a seller says of them is held against the shop's usual
    policies.

    Parameters
    ----------
    items : sequence of Product
        At least one, at the prices that are asked now.
    """
    texts = tuple(" | ".join((*written_about(item), _rating(item))) for item in items)
    prices = {item.price_cents for item in items}
    prices |= {rules.catalogue.product(item.id).price_cents for item in items}
    fees = set(tags.fees_cents(items).values())
    sums = {price + fee for price in prices for fee in fees}
    return _sheet(
        texts,
        frozenset((*prices, *fees, *sums, *spec.profile.budget_cents)),
        max(DEFAULT_POLICIES[item.category].window_days for item in items),
        rules.shipping.delivery_days,
        tags.lowered,
        0 in fees,
    )


@lru_cache(maxsize=512)
def _sheet(
    texts: tuple[str, ...],
    money_cents: frozenset[int],
    return_days: int,
    delivery_days: tuple[int, int],
    lowered: int,
    free_shipping: bool,
) -> Sheet:
    return Sheet(
        " | ".join(texts),
        money_cents=money_cents,
        return_days=return_days,
        delivery_days=delivery_days,
        discount=lowered / 100,
        free_shipping=free_shipping,
        apart=texts,
    )


def _rating(item: Product) -> str:
    """Say how an item was rated, as its page does beside the text."""
    if item.average_rating is None or not item.rating_number:
        return ""
    return f"{item.rating_number:,} buyers gave it {item.average_rating:.1f} of 5 stars"
