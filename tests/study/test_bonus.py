"""What a participant earns: the rule, by cases that are worked out by hand."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from retailsim.agents.person.options import Absence
from retailsim.sim.people.outcome import Outcome
from retailsim.sim.scenario.study_design import Treatment
from retailsim.sim.scenario.study_table import StudyBonus, StudyTable
from retailsim.sim.study.ledger import Conversation, bonus_cents
from retailsim.sim.study.participant import Ending, Participant

MET = Treatment(number=0, partner="s", about="g", condition="base", replication=1)
BOUGHT = Outcome(
    status="closed",
    quantity=2,
    gross_cents=2 * 1_250,
    shipping_cents=499,
    refunded_cents=1_250,
    shipping_refunded_cents=0,
    return_shipping_cents=300,
)
"""Two at 12.50, 4.99 for shipping; one sent back for 3.00: 12.50 + 4.99 + 3.00 are spent."""
NOT_BOUGHT = Outcome(status="closed", decided=True)
FAILED = Outcome(status="failed", quantity=1, gross_cents=100)


def _bonus(
    ending: Ending,
    *outcomes: Outcome | None,
    role: Literal["seller", "buyer"] = "buyer",
    gone: Absence | None = None,
    most_cents: int = 10_000,
) -> int:
    bonus = StudyBonus(base_cents=50, share=0.07, budget_cents=3_000, most_cents=most_cents)
    own = [
        Conversation(market=f"m{number}", treatment=MET, outcome=outcome, gone=gone)
        for number, outcome in enumerate(outcomes)
    ]
    one = Participant(seat="p1", came_at="", stage="over", ending=ending)
    return bonus_cents(StudyTable(role=role, bonus=bonus), one, own)


def test_a_buyer_gets_a_share_of_what_is_left_of_the_budget() -> None:
    # 3,000 - 2,049 = 951 left of the first, all 3,000 of the second: 7% of 3,951 is 276.57.
    assert _bonus("done", BOUGHT, NOT_BOUGHT) == 50 + 276
    # Who spends more than the budget has nothing left, and owes nothing from another conversation.
    dear = msgspec.structs.replace(BOUGHT, gross_cents=9_000)
    assert _bonus("done", dear) == 50
    assert _bonus("done", dear, NOT_BOUGHT) == 50 + 210


def test_a_seller_gets_a_share_of_net_revenue() -> None:
    # 2,500 taken and 1,250 given back; shipping is not revenue: 7% of 1,250 is 87.5.
    assert _bonus("done", BOUGHT, NOT_BOUGHT, role="seller") == 50 + 87


def test_a_share_is_taken_as_it_is_written() -> None:
    exact = StudyTable(bonus=StudyBonus(share=0.29, budget_cents=100))
    one = Participant(seat="p1", came_at="", ending="done")
    assert int(0.29 * 100) == 28, "in binary it is a cent less"
    own = (Conversation(market="m", treatment=MET, outcome=NOT_BOUGHT),)
    assert bonus_cents(exact, one, own) == 29


@pytest.mark.parametrize("gone", ["fail", "leave", "hand over"])
def test_a_conversation_that_somebody_left_earns_nothing(gone: Absence) -> None:
    assert _bonus("done", NOT_BOUGHT, gone=gone) == 50


def test_who_failed_through_no_fault_of_theirs_gets_the_base() -> None:
    assert _bonus("failed", FAILED) == 50
    assert _bonus("failed", NOT_BOUGHT, FAILED) == 50
    assert _bonus("failed", FAILED, gone="fail") == 0


def test_others_get_nothing_and_nobody_more_than_the_most() -> None:
    assert _bonus("screened out", NOT_BOUGHT) == 0
    assert _bonus("", NOT_BOUGHT) == 0
    assert _bonus("done", NOT_BOUGHT, most_cents=60) == 60
    assert _bonus("done", FAILED, None) == 50
    assert bonus_cents(StudyTable(), Participant(seat="p1", came_at="", ending="done"), ()) == 0
