"""Exact bounds of what is admitted, what everybody is told, and when a market is over."""

from __future__ import annotations

from typing import Any

import pytest

from retailsim.events.streams import Seed
from retailsim.market.core.admission import MAX_LOGGED, MAX_TEXT, ReplyRefused, admitted
from retailsim.market.protocols.retail.admission import ADMISSIONS
from retailsim.market.protocols.retail.protocol import RetailMarket
from retailsim.market.protocols.retail.requests import (
    AskSeller,
    Complain,
    Decide,
    GiveSupport,
    PresentPitch,
    SettleIssue,
    WriteReview,
)
from retailsim.market.protocols.retail.values import Pitch
from tests.market.players import EXCHANGE, buyer, decided, market_spec, play, rules, seller


def answered(kind: type[Any], value: Any) -> Any:
    [request, *_] = play().asked(kind)
    return admitted("agent", request, value, ADMISSIONS[kind])


@pytest.mark.parametrize("number", [MAX_LOGGED, -MAX_LOGGED])
def test_the_largest_number_that_every_reader_holds_is_admitted_and_no_larger_one(
    number: int,
) -> None:
    assert answered(Decide, decided(True, number)) == decided(True, number)
    beyond = number + (1 if number > 0 else -1)
    with pytest.raises(ReplyRefused, match="a number beyond 4294967296"):
        answered(Decide, decided(True, beyond))


def test_a_whole_reply_is_bounded_as_each_text_is() -> None:
    """Two texts of the greatest length, with their names, are more than one reply may hold."""
    with pytest.raises(ReplyRefused, match="characters; at most 40000 are allowed"):
        answered(PresentPitch, Pitch(sections={"a": "x" * MAX_TEXT, "b": "x" * MAX_TEXT}))
    with pytest.raises(ReplyRefused, match="at most 20000 are allowed"):
        answered(AskSeller, "x" * (MAX_TEXT + 1))
    assert answered(AskSeller, "x" * MAX_TEXT)


def test_everybody_is_told_what_is_wrong_with_the_order() -> None:
    played = play(seller(settles=EXCHANGE), buyer(complaints=2), rules("damaged on arrival"))
    asked = [r for kind in (Complain, GiveSupport, SettleIssue) for r in played.asked(kind)]
    assert len(asked) == 3 + 2 + 1
    assert {request.issue for request in asked} == {"damaged on arrival"}
    assert {request.issue for request in played.asked(WriteReview)} == {"damaged on arrival"}
    assert {request.issue for request in play().asked(WriteReview)} == {None}


def test_a_market_is_not_finished_before_it_was_played() -> None:
    """Whoever plays it takes a standstill for an end otherwise."""
    market = RetailMarket(market_spec(), rules(), Seed(1))
    assert not market.finished
    market.open()
    assert not market.finished
    assert play().market.finished
