"""What an option does in the market: prices, shipping fees, where is looked, and what is booked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.seller import RandomActionSeller
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.conversations import conversations
from retailsim.events.messages import EpisodeFailed, MessageSent, OrderPlaced
from retailsim.market.core.shipping import ShippingRules
from retailsim.market.protocols.csales.action_table import Option, option_chosen
from retailsim.market.protocols.csales.category_tree import searched
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    CategorySearched,
    ItemSelected,
    ItemValued,
    PriceLowered,
    ProfileInferred,
    ShippingNamed,
)
from retailsim.market.protocols.csales.price_tags import lowered_cents
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.requests import PlanTurn, RespondToSeller, SpeakTurn
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.market.protocols.csales.values import Inferred, Line, Plan, Response
from tests.csales.behavioral.test_sales_policy import FULL
from tests.csales.chatter import BUYER, Played, speak
from tests.csales.talks import builtin_shop, converse, of
from tests.sim.runs import events_of, launched, scenario

FRAMING: Mapping[str, Any] = {"action": "Persuasion", "tactic": "Framing"}


def choosing(*options: Mapping[str, Any]) -> Any:
    """A seller that takes these options in turn, the last one ever after."""

    def plan(request: PlanTurn) -> Plan:
        taken = options[min(request.turn, len(options)) - 1]
        return Plan(inferred=Inferred(category=("Home", "Lighting")), **taken)

    return {PlanTurn: plan, SpeakTurn: speak}


def buying(turn: int) -> Any:
    """A buyer that selects the first item it sees, and buys it in some turn."""

    def respond(request: RespondToSeller) -> Response:
        worth = {product.id: 2_000 for product in request.shown}
        if request.selected is None and request.shown:
            return Response(text="a", select=request.shown[0].id, reservation_cents=worth)
        if request.selected is not None and request.turn >= turn:
            return Response(text="ok", buy=request.selected.id, reservation_cents=worth)
        return Response(text="hm", reservation_cents=worth)

    return {**BUYER, RespondToSeller: respond}


def played(*options: Mapping[str, Any], turn: int = 4) -> Played:
    shipping = ShippingRules(rate=0.1)
    return Played(buying(turn), choosing(*options), actions=FULL, shipping=shipping)


SUGGEST: Mapping[str, Any] = {"action": "Suggestion"}


# -- discounts -------------------------------------------------------------------------------


def test_a_discount_lowers_the_price_from_then_on() -> None:
    found = played(SUGGEST, {**FRAMING, "discount": 10}, FRAMING)
    [lowered] = found.of(PriceLowered)
    assert (lowered.product, lowered.percent, lowered.turn) == ("a", 10, 2)
    assert (lowered.from_cents, lowered.price_cents) == (1_500, 1_350)
    prices = {
        request.turn: (request.selected.price_cents, request.shown[0].price_cents)
        for request in found.requests
        if isinstance(request, RespondToSeller) and request.selected is not None
    }
    assert prices == {3: (1_350, 1_350), 4: (1_350, 1_350)}
    [order] = found.of(OrderPlaced)
    assert (order.product, order.unit_price_cents) == ("a", 1_350)
    assert order.shipping_cents == 150  # by the list price
    valued = [(event.price_cents, event.reservation_cents) for event in found.of(ItemValued)]
    assert valued == [(1_500, 2_000), (1_350, 2_000)]
    words = [event.text for event in found.of(MessageSent) if event.role == "seller"]
    assert words[1:] == ["hm Lamp a is $13.50 now, 10 % off.", "hm"]


def test_without_one_nothing_is_lowered() -> None:
    found = played(SUGGEST, FRAMING)
    assert not found.of(PriceLowered)
    [order] = found.of(OrderPlaced)
    assert (order.unit_price_cents, order.shipping_cents) == (1_500, 150)


def test_a_price_is_lowered_once() -> None:
    again = {**FRAMING, "discount": 5}
    [failed] = played(SUGGEST, again, again, turn=9).of(EpisodeFailed)
    said = "option Persuasion: Framing, 5 % off; allowed now: Persuasion: Framing; Persuasion: Fr"
    assert said in failed.reason
    assert failed.stage == "planning"


def test_no_price_is_lowered_before_an_item_is_selected() -> None:
    """Though persuasion is legal once something was shown."""
    found = played(SUGGEST, turn=9)
    options = {r.turn: r.options for r in found.requests if isinstance(r, PlanTurn)}
    assert not any(option.discount for option in options[1])
    assert any(option.discount for option in options[2])


@pytest.mark.parametrize(
    "option",
    [
        {**FRAMING, "discount": 7},
        {**FRAMING, "discount": -5},
        {**FRAMING, "items": "dearest"},
        {**FRAMING, "category_rule": "root"},
    ],
)
def test_what_is_no_option_of_the_table_is_refused(option: Mapping[str, Any]) -> None:
    [failed] = played(SUGGEST, option).of(EpisodeFailed)
    assert "; allowed now: Persuasion: Framing; " in failed.reason


@given(st.integers(0, 10**7), st.integers(0, 90))
def test_a_lowered_price_is_the_share_to_a_cent_and_never_below_0(cents: int, off: int) -> None:
    found = lowered_cents(cents, off)
    assert 0 <= found <= cents
    assert abs(found - cents * (1 - off / 100)) <= 0.5 + 1e-6
    assert lowered_cents(cents, 0) == cents


# -- shipping fees ---------------------------------------------------------------------------

FEE: Mapping[str, Any] = {"disclosure": "fee"}


def test_a_fee_is_named_for_what_is_spoken_of() -> None:
    found = played({**SUGGEST, **FEE}, {**FRAMING, **FEE, "discount": 10}, FRAMING)
    named = [(event.turn, event.products, event.fees_cents) for event in found.of(ShippingNamed)]
    assert named == [(1, ("a", "b", "c"), (150, 250, 290)), (2, ("a", "d"), (150, 400))]
    words = [event.text for event in found.of(MessageSent) if event.role == "seller"]
    fees = "Shipping costs on top: $1.50 for Lamp a; $2.50 for Lamp b; $2.90 for Lamp c."
    assert words[0] == f"hm {fees}"
    assert words[1].startswith("hm Lamp a is $13.50 now, 10 % off. Shipping costs on top: $1.50")
    assert words[2] == "hm"
    told = [request.fee_named for request in found.requests if isinstance(request, PlanTurn)]
    assert told == [False, True, True]
    [order] = found.of(OrderPlaced)
    assert order.shipping_cents == 150


def test_a_fee_is_not_named_where_nothing_is_spoken_of() -> None:
    def mute(request: SpeakTurn) -> Line:
        return Line(text="hm")

    seller = {**choosing({**SUGGEST, **FEE}), SpeakTurn: mute}
    found = Played(buying(4), seller, actions=FULL)
    assert not found.of(ShippingNamed)
    assert {e.text for e in found.of(MessageSent) if e.role == "seller"} == {"hm"}


# -- where is looked -------------------------------------------------------------------------


def test_a_search_looks_where_its_rule_says() -> None:
    search: Mapping[str, Any] = {"action": "Category Search"}
    steps = [
        {**search, "category": ("Home", "Lighting")},
        {**search, "category_rule": "parent", "category": ("Ignored",)},
        {**search, "category": ("Home", "Lighting")},
        {**search, "category_rule": "root"},
        SUGGEST,
    ]
    found = played(*steps, turn=7)
    asked = [event.asked for event in found.of(CategorySearched)]
    assert asked == [("Home", "Lighting"), ("Home",), ("Home", "Lighting"), ()]
    inferred = [event.category for event in found.of(ProfileInferred)]
    assert inferred[1] == ("Home",)
    assert inferred[3] == ()


@given(st.lists(st.text(max_size=3), max_size=4).map(tuple))
def test_rules_of_a_search(current: tuple[str, ...]) -> None:
    assert searched("nearest", ("x",), current) == ("x",)
    assert searched("parent", ("x",), current) == current[: max(0, len(current) - 1)]
    assert searched("root", ("x",), current) == ()


# -- built-in agents with a whole table ------------------------------------------------------


def test_whatever_is_chosen_the_events_fit_together() -> None:
    """Random options of a whole table: prices, fees and orders as the options say."""
    rules, seen = SalesRules(catalogue=builtin_shop(), actions=FULL), set[str]()
    lowered_orders = 0
    for profile in read_profiles(builtin_profiles()):
        events = converse(profile, RandomActionSeller, rules)
        assert not of(EpisodeFailed, events)
        options = {event.turn: option_chosen(event) for event in of(ActionChosen, events)}
        seen |= {option.name for option in options.values()}
        cuts = {event.turn: event for event in of(PriceLowered, events)}
        given = {turn: option.discount for turn, option in options.items() if option.discount}
        assert {turn: cut.percent for turn, cut in cuts.items()} == given
        assert len(cuts) <= 1
        fees = {event.turn for event in of(ShippingNamed, events)}
        assert fees <= {turn for turn, one in options.items() if one.disclosure == "fee"}
        prices = {event.product: event.price_cents for event in of(ItemSelected, events)}
        prices |= {cut.product: cut.price_cents for cut in cuts.values()}
        for order in of(OrderPlaced, events):
            if order.product in prices:
                assert order.unit_price_cents == prices[order.product]
                lowered_orders += bool(cuts)
    assert lowered_orders > 0
    assert len(seen) > 0.8 * len(FULL.options)


def test_every_option_comes_back_from_the_log_as_it_was_chosen() -> None:
    for option in FULL.options:
        selected = option.discount > 0
        steps = [SUGGEST] if option.action == "Persuasion" else []
        taken = msgspec.structs.asdict(option)
        found = played(*steps, taken, *([FRAMING] if selected else []), turn=4)
        line = msgspec.json.encode(found.of(ActionChosen)[len(steps)])
        event = msgspec.json.decode(line, type=ActionChosen)
        assert option_chosen(event) == option
        usual = Option(action=option.action, tactic=option.tactic)
        assert (option == usual) == (
            not any(f'"{n}"'.encode() in line for n in ("items", "discount", "disclosure"))
            and b'"category_rule"' not in line
        )


@pytest.mark.slow
def test_revenue_and_surplus_of_a_run_are_those_of_the_lowered_price(tmp_path: Path) -> None:
    path = scenario(
        tmp_path,
        """
        profiles = { count = 40 }
        actions = { discounts = [0, 30], items = ["nearest", "dearest"] }
        sellers = [{ id = "s", agent = "random-action" }]
        buyers = [{ id = "csuser", agent = "csuser" }]
        design = { protocol = "csales", max_turns = 10, replications = 3 }
        """,
    )
    launched(tmp_path / "run", path)
    run = tmp_path / "run"
    orders = {event["episode"]: event for event in events_of(run, "OrderPlaced")}
    cuts = {event["episode"]: event for event in events_of(run, "PriceLowered")}
    worth = {(e["episode"], e["product"]): e for e in events_of(run, "ItemValued")}
    rows = conversations(load(run)).conversations
    sold = 0
    for row in rows.iter_rows(named=True):
        order = orders.get(row["episode"])
        if order is None:
            assert row["surplus_cents"] == 0
            continue
        paid = order["unit_price_cents"]
        reservation = worth[row["episode"], order["product"]]["reservation_cents"]
        assert row["price_cents"] == paid
        assert row["surplus_cents"] == reservation - paid
        cut = cuts.get(row["episode"])
        if cut is not None and cut["product"] == order["product"]:
            assert paid == cut["price_cents"] < cut["from_cents"]
            assert row["surplus_lost_cents"] == 0
            sold += 1
    assert sold > 0
