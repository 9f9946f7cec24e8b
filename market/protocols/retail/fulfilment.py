"""What becomes of a purchase: the order's days and its issue, drawn by the market."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b

from retailsim.events.streams import Seed
from retailsim.market.core.issues import Issue
from retailsim.market.core.ledger import Ledger
from retailsim.market.core.participants import EpisodeSpec
from retailsim.market.core.shipping import schedule
from retailsim.market.protocols.retail.rule_guard import Guard
from retailsim.market.protocols.retail.spec import RetailRules, RetailSpec
from retailsim.market.protocols.retail.values import Offer, Order


@dataclass(frozen=True, slots=True)
class MarketContext:
    """What all episodes of a market share."""

    spec: RetailSpec
    rules: RetailRules
    seed: Seed
    offer: Offer
    ledger: Ledger
    guard: Guard = field(default_factory=Guard)


def draw_order(
    market: MarketContext, episode_spec: EpisodeSpec, quantity: int, *, unsupported: int
) -> tuple[Order, Issue | None]:
    """Return the order of `quantity` units, and what will be wrong with it.

    Parameters
    ----------
    unsupported : int
        Claims of the pitch and of the answers that the product sheet does not carry.

    Notes
    -----
    Streams used: ``market/issue`` by product, ``market/fulfilment`` by product, buyer and
    replication; six draws
    of the latter whatever happens, so that arms stay comparable order by order.
    """
    product, category = market.spec.product.id, market.spec.product.category
    issues = market.rules.issues
    draws = market.seed.stream("market/fulfilment", market.spec.buyer_unit(episode_spec.buyer))
    issue = issues.arising(issues.assigned(market.seed, product), unsupported, draws, category)
    days = schedule(market.rules.shipping, issue, draws)
    digest = blake2b(episode_spec.episode.encode(), digest_size=4).hexdigest().upper()
    order = Order(
        id=f"ORD-{product}-{digest}",
        quantity=quantity,
        unit_price_cents=market.offer.price_cents,
        shipping_cents=market.offer.shipping_cents,
        ordered_day=days.ordered_day,
        expected_day=days.expected_day,
        delivered_day=days.delivered_day,
        issue_day=days.issue_day,
    )
    return order, issue
