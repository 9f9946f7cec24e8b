"""The protocol of a sales conversation: turns, items, and what counts as a purchase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

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
from retailsim.market.core.admission import admit
from retailsim.market.protocols.csales.admission import ADMISSIONS
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
    OpenConversation,
    PlanCategory,
    PlanTurn,
    RespondToSeller,
    SelectItem,
    ShowItems,
    SpeakTurn,
    StateReservationPrices,
)
from retailsim.market.protocols.csales.values import Inferred, Left, Line, Plan, Response
from tests.csales.chatter import BUYER, SELLER, Played, Shelf, item, plan, speak


def buyer(**steps: Mapping[str, Any]) -> Any:
    """A buyer that does what `steps` say at these turns, as ``t3={"buy": "a"}``."""

    def respond(request: RespondToSeller) -> Response:
        return Response(text="hm", **steps.get(f"t{request.turn}", {}))

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
    played = Played(buyer(t2={"select": "a"}, t3={"buy": "a"}))
    [selected], [order] = played.of(ItemSelected), played.of(OrderPlaced)
    assert (selected.product, selected.candidate, selected.candidate_price_cents) == (
        *("a", "d"),
        4_000,
    )
    assert (order.product, order.quantity, order.unit_price_cents) == ("a", 1, 1_500)
    assert order.shipping_cents >= 0
    assert played.asked(PlanTurn)[1].actions == ("Persuasion",)


def test_the_dearer_item_can_be_bought_once_it_was_shown() -> None:
    played = Played(buyer(t2={"select": "a"}, t3={"buy": "d"}))
    shown = [(event.showing, event.products) for event in played.of(ItemsShown)]
    assert shown == [("suggestion", ("a", "b", "c")), ("upsell", ("d",))]
    assert [order.product for order in played.of(OrderPlaced)] == ["d"]


@pytest.mark.parametrize(
    ("deed", "reason"),
    [
        ({"buy": "a"}, "nothing is selected yet"),
        ({"buy": "zzz"}, "was never shown"),
        ({"select": "d"}, "was never shown"),
    ],
)
def test_what_the_market_forbids_a_buyer_is_recorded_and_changes_nothing(
    deed: Mapping[str, Any], reason: str
) -> None:
    played = Played(buyer(t2=deed), max_turns=3)
    [rejected] = played.of(CommandRejected)
    assert reason in rejected.reason
    assert not played.of(OrderPlaced) + played.of(ItemSelected)
    assert played.of(EpisodeClosed)


def test_neither_another_item_nor_a_second_choice_can_be_bought() -> None:
    steps = {"t2": {"select": "a"}, "t3": {"buy": "b"}}
    played = Played(buyer(**steps, t4={"select": "b"}), max_turns=5)
    reasons = [event.reason for event in played.of(CommandRejected)]
    assert "neither the selected item nor the dearer one" in reasons[0]
    assert "a is selected already" in reasons[1]
    assert not played.of(OrderPlaced)


@pytest.mark.parametrize("ids", [("d",), ("made up",), ("a", "b", "c", "a2")])
def test_a_seller_shows_only_what_the_market_offers_it(ids: tuple[str, ...]) -> None:
    def show(request: SpeakTurn) -> Line:
        return Line(text="hm", items=ids)

    played = Played(BUYER, {**SELLER, SpeakTurn: show}, max_turns=2)
    assert [event.command for event in played.of(CommandRejected)] == ["ShowItems"]
    assert not played.of(ItemsShown)
    assert played.asked(RespondToSeller)[0].presented == ()


def test_fewer_fitting_items_than_three_and_no_dearer_one_are_legal_and_counted() -> None:
    class Small(Shelf):
        ITEMS = (item("a", 1_500),)

    steps = {"t2": {"select": "a"}, "t3": {"buy": "a"}}
    played = Played(buyer(**steps), catalogue=Small())
    assert [(event.products, event.fitting) for event in played.of(ItemsShown)] == [(("a",), 1)]
    assert played.of(ItemSelected)[0].candidate is None
    assert played.of(OrderPlaced)


def test_a_path_that_does_not_exist_is_cut_to_its_longest_beginning() -> None:
    def search(request: PlanTurn) -> Plan:
        path = ("Home", "Boats", "Oars")
        return Plan(inferred=Inferred(), action="Category Search", category=path)

    played = Played(BUYER, {**SELLER, PlanTurn: search}, max_turns=2)
    [found] = played.of(CategorySearched)
    assert (found.found, found.options) == (("Home",), (("Home", "Lighting"),))
    assert played.asked(SpeakTurn)[0].categories == (("Home", "Lighting"),)


def test_persuasion_is_no_option_before_anything_was_shown() -> None:
    played = Played(BUYER, max_turns=3)
    first, second = played.asked(PlanTurn)
    assert "Persuasion" not in first.actions
    assert "Persuasion" in second.actions


def _plan(action: Any, **fields: Any) -> Plan:
    return Plan(inferred=Inferred(), action=action, **fields)


def _weighed(action: Any, weighed: tuple[tuple[str, float], ...]) -> Plan:
    options, probabilities = zip(*weighed, strict=True)
    return _plan(action, options=options, probabilities=probabilities)


@pytest.mark.parametrize(
    "planned",
    [
        _plan("Persuasion", tactic="Framing"),
        _plan("Suggestion", tactic="Framing"),
        _plan("Suggestion", options=("Category Search",)),
        _weighed("Suggestion", (("Suggestion", 0.5), ("Suggestion", 0.5))),
        _weighed("Suggestion", (("Suggestion", 0.5), ("Category Search", 0.6))),
        _weighed("Suggestion", (("Suggestion", 1.5), ("Category Search", -0.5))),
        _weighed("Suggestion", (("Suggestion", 0.0), ("Category Search", 1.0))),
        _plan("Suggestion", options=("Suggestion",), probabilities=(0.5, 0.5)),
        _plan("Suggestion", probabilities=(1.0,)),
    ],
)
def test_an_action_that_is_none_ends_the_episode_visibly(planned: Plan) -> None:
    played = Played(BUYER, {**SELLER, PlanTurn: lambda _: planned})
    [failed] = played.of(EpisodeFailed)
    assert failed.stage == "planning"
    assert failed.reason.startswith("ReplyRefused: seller:s answered PlanTurn with ")
    assert played.of(MarketClosed)


def test_a_choice_out_of_weighed_options_is_logged_as_it_was_made() -> None:
    chosen = _weighed("Suggestion", (("Suggestion", 0.25), ("Category Search", 0.75)))
    played = Played(BUYER, {**SELLER, PlanTurn: lambda _: chosen}, max_turns=3)
    assert not played.of(EpisodeFailed)
    quarters = (2**30, 3 * 2**30)
    assert [event.probabilities for event in played.of(ActionChosen)] == [quarters] * 2
    assert [event.turn for event in played.of(ActionChosen)] == [1, 2]


def test_an_answer_nobody_can_read_is_kept_and_ends_the_episode() -> None:
    def broken(request: PlanTurn) -> Plan:
        raise UnusableOutput("no JSON", "blah")

    played = Played(BUYER, {**SELLER, PlanTurn: broken})
    assert [(event.stage, event.raw) for event in played.of(OutputRejected)] == [
        ("planning", "blah")
    ]
    assert played.of(EpisodeFailed)


@pytest.mark.parametrize("how", ["leave", "defer"])
def test_leaving_is_a_legal_end(how: Any) -> None:
    played = Played(buyer(t2={"leave": how, "reason": "too dear"}))
    [left] = played.of(BuyerLeft)
    assert (left.how, left.turn) == (how, 2)
    assert played.of(EpisodeClosed)


@pytest.mark.parametrize("how", ["leave", "defer"])
def test_a_buyer_may_leave_before_it_has_said_a_word(how: Any) -> None:
    """Nothing is said in its name, and the seller is asked nothing."""
    played = Played({**BUYER, OpenConversation: lambda request: Left(how=how, reason="no time")})
    [left] = played.of(BuyerLeft)
    assert (left.how, left.turn, left.reason) == (how, 1, "no time")
    assert played.of(EpisodeClosed) and not played.of(MessageSent)
    assert [type(one) for one in played.requests] == [OpenConversation]


def test_what_items_are_worth_is_logged_for_the_selected_and_the_bought_one() -> None:
    worth = {"a": 2_000, "b": 1, "d": 3_500}
    steps: dict[str, Any] = {"t2": {"reservation_cents": worth, "select": "a"}, "t3": {"buy": "d"}}
    values = [(e.product, e.reservation_cents) for e in Played(buyer(**steps)).of(ItemValued)]
    assert values == [("a", 2_000), ("d", 3_500)]


def test_what_the_seller_infers_comes_back_with_its_next_request() -> None:
    def infer(request: PlanTurn) -> Plan:
        if request.turn > 1:
            assert request.inferred.preference == "plain"
            assert request.inferred.price_cents == (1, 2)
        inferred = Inferred(preference="plain", price_cents=(1, 2))
        return msgspec.structs.replace(plan(request), inferred=inferred)

    played = Played(BUYER, {PlanTurn: infer, SpeakTurn: speak}, max_turns=3)
    assert played.of(EpisodeClosed)
    [first, second] = played.of(ProfileInferred)
    assert first == msgspec.structs.replace(second, turn=1, seq=first.seq, t=first.t)
    assert (first.preference, first.price_min_cents, first.price_max_cents) == ("plain", 1, 2)


def test_what_an_item_costs_the_seller_is_shown_to_no_buyer() -> None:
    class Costed(Shelf):
        ITEMS = tuple(msgspec.structs.replace(one, unit_cost_cents=1) for one in Shelf.ITEMS)

    played = Played(buyer(t2={"select": "a"}, t4={"buy": "d"}), catalogue=Costed())
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
    def vandal(request: SpeakTurn) -> Line:
        for product in request.items:
            product.details["Material"] = "gold"
        return speak(request)

    Played(BUYER, {**SELLER, SpeakTurn: vandal}, max_turns=3)
    assert all("Material" not in product.details for product in Shelf.ITEMS)


def test_what_a_turn_is_and_who_speaks_in_it_is_the_markets_to_write() -> None:
    """An agent says the words, so it cannot speak out of turn or in the other's name."""
    played = Played(buyer(t2={"select": "a"}, t3={"buy": "a"}))
    for role, kind in (("seller", SpeakTurn), ("buyer", RespondToSeller)):
        turns = [request.turn for request in played.asked(kind)]
        said = [event for event in played.of(MessageSent) if event.source.startswith(role)]
        said = said if role == "seller" else said[1:]
        assert [(event.role, event.stage, event.turn) for event in said] == [
            (role, "sales", turn) for turn in turns
        ]


