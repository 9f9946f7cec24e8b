"""Claims in sales conversations: what a message is read against, and what follows from a lie."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
import pytest

from retailsim.agents.csales.behavioral.buyer_state import BuyerState, Deed, after, at_first
from retailsim.agents.csales.behavioral.parameters import defaults
from retailsim.agents.csales.behavioral.seller import (
    CsiSeller,
    RandomActionSeller,
    ScriptedSalesSeller,
)
from retailsim.events.messages import (
    ClaimFound,
    EpisodeClosed,
    MarketClosed,
    MessageSent,
    OrderPlaced,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import Problems, read_products
from retailsim.market.claims.reading import ReadClaims, Reading
from retailsim.market.claims.rules import ClaimRules
from retailsim.market.protocols.csales.action_table import ActionTable
from retailsim.market.protocols.csales.events import ItemsShown, PriceLowered
from retailsim.market.protocols.csales.market_words import without
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.requests import RespondToSeller, SpeakTurn
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.market.protocols.csales.values import Line, Response
from retailsim.market.rules.rule_file import built_in
from tests.csales.chatter import BUYER, PROFILE, SELLER, Played, Shelf
from tests.csales.talks import builtin_shop, converse, of
from tests.published import published

LIE = "It never breaks, guaranteed."
OAK = "The frame is made of oak."


class Lamps(Shelf):
    """The first of four lamps is of brass, the second of oak; the others say nothing of it."""

    ITEMS: tuple[Product, ...] = tuple(
        msgspec.structs.replace(product, features=features)
        for product, features in zip(
            Shelf.ITEMS,
            (("Frame of brass",), ("Frame of oak", "Cord: 6 ft"), (), ("Frame of steel",)),
            strict=True,
        )
    )


def saying(*texts: str, items: int = 3) -> dict[Any, Any]:
    """A seller that says one text a turn, the last one over and over, and shows so many items."""

    def speak(request: SpeakTurn) -> Line:
        turn = min(request.turn, len(texts)) - 1
        return Line(text=texts[turn], items=tuple(one.id for one in request.items[:items]))

    return {**SELLER, SpeakTurn: speak}


def choosing(item: str) -> dict[Any, Any]:
    """A buyer that selects an item once it is shown."""

    def respond(request: RespondToSeller) -> Response:
        shown = {product.id for product in request.shown}
        pick = item if item in shown and request.selected is None else None
        return Response(text="hm", select=pick)

    return {**BUYER, RespondToSeller: respond}


def played(seller: Any, buyer: Any = BUYER, **rules: Any) -> Played:
    return Played(buyer, seller, **{"catalogue": Lamps(), "max_turns": 3, **rules})


def found(conversation: Played) -> list[tuple[int | None, str]]:
    return [(event.turn, event.sentence) for event in conversation.of(ClaimFound)]


# -- what a message is read against ----------------------------------------------------------


def test_a_lie_is_logged_behind_the_message_and_told_to_the_buyer() -> None:
    conversation = played(saying(f"Look at these. {LIE}", "Well?"))
    [claim] = conversation.of(ClaimFound)
    assert (claim.seller, claim.stage, claim.turn, claim.source) == ("s", "sales", 1, "market")
    assert (claim.kind, claim.verdict, claim.product) == ("guarantee", "unsupported", None)
    kinds = [type(event) for event in conversation.events]
    said = kinds.index(MessageSent, kinds.index(MessageSent) + 1)
    assert kinds[said : said + 3] == [MessageSent, ItemsShown, ClaimFound]
    told = [request.unsupported for request in conversation.asked(RespondToSeller)]
    assert told == [(LIE,), ()]


def test_a_model_that_reads_is_shown_each_item_by_itself() -> None:
    reader = ClaimRules(reader="m")
    [asked, *_] = played(saying(LIE, "Well?"), claims=reader).asked(ReadClaims)
    one, other = asked.sheet.index("Frame of brass"), asked.sheet.index("Frame of oak")
    assert asked.sheet.index("Item 1: ") < one < asked.sheet.index("Item 2: ") < other
    [asked, *_] = played(saying(LIE, "Well?", items=1), claims=reader).asked(ReadClaims)
    assert "Item 1" not in asked.sheet


def test_where_the_model_that_reads_fails_the_rules_read() -> None:
    def fails(_: ReadClaims) -> Reading:
        raise ValueError("no reading today")

    reader = ClaimRules(reader="m")
    conversation = played(saying(LIE, "Well?"), claims=reader, reading=fails)
    assert found(conversation) == [(1, LIE)]
    assert [type(event) for event in conversation.events[-2:]] == [EpisodeClosed, MarketClosed]
    assert found(played(saying(LIE, "Well?"), claims=reader)) == []


def test_the_log_names_the_item_where_there_is_one() -> None:
    [claim] = played(saying(LIE, "Well?", items=1)).of(ClaimFound)
    assert claim.product == "a"


def test_what_any_of_the_items_presented_carries_stands() -> None:
    assert found(played(saying(OAK, "Well?"))) == []
    assert found(played(saying(OAK, "Well?", items=1))) == [(1, OAK)]


def test_once_an_item_is_selected_what_is_said_is_about_it_and_the_dearer_one() -> None:
    assert found(played(saying("These.", OAK, "Well?"), choosing("a"))) == [(2, OAK)]
    assert found(played(saying("These.", OAK, "Well?"), choosing("b"))) == []
    steel = "The frame is made of steel."
    assert found(played(saying("These.", steel, "Well?"), choosing("a"))) == []


def test_where_nothing_new_is_shown_the_items_shown_before_count() -> None:
    texts = saying("These.", OAK, "Well?")
    shown_once = {**texts, SpeakTurn: lambda r: _only_first(texts[SpeakTurn](r), r.turn)}
    assert found(played(shown_once)) == []
    lied = saying("These.", LIE, "Well?")
    shown_once = {**lied, SpeakTurn: lambda r: _only_first(lied[SpeakTurn](r), r.turn)}
    assert found(played(shown_once)) == [(2, LIE)]


def _only_first(line: Line, turn: int) -> Line:
    return line if turn == 1 else Line(text=line.text)


def test_before_anything_is_shown_there_is_no_sheet_to_read_against() -> None:
    assert found(played(saying(LIE, items=0))) == []


def test_prices_of_all_items_and_the_buyers_budget_may_be_named() -> None:
    prices = "Lamp a is $15.00; lamp b is $25.00, within your $30.00."
    assert found(played(saying(prices, "Well?"))) == []
    wrong = "Lamp a costs $19.99."
    assert found(played(saying(wrong, "Well?"))) == [(1, wrong)]


def test_what_the_market_adds_of_prices_and_fees_is_never_a_claim() -> None:
    """Whatever is lowered and disclosed; the seller's own wrong discount is one."""
    table = ActionTable(discounts=(0, 20), disclosure=("none", "fee"))
    shop = builtin_shop()
    rules = SalesRules(catalogue=shop, actions=table)
    events = [
        event
        for profile in read_profiles(builtin_profiles())[::4]
        for event in converse(profile, RandomActionSeller, rules)
    ]
    assert of(PriceLowered, events)
    assert "Shipping costs" in " ".join(event.text for event in of(MessageSent, events))
    assert of(ClaimFound, events) == []


