"""An order's life: which steps each state allows, settled for good; and what a refund costs."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.events.messages import Outcome
from retailsim.market.core.orders import OrderError, OrderLife, OrderState
from retailsim.market.core.return_policy import DEFAULT_POLICIES
from retailsim.market.protocols.retail.settlement import Refund, SettlementRefused, refund_of
from retailsim.market.protocols.retail.values import Order, Settlement

STEPS: dict[str, tuple[Callable[[OrderLife], None], OrderState]] = {
    "deliver": (OrderLife.deliver, OrderState.DELIVERED),
    "open": (OrderLife.open_issue, OrderState.ISSUE_OPEN),
    "settle": (lambda life: life.settle("refunded"), OrderState.SETTLED),
}
ALLOWED = {"", "deliver", "open", "deliver open", "open settle", "deliver open settle"}


@given(st.lists(st.sampled_from(sorted(STEPS)), max_size=6))
def test_only_the_steps_of_a_life_are_allowed_and_others_change_nothing(steps: list[str]) -> None:
    life = OrderLife("ORD-1")
    done: list[str] = []
    for step in steps:
        take, state = STEPS[step]
        before = life.state
        if " ".join([*done, step]) in ALLOWED:
            take(life)
            done.append(step)
            assert life.state is state
        else:
            with pytest.raises(OrderError):
                take(life)
            assert life.state is before
    assert life.outcome == ("refunded" if "settle" in done else None)


def test_a_second_settlement_says_what_is_wrong() -> None:
    life = OrderLife("ORD-1")
    life.open_issue()
    life.settle("refunded")
    with pytest.raises(OrderError, match=r"^order ORD-1 is settled, not to be settled$"):
        life.settle("exchanged")
    assert life.outcome == "refunded"


# -- the money of a settlement -------------------------------------------------------------

FOOD = DEFAULT_POLICIES["Food"]


def order(issue_day: int) -> Order:
    return Order(
        id="ORD-1",
        quantity=3,
        unit_price_cents=1_000,
        shipping_cents=150,
        ordered_day=1,
        expected_day=4,
        delivered_day=5,
        issue_day=issue_day,
    )


def settle(outcome: Outcome = "refunded", quantity: int = 2, shipping: bool = False) -> Settlement:
    return Settlement(
        outcome=outcome,
        resolution="r",
        reason="r",
        refund_quantity=quantity,
        refund_shipping=shipping,
    )


def test_what_was_paid_for_the_goods_leaves_shipping_out() -> None:
    assert order(5).goods_cents == 3_000


@pytest.mark.parametrize("shipping", [False, True])
def test_a_refund_gives_the_price_paid_and_shipping_only_if_promised(shipping: bool) -> None:
    assert refund_of(settle(shipping=shipping), order(6), "damaged on arrival", FOOD) == Refund(
        quantity=2,
        amount_cents=2_000,
        shipping_refund_cents=150 if shipping else 0,
        return_shipping_cents=150,
        return_shipping_payer="seller",
    )


def test_goods_that_never_arrived_need_no_way_back() -> None:
    refund = refund_of(settle(), order(4), "shipping delay", FOOD)
    assert refund is not None
    assert refund.return_shipping_cents == 0


def test_the_payer_follows_from_policy_and_issue() -> None:
    refund = refund_of(settle(), order(6), "change of mind", FOOD)
    assert refund is not None
    assert refund.return_shipping_payer == "buyer"


@pytest.mark.parametrize("outcome", ["delivered", "exchanged"])
def test_other_outcomes_move_no_money(outcome: Outcome) -> None:
    assert refund_of(settle(outcome, 99), order(6), "damaged on arrival", FOOD) is None


def test_the_last_day_of_the_window_counts() -> None:
    assert refund_of(settle(), order(12), "damaged on arrival", FOOD) is not None
    late: tuple[Outcome, ...] = ("refunded", "exchanged")
    for outcome in late:
        with pytest.raises(SettlementRefused) as caught:
            refund_of(settle(outcome), order(13), "damaged on arrival", FOOD)
        assert str(caught.value) == f"{outcome} 8 days after delivery, the policy allows 7"
    assert refund_of(settle("delivered"), order(99), "damaged on arrival", FOOD) is None


@pytest.mark.parametrize("quantity", [-1, 0, 4])
def test_a_refund_of_other_units_than_were_bought_is_refused(quantity: int) -> None:
    with pytest.raises(SettlementRefused) as caught:
        refund_of(settle(quantity=quantity), order(6), "damaged on arrival", FOOD)
    assert str(caught.value) == f"refund of {quantity} units, the order has 3"
