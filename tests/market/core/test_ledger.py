"""The ledger: balanced after every entry, and no refund beyond its sale."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.market.core.ledger import Ledger, LedgerError, Sale


@pytest.fixture
def ledger() -> Ledger:
    books = Ledger()
    books.sell("o1", 3, 1_000, 150)
    return books


def test_a_sale_moves_goods_and_shipping_from_the_buyer(ledger: Ledger) -> None:
    assert ledger.accounts == {"buyer": -3_150, "goods": 3_000, "shipping": 150, "returns": 0}
    assert ledger.sales == {"o1": Sale("o1", 3, 3_000, 150)}


def test_a_refund_points_to_its_sale_and_moves_money_back(ledger: Ledger) -> None:
    ledger.refund("o1", 2, 2_000, 150)
    assert ledger.accounts == {"buyer": -1_000, "goods": 1_000, "shipping": 0, "returns": 0}
    sale = ledger.sales["o1"]
    assert (sale.refunded_quantity, sale.refunded_cents, sale.refunded_shipping_cents) == (
        2, 2_000, 150
    )  # fmt: skip


@pytest.mark.parametrize(("payer", "account"), [("buyer", "buyer"), ("seller", "goods")])
def test_the_way_back_is_paid_by_the_one_who_has_to(
    ledger: Ledger, payer: str, account: str
) -> None:
    before = ledger.accounts[account]
    ledger.return_shipping(120, payer)
    assert ledger.accounts[account] == before - 120
    assert ledger.accounts["returns"] == 120


@pytest.mark.parametrize(
    ("refund", "message"),
    [
        (("o2", 1, 0, 0), "order o2 was never sold"),
        (("o1", 0, 0, 0), "order o1: 0 units are not there to refund"),
        (("o1", -1, 0, 0), "order o1: -1 units are not there to refund"),
        (("o1", 4, 0, 0), "order o1: 4 units are not there to refund"),
        (("o1", 1, 3_001, 0), "order o1: 3001 cents are more than was paid"),
        (("o1", 1, -1, 0), "order o1: -1 cents are more than was paid"),
        (("o1", 1, 0, 151), "order o1: 151 cents shipping were not paid"),
        (("o1", 1, 0, -1), "order o1: -1 cents shipping were not paid"),
    ],
)
def test_a_refund_beyond_its_sale_is_refused_and_changes_nothing(
    ledger: Ledger, refund: tuple[str, int, int, int], message: str
) -> None:
    before = dict(ledger.accounts)
    with pytest.raises(LedgerError) as caught:
        ledger.refund(*refund)
    assert str(caught.value) == message
    assert ledger.accounts == before
    assert ledger.sales["o1"] == Sale("o1", 3, 3_000, 150)


def test_a_sale_cannot_be_refunded_twice(ledger: Ledger) -> None:
    ledger.refund("o1", 3, 3_000, 150)
    with pytest.raises(LedgerError, match="1 units are not there to refund"):
        ledger.refund("o1", 1, 0, 0)


def test_partial_refunds_add_up_to_the_sale_and_no_further(ledger: Ledger) -> None:
    for _ in range(3):
        ledger.refund("o1", 1, 1_000, 50)
    assert ledger.accounts["buyer"] == 0
    with pytest.raises(LedgerError):
        ledger.refund("o1", 1, 1_000, 50)


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ((2, 1_501, 0), "order o1: 1501 cents are more than was paid"),
        ((2, 0, 101), "order o1: 101 cents shipping were not paid"),
        ((3, 0, 0), "order o1: 3 units are not there to refund"),
        ((2, 1_500, 100), None),
    ],
)
def test_a_second_refund_has_only_what_the_first_one_left(
    ledger: Ledger, rest: tuple[int, int, int], message: str | None
) -> None:
    """Units, goods and shipping each have a rest of their own."""
    ledger.refund("o1", 1, 1_500, 50)
    if message is None:
        ledger.refund("o1", *rest)
        assert ledger.accounts == {"buyer": 0, "goods": 0, "shipping": 0, "returns": 0}
        return
    with pytest.raises(LedgerError) as caught:
        ledger.refund("o1", *rest)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("sale", "message"),
    [
        (("o1", 1, 1, 1), "order o1 is booked already"),
        (("o2", 0, 1, 1), "order o2: quantity and prices must be positive"),
        (("o2", 1, -1, 1), "order o2: quantity and prices must be positive"),
        (("o2", 1, 1, -1), "order o2: quantity and prices must be positive"),
    ],
)
def test_a_sale_that_is_none_is_refused(
    ledger: Ledger, sale: tuple[str, int, int, int], message: str
) -> None:
    before = dict(ledger.accounts)
    with pytest.raises(LedgerError) as caught:
        ledger.sell(*sale)
    assert str(caught.value) == message
    assert (ledger.accounts, list(ledger.sales)) == (before, ["o1"])


small = st.integers(-2, 5)
entries = st.one_of(
    st.tuples(st.just("sell"), st.sampled_from("abc"), small, small, small),
    st.tuples(st.just("refund"), st.sampled_from("abcd"), small, small, small),
    st.tuples(st.just("return_shipping"), st.integers(0, 9), st.sampled_from(["buyer", "seller"])),
)


@given(st.lists(entries, max_size=30))
def test_the_books_balance_after_any_entries_and_refunds_stay_within_sales(
    steps: list[tuple[Any, ...]],
) -> None:
    ledger = Ledger()
    for name, *values in steps:
        before = (dict(ledger.accounts), repr(ledger.sales))
        try:
            getattr(ledger, name)(*values)
        except LedgerError:
            assert (dict(ledger.accounts), repr(ledger.sales)) == before
        assert ledger.balance_cents == 0
        for sale in ledger.sales.values():
            assert 0 <= sale.refunded_quantity <= sale.quantity
            assert 0 <= sale.refunded_cents <= sale.goods_cents
            assert 0 <= sale.refunded_shipping_cents <= sale.shipping_cents