LONG = "Bramley Regular Fit Twill Work Pants Are Wrinkle-Free and Warm"
"""Cut where the market names it, so that what its title says is no longer known as a name."""


class Pants(Lamps):
    ITEMS = tuple(msgspec.structs.replace(one, title=f"{LONG} {one.id}") for one in Lamps.ITEMS)


def test_titles_that_the_market_cuts_are_no_claim_of_the_seller() -> None:
    named = {"catalogue": Pants(), "enforced": built_in()}
    shown = played(saying("Look at these.", "Well?"), **named)
    first = next(one for one in shown.of(MessageSent) if one.role == "seller")
    cut = first.text.removeprefix("Look at these. ")
    assert cut.startswith("Shipping costs on top: ")
    assert "Wrinkle-Free" in cut
    assert found(shown) == []
    said_itself = played(saying(f"Look at these. {LIE}", "Well?"), **named)
    assert found(said_itself) == [(1, LIE)]


def test_what_the_market_added_is_all_that_is_left_out() -> None:
    added = ("A is $9.00 now, 10 % off.", "Shipping costs $1.00 on top.")
    assert without(f"Fine. {' '.join(added)}", added) == "Fine."
    assert without(f"{added[0]} Fine. {added[1]}", added[1:]) == f"{added[0]} Fine."
    assert without("Fine.", added) == "Fine."