@pytest.mark.parametrize(
    ("kind", "value", "what"),
    [
        (OpenConversation, 7, "int instead of a text"),
        (OpenConversation, "", "an empty text"),
        (RespondToSeller, "hm", "a text instead of Response"),
        (RespondToSeller, Response(text=" "), "an empty text"),
        (RespondToSeller, Response(text="hm", leave="vanish"), "a malformed Response: "),  # type: ignore[arg-type]
        (RespondToSeller, BuyItem(product="a"), "BuyItem instead of Response: return the value"),
        (PlanTurn, None, "None instead of Plan"),
        (SpeakTurn, Line(text="hm", items=("a", "a")), "2 items, some of them twice"),
        (SpeakTurn, [MessageSent(stage="sales", role="seller", turn=9, text="hm")], "MessageSent"),
    ],
)
def test_what_nobody_was_asked_for_ends_the_episode_and_says_what_it_was(
    kind: type[Any], value: Any, what: str
) -> None:
    played = Played({**BUYER, kind: lambda _: value}, {**SELLER, kind: lambda _: value})
    [failed] = played.of(EpisodeFailed)
    assert failed.stage == kind.stage
    assert f" answered {kind.__name__} with {what}" in failed.reason
    assert not played.of(OrderPlaced)


@pytest.mark.parametrize(
    ("response", "commands"),
    [
        (Response(text="hm"), []),
        (Response(text="hm", select="a"), [SelectItem(product="a")]),
        (Response(text="hm", buy="a"), [BuyItem(product="a")]),
        (
            Response(text="hm", leave="defer", reason="late"),
            [LeaveConversation(how="defer", reason="late")],
        ),
        (
            Response(text="hm", reservation_cents={"a": 5}, select="a", buy="b"),
            [
                StateReservationPrices(reservation_cents={"a": 5}),
                SelectItem(product="a"),
                BuyItem(product="b"),
            ],
        ),
    ],
)
def test_what_a_buyer_does_is_commanded_before_what_it_says(
    response: Response, commands: list[Message]
) -> None:
    """So that the words of a turn come behind what they speak of, as logs always had it."""
    request = Played(BUYER, max_turns=2).asked(RespondToSeller)[0]
    *before, said = admit("buyer:b", request, response, ADMISSIONS[RespondToSeller])
    assert before == commands
    assert said == MessageSent(stage="sales", role="buyer", turn=request.turn, text="hm")


def test_what_a_seller_infers_and_looks_for_comes_before_its_choice() -> None:
    request = Played(BUYER, max_turns=2).asked(PlanTurn)[0]
    path = ("Home", "Lighting")
    planned = _plan("Category Search", category=path)
    written = admit("seller:s", request, planned, ADMISSIONS[PlanTurn])
    assert [type(message) for message in written] == [ProfileInferred, PlanCategory, ActionChosen]
    assert written[1] == PlanCategory(path=path)
    written = admit("seller:s", request, _plan("Suggestion"), ADMISSIONS[PlanTurn])
    assert [type(message) for message in written] == [ProfileInferred, ActionChosen]


def test_items_are_shown_before_they_are_spoken_of() -> None:
    request = Played(BUYER, max_turns=2).asked(SpeakTurn)[0]
    said = MessageSent(stage="sales", role="seller", turn=request.turn, text="hm")
    for items, shown in ((("a",), [ShowItems(products=("a",))]), ((), [])):
        line = Line(text="hm", items=items)
        assert [*admit("seller:s", request, line, ADMISSIONS[SpeakTurn])] == [*shown, said]
