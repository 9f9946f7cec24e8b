"""Shipping: its fee, its days, and cents that round as people round them."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from retailsim.events.streams import Seed
from retailsim.market.core.issues import ISSUES, Issue
from retailsim.market.core.shipping import Schedule, ShippingRules, schedule, whole_cents
from tests.market.players import LAMP, market_spec

HALF = Fraction(1, 2)


def days(issue: Issue | None, unit: str = "u", **rules: Any) -> Schedule:
    return schedule(ShippingRules(**rules), issue, Seed(1).stream("market/fulfilment", unit))


@pytest.mark.parametrize(
    ("price", "fee"), [(1, 0), (9, 0), (10, 1), (2_000, 100), (15_999, 800), (10**8, 800)]
)
def test_the_fee_is_five_percent_of_the_list_price_up_to_eight_dollars(
    price: int, fee: int
) -> None:
    assert ShippingRules().fee_cents(price) == fee


@given(st.integers(1, 10**8), st.integers(0, 1_000))
def test_the_fee_rounds_half_up_whatever_the_rate(price: int, per_mille: int) -> None:
    rules = ShippingRules(rate=per_mille / 1_000, cap_cents=10**9)
    assert rules.fee_cents(price) == int(Fraction(price * per_mille, 1_000) + HALF)


@given(st.integers(1, 10**8), st.integers(1, 200), st.integers(0, 99))
@example(85, 100, 30)  # 59.499999999999996 in binary, 59.5 to people
def test_a_price_rounds_half_up_and_is_at_least_a_cent(
    price: int, percent: int, discount: int
) -> None:
    product = LAMP.__class__(id="P", title="P", price_cents=price, category="Home")
    spec = market_spec(product=product, price_multiplier=percent / 100, discount=discount / 100)
    exact = Fraction(price * percent * (100 - discount), 10_000)
    assert spec.price_cents == max(1, int(exact + HALF))


def test_whole_cents_of_a_half() -> None:
    assert [whole_cents(value) for value in (0.5, 1.5, 2.4999, 85 * (1 - 0.3))] == [1, 2, 2, 60]


def test_an_order_in_time_arrives_when_expected() -> None:
    for n in range(300):
        plan = days("damaged on arrival", f"{n}")
        assert 0 <= plan.ordered_day <= 7
        assert 1 <= plan.expected_day - plan.ordered_day <= 7
        assert plan.delivered_day == plan.expected_day
        assert 0 <= plan.issue_day - plan.delivered_day <= 2


def test_a_delayed_order_is_complained_about_before_it_arrives() -> None:
    for n in range(300):
        plan = days("shipping delay", f"{n}")
        assert 2 <= plan.delivered_day - plan.expected_day <= 6
        assert plan.issue_day == plan.expected_day + 1 < plan.delivered_day


def test_a_change_of_mind_comes_within_ten_days_of_delivery() -> None:
    delays = [
        plan.issue_day - plan.delivered_day
        for plan in (days("change of mind", f"{n}") for n in range(500))
    ]
    assert set(delays) == set(range(11))


@pytest.mark.parametrize("issue", [None, *ISSUES])
def test_every_order_takes_four_draws_whatever_its_issue(issue: Issue | None) -> None:
    drawn, plain = (Seed(1).stream("p", "u") for _ in range(2))
    schedule(ShippingRules(), issue, drawn)
    for _ in range(4):
        plain.word()
    assert drawn.word() == plain.word()


@pytest.mark.parametrize("issue", [None, *ISSUES])
def test_issues_leave_the_days_of_ordering_and_expecting_alone(issue: Issue | None) -> None:
    plan, base = days(issue), days(None)
    assert (plan.ordered_day, plan.expected_day) == (base.ordered_day, base.expected_day)


def test_fixed_days_leave_nothing_to_chance() -> None:
    plan = days("shipping delay", order_days=(1, 1), delivery_days=(2, 2), delay_days=(0, 0))
    assert plan == Schedule(ordered_day=1, expected_day=3, delivered_day=3, issue_day=3)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"rate": 1.01}, "rate = 1.01: must be a share from 0 to 1"),
        ({"rate": -0.01}, "rate = -0.01: must be a share"),
        ({"cap_cents": -1}, "cap_cents = -1: must not be negative"),
        ({"order_days": (3, 2)}, "order_days = [3, 2]: must be two days in rising order"),
        ({"delivery_days": (-1, 2)}, "delivery_days = [-1, 2]: must be two days in rising order"),
        ({"delay_days": (5, 1)}, "delay_days = [5, 1]: must be two days in rising order"),
    ],
)
def test_rules_that_no_shop_can_follow_are_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        ShippingRules(**fields)
    assert message in str(caught.value)
