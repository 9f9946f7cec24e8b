"""What the market holds to in a conversation, and what ends with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import pytest

from retailsim.events.messages import (
    CommandRejected,
    EpisodeClosed,
    EpisodeFailed,
    MarketClosed,
    Message,
    OrderPlaced,
)
from retailsim.market.core.admission import written
from retailsim.market.protocols.csales.admission import ADMISSIONS
from retailsim.market.protocols.csales.events import BuyerLeft, ItemsShown
from retailsim.market.protocols.csales.requests import PlanTurn, RespondToSeller, SpeakTurn
from retailsim.market.protocols.csales.values import Inferred, Line, Plan, Response
from tests.csales.chatter import BUYER, SELLER, Played


def buyer(**steps: dict[str, Any]) -> Any:
    """A buyer that does what `steps` say at these turns, as ``t3={"buy": "a"}``."""

    def respond(request: RespondToSeller) -> Response:
        return Response(text="hm", **steps.get(f"t{request.turn}", {}))

    return {**BUYER, RespondToSeller: respond}


class Unchecked(Played):
    """A conversation whose replies nobody checks before the market's own rules meet them."""

    def _player(self, name: str, script: Any) -> Any:
        async def receive(message: Any) -> Sequence[Message]:
            self.requests.append(message)
            answer = script[type(message)](message)
            return written(name, message, answer, ADMISSIONS[type(message)])

        return receive


def test_an_upsell_puts_one_item_before_the_buyer_and_no_second_one() -> None:
    """The market says so itself, whatever admission made of the reply before."""

    def twice(request: SpeakTurn) -> Line:
        return Line(text="hm", items=("d", "d") if request.selected else ("a", "b", "c"))

    seller: dict[type[Any], Any] = {**SELLER, SpeakTurn: twice}
    played = Unchecked(buyer(t2={"select": "a"}), seller, max_turns=3)
    [rejected] = played.of(CommandRejected)
    assert (rejected.command, rejected.reason) == ("ShowItems", "2 items: at most 1")
    assert [event.showing for event in played.of(ItemsShown)] == ["suggestion"]


def test_a_buyer_may_buy_from_the_case_for_its_item_on_and_not_before() -> None:
    played = Played(buyer(t3={"select": "a"}), max_turns=5)
    may = [(request.turn, request.may_buy) for request in played.asked(RespondToSeller)]
    assert may == [(2, False), (3, False), (4, True), (5, True)]


def test_an_order_is_named_after_item_and_episode() -> None:
    [order] = Played(buyer(t2={"select": "a"}, t3={"buy": "a"})).of(OrderPlaced)
    assert re.fullmatch("ORD-a-[0-9A-F]{8}", order.order)


def test_an_option_that_had_no_chance_may_be_among_those_not_chosen() -> None:
    """A script gives all weight to one; only what was chosen needs a chance."""

    def sure(request: PlanTurn) -> Plan:
        return Plan(
            inferred=Inferred(),
            action="Suggestion",
            options=("Suggestion", "Category Search"),
            probabilities=(1.0, 0.0),
        )

    assert not Played(BUYER, {**SELLER, PlanTurn: sure}, max_turns=2).of(EpisodeFailed)


@pytest.mark.parametrize("how", ["leave", "defer"])
def test_who_leaves_is_asked_nothing_more(how: Any) -> None:
    played = Played(buyer(t2={"leave": how, "reason": "too dear"}))
    assert [type(event) for event in played.events[-3:]] == [BuyerLeft, EpisodeClosed, MarketClosed]
    assert len(played.asked(PlanTurn)) == 1
