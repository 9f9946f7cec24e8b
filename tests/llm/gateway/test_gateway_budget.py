"""The budget never lets a run spend more than its limit."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.llm.gateway.budget import Budget, BudgetSpent
from retailsim.agents.llm.gateway.purse import Purse, shared_purse


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


def test_what_is_left_and_the_worst_case_are_named() -> None:
    said = str(Budget(50_000_000, 20_000_000).small(364_500_000))
    assert said == (
        "the budget of $0.0500 has $0.0300 left, and the next market may cost $0.3645 at worst"
    )


def test_processes_with_one_purse_see_what_the_others_take_and_give_back() -> None:
    with shared_purse([10, 0]) as purse:
        one, other = (Budget(100, spent, Purse(row, purse)) for row, spent in enumerate((10, 0)))
        assert one.open("a", 60)
        assert not other.open("b", 31)
        assert other.open("b", 30)
        one.hold(60)
        with pytest.raises(BudgetSpent, match=r"\$0\.0000 spent"):
            other.hold(31)
        one.settle("a", 60, 5)
        one.close("a")
        assert other.open("c", 55), "100, less 15 paid and 30 reserved"
        assert not one.open("d", 1)


def test_nobody_is_stuck_while_another_process_may_give_something_back() -> None:
    with shared_purse([0, 0, 0]) as purse:
        one, other, ended = (Budget(100, 0, Purse(row, purse)) for row in range(3))
        ended.leave()
        assert other.open("b", 60)
        assert not one.stuck()
        other.close("b")
        assert not one.stuck(), "the other is between two markets"
        assert not other.open("c", 101)
        assert not one.stuck()
        assert other.stuck(), "now both found, with nothing under way, that nothing fits"
        assert one.stuck()
        assert one.open("a", 50)
        assert not other.stuck(), "what another began counts at once"


SPENDER = """
import sys

from retailsim.agents.llm.gateway.budget import Budget, BudgetSpent
from retailsim.agents.llm.gateway.purse import Purse

budget = Budget(10_000, 0, Purse(int(sys.argv[1]), int(sys.argv[2])))
sys.stdin.readline()
while True:
    try:
        budget.hold(7)
    except BudgetSpent:
        break
    budget.settle("", 7, 7)
print(budget.spent)
"""


def test_processes_that_spend_at_once_spend_all_of_it_and_no_more() -> None:
    with shared_purse([0, 0, 0]) as purse:
        words = [[sys.executable, "-c", SPENDER, str(row), str(purse)] for row in range(3)]
        spenders = [
            subprocess.Popen(one, stdin=-1, stdout=-1, text=True, pass_fds=[purse]) for one in words
        ]
        for spender in spenders:
            assert spender.stdin is not None
            spender.stdin.write("go\n")
            spender.stdin.flush()
        spent = [int(spender.communicate(timeout=60)[0]) for spender in spenders]
    assert 10_000 - 7 * 3 < sum(spent) <= 10_000


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
