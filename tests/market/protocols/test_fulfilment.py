"""An order's days and issue: the market's draws, the same in every arm."""

from __future__ import annotations

from typing import Any

import pytest

from retailsim.events.streams import Seed
from retailsim.market.core.issues import IssueRules
from retailsim.market.core.ledger import Ledger
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.retail.fulfilment import MarketContext, draw_order
from retailsim.market.protocols.retail.protocol import offer_of
from retailsim.market.protocols.retail.values import Order
from tests.market.players import LAMP, market_spec, rules

LOOSE = ShippingRules()
BUYERS = [f"b{number}" for number in range(60)]


def context(seed: int = 1, issues: IssueRules | None = None, **spec: Any) -> MarketContext:
    of = rules(shipping=LOOSE, issues=issues or IssueRules())
    made = market_spec(BUYERS, **spec)
    return MarketContext(made, of, Seed(seed), offer_of(made, of), Ledger())


def drawn(
    market: MarketContext, unsupported: int = 0, quantity: int = 2
) -> list[tuple[Order, str | None]]:
    return [
        draw_order(market, buying, quantity, unsupported=unsupported)
        for buying in market.spec.episodes
    ]


def days(found: list[tuple[Order, str | None]]) -> list[tuple[int, ...]]:
    return [(o.ordered_day, o.expected_day, o.delivered_day, o.issue_day) for o, _ in found]


def test_an_order_has_the_terms_of_the_offer() -> None:
    market = context()
    for order, _ in drawn(market, quantity=3):
        assert (order.quantity, order.unit_price_cents) == (3, market.offer.price_cents)
        assert order.shipping_cents == market.offer.shipping_cents
        assert order.ordered_day <= order.expected_day <= order.delivered_day


def test_price_discount_and_quantity_move_no_draw() -> None:
    """Arms stay comparable order by order."""
    base = drawn(context())
    dear = drawn(context(price_multiplier=1.3, discount=0.1), quantity=7)
    assert days(dear) == days(base)
    assert [issue for _, issue in dear] == [issue for _, issue in base]


def test_another_replication_or_seed_is_another_draw() -> None:
    base = days(drawn(context()))
    assert days(drawn(context(replication=2))) != base
    assert days(drawn(context(seed=2))) != base
    assert days(drawn(context())) == base


@pytest.mark.parametrize(("rate", "share"), [(0.0, 0.0), (1.0, 1.0)])
def test_without_overclaims_the_product_has_one_issue_or_none(rate: float, share: float) -> None:
    issues = [issue for _, issue in drawn(context(issues=IssueRules(rate=rate)))]
    assert sum(issue is not None for issue in issues) == share * len(issues)
    assert len(set(issues)) == 1


def test_what_a_pitch_claims_too_much_is_found_out() -> None:
    sure = IssueRules(rate=0.0, overclaim_rate=1.0)
    assert {issue for _, issue in drawn(context(issues=sure), unsupported=1)} == {
        "not as described"
    }
    some = IssueRules(rate=0.0, overclaim_rate=0.3)
    few, many = (
        sum(issue is not None for _, issue in drawn(context(issues=some), unsupported=claims))
        for claims in (1, 4)
    )
    assert 0 < few < many < len(BUYERS)


def test_orders_of_different_episodes_have_different_names_and_one_has_always_the_same() -> None:
    names = [order.id for order, _ in drawn(context())]
    assert len(set(names)) == len(names)
    assert all(name.startswith(f"ORD-{LAMP.id}-") for name in names)
    assert [order.id for order, _ in drawn(context(seed=2))] == names
