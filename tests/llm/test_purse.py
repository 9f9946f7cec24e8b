"""The purse never lets a run spend more than its limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.gateway.budget import BudgetSpent, Purse


def test_a_market_starts_only_when_its_worst_case_is_free() -> None:
    purse = Purse(100)
    assert purse.open("a", 60)
    assert not purse.open("b", 50)
    purse.close("a")
    assert purse.open("b", 50)


def test_what_is_spent_leaves_the_reservation_of_its_market() -> None:
    purse = Purse(100)
    purse.open("a", 60)
    purse.hold(30)
    purse.settle("a", 30, 20)
    assert (purse.spent, purse.reserved) == (20, 40)
    assert purse.open("b", 40)
    assert not purse.open("c", 1)


def test_a_call_beyond_the_limit_is_refused_whatever_was_reserved() -> None:
    purse = Purse(100, spent=90)
    with pytest.raises(BudgetSpent, match=r"is used up"):
        purse.hold(11)
    purse.hold(10)


def test_without_a_limit_spending_is_only_counted() -> None:
    purse = Purse(None)
    assert purse.open("a", 10**15)
    purse.hold(10**12)
    purse.settle("a", 10**12, 7)
    assert purse.spent == 7


def test_the_message_names_budget_and_spending() -> None:
    error = BudgetSpent(25_000_000_000, 24_990_000_000)
    assert str(error) == "the budget of $25.00 is used up: $24.99 spent"
    assert str(BudgetSpent(400_000, 0)) == "the budget of $0.0004 is used up: $0.0000 spent"


@pytest.mark.parametrize("parts", [1, 3])
@given(st.integers(0, 10**12), st.integers(0, 10**11), st.integers(0, 10**11))
def test_a_budget_as_large_as_advised_covers_the_market(
    parts: int, limit: int, spent: int, worst: int
) -> None:
    said = str(Purse(limit, spent, parts).small(worst))
    advised = said.partition("at least $")[2].split()[0].replace(",", "")
    enough = round(float(advised) * 1e9)
    assert Purse(enough // parts, spent, parts).open("m", worst)
    assert enough - parts * (spent + worst) < 10_000_000, "and no more than a cent above it"


def test_what_workers_share_is_named_as_the_whole_budget() -> None:
    said = str(Purse(50_000_000, parts=4).small(364_500_000))
    assert said == (
        "the budget of $0.2000, which 4 workers share evenly, has $0.0500 left for this one, and "
        "the next market may cost $0.3645 at worst: allow at least $1.46 or have fewer workers"
    )


calls = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(0, 40), st.floats(0, 1)), max_size=60
)


@given(st.integers(0, 300), calls)
def test_spending_never_passes_the_limit(limit: int, calls: list[tuple[str, int, float]]) -> None:
    """As long as no call costs more than its bound, which the bound is for."""
    purse = Purse(limit)
    held: list[tuple[str, int, int]] = []
    for market, bound, share in calls:
        purse.open(market, bound)
        try:
            purse.hold(bound)
        except BudgetSpent:
            if held:
                purse.settle(*held.pop())
            continue
        held.append((market, bound, int(bound * share)))
        if len(held) > 3:
            purse.settle(*held.pop(0))
        assert purse.spent <= limit
    for settled in held:
        purse.settle(*settled)
    assert purse.spent <= limit
