"""The budget never lets a run spend more than its limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.gateway.budget import Budget, BudgetSpent


def test_a_market_starts_only_when_its_worst_case_is_free() -> None:
    budget = Budget(100)
    assert budget.open("a", 60)
    assert not budget.open("b", 50)
    budget.close("a")
    assert budget.open("b", 50)


def test_what_is_spent_leaves_the_reservation_of_its_market() -> None:
    budget = Budget(100)
    budget.open("a", 60)
    budget.hold(30)
    budget.settle("a", 30, 20)
    assert (budget.spent, budget.reserved) == (20, 40)
    assert budget.open("b", 40)
    assert not budget.open("c", 1)


def test_a_call_beyond_the_limit_is_refused_whatever_was_reserved() -> None:
    budget = Budget(100, spent=90)
    with pytest.raises(BudgetSpent, match=r"is used up"):
        budget.hold(11)
    budget.hold(10)


def test_what_a_call_did_not_cost_is_free_for_the_next_one() -> None:
    budget = Budget(100)
    budget.hold(60)
    with pytest.raises(BudgetSpent):
        budget.hold(41)
    budget.settle("", 60, 10)
    budget.hold(90)
    with pytest.raises(BudgetSpent):
        budget.hold(1)


def test_without_a_limit_spending_is_only_counted() -> None:
    budget = Budget(None)
    assert budget.open("a", 10**15)
    budget.hold(10**12)
    budget.settle("a", 10**12, 7)
    assert budget.spent == 7


def test_the_message_names_budget_and_spending() -> None:
    error = BudgetSpent(25_000_000_000, 24_990_000_000)
    assert str(error) == "the budget of $25.00 is used up: $24.99 spent"
    assert str(BudgetSpent(10**9, 0)) == "the budget of $1.00 is used up: $0.00 spent"
    assert str(BudgetSpent(400_000, 0)) == "the budget of $0.0004 is used up: $0.00 spent"


@pytest.mark.parametrize("parts", [1, 3])
@given(st.integers(0, 10**12), st.integers(0, 10**11), st.integers(0, 10**11))
def test_a_budget_as_large_as_advised_covers_the_market(
    parts: int, limit: int, spent: int, worst: int
) -> None:
    said = str(Budget(limit, spent, parts).small(worst))
    advised = said.partition("at least $")[2].split()[0].replace(",", "")
    enough = round(float(advised) * 1e9)
    assert Budget(enough // parts, spent, parts).open("m", worst)
    assert enough - parts * (spent + worst) < 10_000_000, "and no more than a cent above it"


@pytest.mark.parametrize("parts", [1, 2])
def test_who_has_a_part_alone_is_not_told_of_others(parts: int) -> None:
    """From two workers on, fewer of them would help, too."""
    shared = parts > 1
    small = str(Budget(100, parts=parts).small(1_000))
    spent = str(BudgetSpent(100, 90, parts))
    assert ("which 2 workers share evenly" in small) is shared
    assert ("for this one" in small) is shared
    assert small.endswith(" or have fewer workers") is shared
    assert ("which 2 workers share evenly" in spent) is shared
    assert spent.endswith(" by this one") is shared


def test_what_workers_share_is_named_as_the_whole_budget() -> None:
    said = str(Budget(50_000_000, parts=4).small(364_500_000))
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
    budget = Budget(limit)
    held: list[tuple[str, int, int]] = []
    for market, bound, share in calls:
        budget.open(market, bound)
        try:
            budget.hold(bound)
        except BudgetSpent:
            if held:
                budget.settle(*held.pop())
            continue
        held.append((market, bound, int(bound * share)))
        if len(held) > 3:
            budget.settle(*held.pop(0))
        assert budget.spent <= limit
    for settled in held:
        budget.settle(*settled)
    assert budget.spent <= limit