def test_with_no_reader_nothing_is_read() -> None:
    conversation = played(saying(LIE), claims=ClaimRules(reader="none"))
    assert found(conversation) == []
    assert {request.unsupported for request in conversation.asked(RespondToSeller)} == {()}


# -- honest sellers --------------------------------------------------------------------------


@cache
def rules() -> SalesRules:
    return SalesRules(catalogue=builtin_shop())


@pytest.mark.parametrize("seller", [CsiSeller, ScriptedSalesSeller, RandomActionSeller])
def test_the_built_in_sellers_claim_nothing(seller: type[Any]) -> None:
    """So no event of a default run moves, and what was calibrated with them holds."""
    events = [
        event
        for profile in read_profiles(builtin_profiles())[::2]
        for event in converse(profile, seller, rules())
    ]
    assert len(of(MessageSent, events)) > 250
    assert of(ClaimFound, events) == []


@pytest.mark.slow
def test_csi_claims_nothing_of_real_products_to_real_buyers() -> None:
    profiles = read_profiles(published("csuser_profiles.jsonl"))
    products = read_products(published("products_amazon23.jsonl"), problems=Problems())
    real = SalesRules(catalogue=Shop(list(products)), enforced=built_in())
    for profile in profiles:
        assert of(ClaimFound, converse(profile, CsiSeller, real)) == []


# -- what a lie costs ------------------------------------------------------------------------


class LyingCsi(CsiSeller):
    """CSI that ends each message with a lie."""

    async def speak(self, request: SpeakTurn) -> Line:
        line = await super().speak(request)
        return Line(text=f"{line.text} {LIE}", items=line.items)


def sales(seller: type[Any], reader: str) -> list[bool]:
    of_run = msgspec.structs.replace(rules(), claims=ClaimRules(reader=reader))
    return [
        bool(of(OrderPlaced, converse(profile, seller, of_run)))
        for profile in read_profiles(builtin_profiles())[::2]
    ]


@pytest.mark.slow
def test_a_seller_that_lies_sells_less_and_an_honest_one_as_before() -> None:
    honest = sales(CsiSeller, "none")
    assert sales(CsiSeller, "rules") == honest
    assert sales(LyingCsi, "none") == honest, "nobody reads, so nobody minds"
    lying = sales(LyingCsi, "rules")
    assert sum(lying) < 0.8 * sum(honest)
    assert not [both for both in zip(lying, honest, strict=True) if both == (True, False)]


def trust(*unsupported: int, tactic: Any = "Logical Appeal") -> BuyerState:
    state = at_first(defaults())
    for lies in unsupported:
        deed = Deed(action="Persuasion", tactic=tactic, about=True, unsupported=lies)
        state = after(state, deed, PROFILE, defaults())
    return state


def test_each_unsupported_sentence_costs_trust_down_to_the_least() -> None:
    of = defaults().trust
    honest, once, twice, many = trust(0), trust(1), trust(2), trust(99)
    assert once.trust == pytest.approx(honest.trust - of.unsupported)
    assert twice.trust == pytest.approx(honest.trust - 2 * of.unsupported)
    assert many.trust == pytest.approx(of.least + of.won)
    assert honest.will > once.will > twice.will > many.will


def test_who_was_caught_once_gains_less_by_what_it_says_truly() -> None:
    lied, honest = trust(1, 0, tactic="Evidence-Based"), trust(0, 0, tactic="Evidence-Based")
    first = trust(1, tactic="Evidence-Based"), trust(0, tactic="Evidence-Based")
    assert lied.will - first[0].will < honest.will - first[1].will
