"""The protocol of a sales conversation: turns, items, and what counts as a purchase."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from chatter import BUYER, SELLER, Played, Shelf, item, plan, said, speak

from retailsim.events.errors import UnusableOutput
from retailsim.events.messages import (
    CommandRejected,
    EpisodeClosed,
    EpisodeFailed,
    MarketClosed,
    Message,
    MessageSent,
    OrderPlaced,
    OutputRejected,
)
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerLeft,
    BuyerProfiled,
    CategorySearched,
    ItemSelected,
    ItemsShown,
    ItemValued,
    ProfileInferred,
)
from retailsim.market.protocols.csales.requests import (
    BuyItem,
    LeaveConversation,
    PlanCategory,
    PlanTurn,
    RespondToSeller,
    SelectItem,
    ShowItems,
    SpeakTurn,
    StateReservationPrices,
)


def buyer(**steps: Sequence[Message]) -> Any:
    """A buyer that commands what `steps` say at these turns, as ``t3=(BuyItem(...),)``."""

    def respond(request: RespondToSeller) -> Sequence[Message]:
        return (*steps.get(f"t{request.turn}", ()), said(request))

    return {**BUYER, RespondToSeller: respond}


def test_a_conversation_without_a_choice_ends_with_its_last_turn() -> None:
    played = Played(BUYER, max_turns=4)
    turns = [(event.role, event.turn) for event in played.of(MessageSent)]
    assert turns == [
        *(("buyer", 1), ("seller", 1), ("buyer", 2), ("seller", 2)),
        *(("buyer", 3), ("seller", 3), ("buyer", 4)),
    ]
    assert [request.last for request in played.asked(RespondToSeller)] == [False, False, True]
    assert [type(event) for event in played.events[-2:]] == [EpisodeClosed, MarketClosed]


def test_who_the_buyer_is_stands_in_the_log_and_in_no_request_to_the_seller() -> None:
    played = Played(BUYER)
    [truth] = played.of(BuyerProfiled)
    assert (truth.decision_making_style, truth.budget_max_cents) == ("Rational", 3_000)
    for request in played.asked(PlanTurn) + played.asked(SpeakTurn):
        assert not hasattr(request, "profile")


def test_the_item_selected_is_bought_once_the_seller_has_made_its_case() -> None:
    played = Played(buyer(t2=(SelectItem(product="a"),), t3=(BuyItem(product="a"),)))
    [selected], [order] = played.of(ItemSelected), played.of(OrderPlaced)
    assert (selected.product, selected.candidate, selected.candidate_price_cents) == (
        *("a", "d"),
        4_000,
    )
    assert (order.product, order.quantity, order.unit_price_cents) == ("a", 1, 1_500)
    assert order.shipping_cents >= 0
    assert played.asked(PlanTurn)[1].actions == ("Persuasion",)


def test_the_dearer_item_can_be_bought_once_it_was_shown() -> None:
    played = Played(buyer(t2=(SelectItem(product="a"),), t3=(BuyItem(product="d"),)))
    shown = [(event.showing, event.products) for event in played.of(ItemsShown)]
    assert shown == [("suggestion", ("a", "b", "c")), ("upsell", ("d",))]
    assert [order.product for order in played.of(OrderPlaced)] == ["d"]


@pytest.mark.parametrize(
    ("commands", "reason"),
    [
        ((BuyItem(product="a"),), "nothing is selected yet"),
        ((BuyItem(product="zzz"),), "was never shown"),
        ((SelectItem(product="d"),), "was never shown"),
    ],
)
def test_what_the_market_forbids_a_buyer_is_recorded_and_changes_nothing(
    commands: Sequence[Message], reason: str
) -> None:
    played = Played(buyer(t2=commands), max_turns=3)
    [rejected] = played.of(CommandRejected)
    assert reason in rejected.reason
    assert not played.of(OrderPlaced) + played.of(ItemSelected)
    assert played.of(EpisodeClosed)


def test_neither_another_item_nor_a_second_choice_can_be_bought() -> None:
    steps = {"t2": (SelectItem(product="a"),), "t3": (BuyItem(product="b"),)}
    played = Played(buyer(**steps, t4=(SelectItem(product="b"),)), max_turns=5)
    reasons = [event.reason for event in played.of(CommandRejected)]
    assert "neither the selected item nor the dearer one" in reasons[0]
    assert "a is selected already" in reasons[1]
    assert not played.of(OrderPlaced)


@pytest.mark.parametrize("ids", [("d",), ("made up",), ("a", "b", "c", "a2")])
def test_a_seller_shows_only_what_the_market_offers_it(ids: tuple[str, ...]) -> None:
    def show(request: SpeakTurn) -> Sequence[Message]:
        return ShowItems(products=ids), said(request)

    played = Played(BUYER, {**SELLER, SpeakTurn: show}, max_turns=2)
    assert [event.command for event in played.of(CommandRejected)] == ["ShowItems"]
    assert not played.of(ItemsShown)
    assert played.asked(RespondToSeller)[0].presented == ()


def test_fewer_fitting_items_than_three_and_no_dearer_one_are_legal_and_counted() -> None:
    class Small(Shelf):
        ITEMS = (item("a", 1_500),)

    steps = {"t2": (SelectItem(product="a"),), "t3": (BuyItem(product="a"),)}
    played = Played(buyer(**steps), catalogue=Small())
    assert [(event.products, event.fitting) for event in played.of(ItemsShown)] == [(("a",), 1)]
    assert played.of(ItemSelected)[0].candidate is None
    assert played.of(OrderPlaced)


def test_a_path_that_does_not_exist_is_cut_to_its_longest_beginning() -> None:
    def search(request: PlanTurn) -> Sequence[Message]:
        action = ActionChosen(turn=request.turn, action="Category Search")
        return PlanCategory(path=("Home", "Boats", "Oars")), action

    played = Played(BUYER, {**SELLER, PlanTurn: search}, max_turns=2)
    [found] = played.of(CategorySearched)
    assert (found.found, found.options) == (("Home",), (("Home", "Lighting"),))
    assert played.asked(SpeakTurn)[0].categories == (("Home", "Lighting"),)


def test_persuasion_is_no_option_before_anything_was_shown() -> None:
    played = Played(BUYER, max_turns=3)
    first, second = played.asked(PlanTurn)
    assert "Persuasion" not in first.actions
    assert "Persuasion" in second.actions


def _weighed(action: Any, weighed: tuple[tuple[str, float], ...]) -> ActionChosen:
    options, probabilities = zip(*weighed, strict=True)
    return ActionChosen(turn=1, action=action, options=options, probabilities=probabilities)


@pytest.mark.parametrize(
    "action",
    [
        ActionChosen(turn=1, action="Persuasion", strategy="Framing"),
        ActionChosen(turn=1, action="Suggestion", strategy="Framing"),
        ActionChosen(turn=1, action="Suggestion", options=("Category Search",)),
        _weighed("Suggestion", (("Suggestion", 0.5), ("Suggestion", 0.5))),
        _weighed("Suggestion", (("Suggestion", 0.5), ("Category Search", 0.6))),
        _weighed("Suggestion", (("Suggestion", 1.5), ("Category Search", -0.5))),
        _weighed("Suggestion", (("Suggestion", 0.0), ("Category Search", 1.0))),
        ActionChosen(
            turn=1, action="Suggestion", options=("Suggestion",), probabilities=(0.5, 0.5)
        ),
        ActionChosen(turn=1, action="Suggestion", probabilities=(1.0,)),
    ],
)
def test_an_action_that_is_none_ends_the_episode_visibly(action: ActionChosen) -> None:
    played = Played(BUYER, {**SELLER, PlanTurn: lambda _: (action,)})
    [failed] = played.of(EpisodeFailed)
    assert failed.stage == "planning"
    assert played.of(MarketClosed)


def test_a_choice_out_of_weighed_options_is_logged_as_it_was_made() -> None:
    def weigh(request: PlanTurn) -> tuple[ActionChosen]:
        chosen = _weighed("Suggestion", (("Suggestion", 0.25), ("Category Search", 0.75)))
        return (msgspec.structs.replace(chosen, turn=request.turn),)

    played = Played(BUYER, {**SELLER, PlanTurn: weigh}, max_turns=3)
    assert not played.of(EpisodeFailed)
    assert [event.probabilities for event in played.of(ActionChosen)] == [(0.25, 0.75)] * 2


def test_an_answer_nobody_can_read_is_kept_and_ends_the_episode() -> None:
    def broken(request: PlanTurn) -> Sequence[Message]:
        raise UnusableOutput("no JSON", "blah")

    played = Played(BUYER, {**SELLER, PlanTurn: broken})
    assert [(event.stage, event.raw) for event in played.of(OutputRejected)] == [
        ("planning", "blah")
    ]
    assert played.of(EpisodeFailed)


@pytest.mark.parametrize("how", ["leave", "defer"])
def test_leaving_is_a_legal_end(how: Any) -> None:
    played = Played(buyer(t2=(LeaveConversation(how=how, reason="too dear"),)))
    [left] = played.of(BuyerLeft)
    assert (left.how, left.turn) == (how, 2)
    assert played.of(EpisodeClosed)


def test_what_items_are_worth_is_logged_for_the_selected_and_the_bought_one() -> None:
    worth = StateReservationPrices(reservation_cents={"a": 2_000, "b": 1, "d": 3_500})
    steps = {"t2": (worth, SelectItem(product="a")), "t3": (BuyItem(product="d"),)}
    values = [(e.product, e.reservation_cents) for e in Played(buyer(**steps)).of(ItemValued)]
    assert values == [("a", 2_000), ("d", 3_500)]


def test_what_the_seller_infers_comes_back_with_its_next_request() -> None:
    def infer(request: PlanTurn) -> Sequence[Message]:
        if request.turn > 1:
            assert request.inferred.preference == "plain"
            assert request.inferred.price_cents == (1, 2)
        inferred = ProfileInferred(
            turn=request.turn, preference="plain", price_min_cents=1, price_max_cents=2
        )
        return (inferred, *plan(request)[1:])

    assert Played(BUYER, {PlanTurn: infer, SpeakTurn: speak}, max_turns=3).of(EpisodeClosed)


def test_what_an_item_costs_the_seller_is_shown_to_no_buyer() -> None:
    class Costed(Shelf):
        ITEMS = tuple(msgspec.structs.replace(one, unit_cost_cents=1) for one in Shelf.ITEMS)

    played = Played(
        buyer(t2=(SelectItem(product="a"),), t4=(BuyItem(product="d"),)), catalogue=Costed()
    )
    seen = [
        product
        for request in played.asked(RespondToSeller)
        for product in (*request.shown, *request.presented, request.selected, request.candidate)
        if product is not None
    ]
    assert {product.id for product in seen} == {"a", "b", "c", "d"}
    assert {product.unit_cost_cents for product in seen} == {None}
    assert all(p.unit_cost_cents == 1 for r in played.asked(SpeakTurn) for p in r.items)


def test_an_agent_cannot_change_a_sheet_for_the_next_conversation() -> None:
    def vandal(request: SpeakTurn) -> Sequence[Message]:
        for product in request.items:
            product.details["Material"] = "gold"
        return speak(request)

    Played(BUYER, {**SELLER, SpeakTurn: vandal}, max_turns=3)
    assert all("Material" not in product.details for product in Shelf.ITEMS)
