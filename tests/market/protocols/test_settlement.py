"""What a settlement comes to in money: the window, the units, and who pays for which way."""

from __future__ import annotations

from typing import Any

import pytest

from retailsim.market.core.return_policy import ReturnPolicy
from retailsim.market.protocols.retail.settlement import Refund, SettlementRefused, refund_of
from retailsim.market.protocols.retail.values import Order, Settlement
from tests.market.players import EXCHANGE, KEEP, REFUND

POLICY = ReturnPolicy(window_days=7, condition="unused", buyer_pays=("change of mind",))
DELIVERED = 5


def order(issue_day: int, quantity: int = 3) -> Order:
    """Three units at 20 dollars, sent for one dollar, delivered on day 5."""
    return Order(
        id="ORD-1",
        quantity=quantity,
        unit_price_cents=2_000,
        shipping_cents=100,
        ordered_day=1,
        expected_day=4,
        delivered_day=DELIVERED,
        issue_day=issue_day,
    )


def refund(quantity: int = 1, *, shipping: bool = True) -> Settlement:
    return Settlement(
        outcome="refunded",
        resolution="refund",
        reason="sorry",
        refund_quantity=quantity,
        refund_shipping=shipping,
    )


def refunded(settlement: Settlement, issue_day: int = 6, issue: str = "damaged") -> Refund:
    found = refund_of(settlement, order(issue_day), issue, POLICY)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("issue_day", "way_back"),
    [(DELIVERED - 1, 0), (DELIVERED, 100), (DELIVERED + 1, 100)],
    ids=["before delivery", "on the day of delivery", "the day after"],
)
def test_goods_that_arrived_have_a_way_back_to_be_paid_for(issue_day: int, way_back: int) -> None:
    """A return on the very day of delivery is no exception: the goods are at the buyer's."""
    assert refunded(REFUND, issue_day).return_shipping_cents == way_back


@pytest.mark.parametrize("quantity", [1, 2, 3])
def test_each_unit_is_refunded_at_its_price(quantity: int) -> None:
    found = refunded(refund(quantity))
    assert (found.quantity, found.amount_cents) == (quantity, quantity * 2_000)


@pytest.mark.parametrize("quantity", [0, -1, 4])
def test_no_unit_is_refunded_that_was_not_bought(quantity: int) -> None:
    with pytest.raises(SettlementRefused) as caught:
        refunded(refund(quantity))
    assert str(caught.value) == f"refund of {quantity} units, the order has 3"


@pytest.mark.parametrize(("shipping", "cents"), [(True, 100), (False, 0)])
def test_shipping_is_refunded_only_where_it_was_agreed(shipping: bool, cents: int) -> None:
    assert refunded(refund(shipping=shipping)).shipping_refund_cents == cents


@pytest.mark.parametrize(("issue", "payer"), [("change of mind", "buyer"), ("damaged", "seller")])
def test_who_pays_the_way_back_is_the_policys_to_say(issue: str, payer: str) -> None:
    assert refunded(REFUND, issue=issue).return_shipping_payer == payer


@pytest.mark.parametrize("settlement", [REFUND, EXCHANGE])
def test_the_last_day_of_the_window_counts_and_the_next_one_does_not(
    settlement: Settlement,
) -> None:
    last = DELIVERED + POLICY.window_days
    refund_of(settlement, order(last), "damaged", POLICY)
    with pytest.raises(SettlementRefused) as caught:
        refund_of(settlement, order(last + 1), "damaged", POLICY)
    said = f"{settlement.outcome} 8 days after delivery, the policy allows 7"
    assert str(caught.value) == said


@pytest.mark.parametrize(("settlement", "day"), [(KEEP, 6), (KEEP, 100), (EXCHANGE, 6)])
def test_what_is_kept_or_exchanged_moves_no_money(settlement: Any, day: int) -> None:
    assert refund_of(settlement, order(day), "damaged", POLICY) is None
