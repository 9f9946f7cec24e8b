"""What a behavioral seller means to settle, when it says so, and when it gives in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from retailsim.agents.retail.behavioral.concession import (
    Leanings,
    proposed_before,
    proposes_now,
    settled,
)
from retailsim.agents.retail.behavioral.parameters import Manner, load_parameters
from retailsim.market.core.return_policy import ReturnPolicy
from retailsim.market.protocols.retail.requests import GiveSupport
from retailsim.market.protocols.retail.values import Order, Pitch, Turn
from tests.agents.behavioral_drive import make_offer, make_product

OTHER, DAMAGED, DELAY = "other", "damaged on arrival", "shipping delay"
PARAMETERS = msgspec.structs.replace(
    load_parameters(None).seller,
    settlements={OTHER: (1.0, 1.0, 2.0), DAMAGED: (1.0, 0.0, 0.0)},
)
"""A quarter is left, a quarter exchanged, half refunded; damage is always left as it is."""
MANNER = Manner(overclaim=0.0, answers=1.0, concession=0.5, at_once=0.5, replacement=0.0)
INSISTS = Turn("buyer", "That is NOT ACCEPTABLE to me.")
MEEK = Turn("buyer", "It does not work, I am afraid.")


def support(
    *said: Turn, issue: str = OTHER, turn: int = 1, day: int = 6, last: bool = False
) -> GiveSupport:
    """Three units delivered on day 5, to be returned within a week."""
    order = Order(
        id="o", quantity=3, unit_price_cents=1_000, shipping_cents=50, ordered_day=1,
        expected_day=5, delivered_day=5, issue_day=day,
    )  # fmt: skip
    policy = ReturnPolicy(window_days=7, condition="unused", buyer_pays=("change of mind",))
    offer = msgspec.structs.replace(make_offer(make_product(1)), policy=policy)
    return GiveSupport(
        episode="e", unit="u", offer=offer, pitch=Pitch(sections={}), inquiry=(), order=order,
        issue=issue, transcript=said or (MEEK,), turn=turn, last_turn=last,
    )  # fmt: skip


def draws(outcome: float, concession: float = 0.9, timing: float = 0.9) -> Leanings:
    return Leanings(outcome, concession, timing)


def outcome(drawn: float, manner: Manner = MANNER, **about: Any) -> str:
    return settled(support(**about), PARAMETERS, manner, draws(drawn)).outcome


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [
        (0.0, "delivered"),
        (0.249, "delivered"),
        (0.25, "exchanged"),
        (0.499, "exchanged"),
        (0.5, "refunded"),
        (0.999, "refunded"),
    ],
)
def test_outcomes_come_in_the_shares_of_the_issue(drawn: float, expected: str) -> None:
    assert outcome(drawn) == expected
    assert outcome(drawn, issue=DAMAGED) == "delivered"


@pytest.mark.parametrize(
    ("drawn", "expected"),
    [(0.499, "exchanged"), (0.5, "exchanged"), (0.749, "exchanged"), (0.75, "refunded")],
)
def test_a_manner_of_replacing_exchanges_a_share_of_what_it_would_refund(
    drawn: float, expected: str
) -> None:
    replacing = msgspec.structs.replace(MANNER, replacement=0.5)
    assert outcome(drawn, replacing) == expected


def test_outside_the_window_nothing_goes_back_whatever_was_meant() -> None:
    assert outcome(0.9, day=12) == "refunded"
    late = settled(support(day=13), PARAMETERS, MANNER, draws(0.9))
    assert (late.outcome, late.refund_quantity, late.refund_shipping) == ("delivered", 0, False)
    assert late.reason == "The return window of 7 days has passed."


@pytest.mark.parametrize(
    ("issue", "shipping"), [(OTHER, True), ("change of mind", False)], ids=["fault", "no fault"]
)
def test_a_refund_is_of_all_units_and_of_shipping_where_the_seller_is_at_fault(
    issue: str, shipping: bool
) -> None:
    found = settled(support(issue=issue), PARAMETERS, MANNER, draws(0.9))
    assert (found.outcome, found.refund_quantity) == ("refunded", 3)
    assert found.refund_shipping is shipping


def test_an_exchange_refunds_nothing() -> None:
    found = settled(support(), PARAMETERS, MANNER, draws(0.3))
    assert (found.outcome, found.refund_quantity, found.refund_shipping) == ("exchanged", 0, False)


@pytest.mark.parametrize(
    ("said", "concession", "issue", "expected"),
    [
        ((INSISTS,), 0.49, OTHER, "refunded"),
        ((INSISTS,), 0.5, OTHER, "delivered"),
        ((MEEK,), 0.0, OTHER, "delivered"),
        ((Turn("seller", INSISTS.text), MEEK), 0.0, OTHER, "delivered"),
        ((INSISTS,), 0.49, DAMAGED, "exchanged"),
        ((INSISTS, Turn("seller", "no"), MEEK), 0.49, OTHER, "refunded"),
    ],
)
def test_a_seller_may_give_in_to_a_buyer_who_insists_and_to_no_other(
    said: tuple[Turn, ...], concession: float, issue: str, expected: str
) -> None:
    request = support(*said, issue=issue)
    assert settled(request, PARAMETERS, MANNER, draws(0.0, concession)).outcome == expected


def test_what_is_left_as_it_is_says_so_in_the_words_of_the_issue() -> None:
    about = {issue: settled(support(issue=issue), PARAMETERS, MANNER, draws(0.0)) for issue in
             (DELAY, OTHER)}  # fmt: skip
    assert about[DELAY].resolution == "delivery confirmed"
    assert about[OTHER].resolution == "refund denied"


@pytest.mark.parametrize(
    ("turn", "last", "timing", "offers"),
    [
        (1, False, 0.49, True),
        (1, False, 0.5, False),
        (1, True, 0.9, True),
        (2, False, 0.9, True),
        (5, False, 0.9, True),
    ],
)
def test_an_offer_comes_at_once_or_in_the_second_turn(
    turn: int, last: bool, timing: float, offers: bool
) -> None:
    request = support(turn=turn, last=last)
    assert proposes_now(request, MANNER, draws(0.9, timing=timing)) is offers


def after(*said: Turn, turn: int, drawn: float = 0.9, timing: float = 0.9) -> bool:
    request = support(*said, turn=turn)
    return proposed_before(request, PARAMETERS, MANNER, draws(drawn, timing=timing))


def test_an_offer_stands_from_the_turn_after_it_was_made() -> None:
    meek = (MEEK, Turn("seller", "hm"), MEEK)
    assert not after(MEEK, turn=1, timing=0.0)
    assert after(*meek, turn=2, timing=0.49)
    assert not after(*meek, turn=2, timing=0.5), "it was not made yet"
    assert after(*meek, Turn("seller", "hm"), MEEK, turn=3)


def test_giving_in_is_an_offer_only_once_the_buyer_had_insisted_before() -> None:
    """A seller that meant to leave things as they are has offered nothing until then."""
    now = (MEEK, Turn("seller", "no"), INSISTS)
    before = (INSISTS, Turn("seller", "no"), MEEK, Turn("seller", "no"), MEEK)
    assert not after(*now, turn=3, drawn=0.0)
    assert after(*before, turn=3, drawn=0.0)


def test_a_seller_may_refund_a_buyer_that_wants_no_exchange() -> None:
    """A quarter to a half of the draws mean an exchange; it gives in by its concession."""
    meant, soft, hard = 0.3, draws(0.3, concession=0.1), draws(0.3, concession=0.9)
    assert outcome(meant) == "exchanged"
    insisted = support(MEEK, INSISTS, turn=2)
    assert settled(insisted, PARAMETERS, MANNER, soft).outcome == "refunded"
    assert settled(insisted, PARAMETERS, MANNER, hard).outcome == "exchanged"
