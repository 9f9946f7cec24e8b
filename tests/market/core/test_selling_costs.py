"""What selling costs beside the goods: booked in whole cents, and only what is not as usual."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from retailsim.events.messages import Event, IssueResolved, OrderPlaced, RefundIssued
from retailsim.market.core.selling_costs import SellingCosts
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.retail.values import Settlement
from tests.market.players import (
    EXCHANGE,
    KEEP,
    LAMP,
    REFUND,
    STEADY,
    buyer,
    play,
    rules,
    seller,
)

USUAL = SellingCosts()
DEAR = SellingCosts(
    payment_fee=0.029, payment_fee_cents=30, tax=0.19, salvage={"Home": 0.5, "Food": 0.0}
)


def test_nothing_is_booked_as_long_as_all_is_as_usual() -> None:
    usual = ShippingRules()
    for list_price in (1, 1_990, 15_999, 16_001, 900_000):
        assert USUAL.carrier_cents(list_price) == usual.fee_cents(list_price)
        assert USUAL.of_order(list_price, usual.fee_cents(list_price), list_price) == {}
    assert USUAL.of_refund(1_000, 1_000, "Home", 600) == USUAL.of_return("Home", 600) == {}


def test_an_order_of_twenty_dollars_is_booked_to_the_cent() -> None:
    """$20 and $1 shipping: 2.9 % of $21 is 60.9 cents; 19/119 of it is 335.29."""
    assert DEAR.of_order(2_000, 100, 2_000) == {"payment_fee_cents": 91, "tax_cents": 335}
    free = {"carrier_cents": 100, "payment_fee_cents": 88, "tax_cents": 319}
    assert DEAR.of_order(2_000, 0, 2_000) == free


def test_what_comes_back_brings_its_share_by_category() -> None:
    assert DEAR.of_refund(2_100, 2_100, "Home", 1_201) == {
        "tax_refund_cents": 335,
        "salvage_cents": 601,
    }
    assert DEAR.of_return("Food", 1_200) == DEAR.of_return("Fashion", 1_200) == {}


@given(
    st.lists(st.integers(0, 90_000), min_size=1, max_size=5), st.floats(0.0, 0.3, allow_nan=False)
)
def test_what_is_paid_back_bit_by_bit_takes_all_its_tax_along(parts: list[int], tax: float) -> None:
    costs, left, back = SellingCosts(tax=tax), sum(parts), 0
    booked = costs.tax_in(left)
    for part in parts:
        refund = costs.of_refund(left, part, "Home", 0)
        back, left = back + refund.get("tax_refund_cents", 0), left - part
    assert back == booked


DEARLY = {
    "unit_price_cents": 2_000,
    "shipping_cents": 0,
    "carrier_cents": 100,
    "payment_fee_cents": 146,
    "tax_cents": 639,
}
"""Two lamps at $20 and free shipping: 2.9 % of $40 and 30 cents; 19/119 of $40."""


def booked(settles: Settlement) -> dict[type[Event], dict[str, Any]]:
    """The cents that are in the events of an order of two lamps, as their log lines have them."""
    free = msgspec.structs.replace(STEADY, rate=0.0)
    lamp = msgspec.structs.replace(LAMP, unit_cost_cents=1_200)
    played = play(
        seller(settles=settles),
        buyer(quantity=2),
        rules("damaged on arrival", shipping=free, costs=DEAR),
        product=lamp,
    )
    lines = {type(event): msgspec.to_builtins(event) for event in played.events}
    return {
        kind: {name: cents for name, cents in line.items() if name.endswith("_cents")}
        for kind, line in lines.items()
    }


def test_the_market_books_them_with_the_order_and_its_refund() -> None:
    found = booked(REFUND)
    assert found[OrderPlaced] == DEARLY
    assert found[IssueResolved] == {}
    assert found[RefundIssued] == {
        "amount_cents": 2_000,
        "shipping_refund_cents": 0,
        "return_shipping_cents": 100,
        "salvage_cents": 600,
        "tax_refund_cents": 320,
    }


def test_all_units_of_an_exchange_come_back() -> None:
    found = booked(EXCHANGE)
    assert found[OrderPlaced] == DEARLY
    assert found[IssueResolved] == {"salvage_cents": 1_200}
    assert RefundIssued not in found
    assert booked(KEEP)[IssueResolved] == {}
