"""What rules see of a sales conversation, event by event."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from retailsim.events.messages import Event, MessageSent, OrderPlaced
from retailsim.market.protocols.csales.conduct import SalesConduct
from retailsim.market.protocols.csales.events import (
    ActionChosen,
    BuyerProfiled,
    ItemSelected,
    ItemsShown,
    PriceLowered,
    ShippingNamed,
)
from retailsim.market.rules.judging import Act
from retailsim.market.rules.rule import RuleSet
from tests.csales.chatter import PROFILE, item

SHEETS = {
    "a": msgspec.structs.replace(item("a", 1_500), average_rating=4.5, rating_number=90),
    "b": msgspec.structs.replace(item("b", 2_500), average_rating=3.9, rating_number=12),
    "c": item("c", 2_900),
}
RULES = RuleSet(heard={"hurry": ("in a hurry",)})

PROFILED = BuyerProfiled(
    profile=PROFILE.id,
    decision_making_style=PROFILE.decision_making_style,
    dialogue_openness=PROFILE.dialogue_openness,
    target_category=PROFILE.target_category,
    budget_min_cents=1_000,
    budget_max_cents=3_000,
)
SHOWN = ItemsShown(
    turn=1, showing="suggestion", products=("c", "a"), prices_cents=(2_900, 1_500), fitting=2
)
SELECTED = ItemSelected(
    turn=2, product="a", price_cents=1_500, candidate="b", candidate_price_cents=2_500
)
LOWERED = PriceLowered(turn=3, product="a", percent=10, from_cents=1_500, price_cents=1_350)


def conduct(*events: Event) -> tuple[SalesConduct, list[Act]]:
    found = SalesConduct(RULES, SHEETS)
    return found, [act for event in events for act in found.tell(event)]


def order(product: str, cents: int) -> OrderPlaced:
    return OrderPlaced(
        order="o", product=product, quantity=1, unit_price_cents=cents, shipping_cents=50
    )


def facts_of(*events: Event, turn: int = 4) -> dict[str, Any]:
    return dict(conduct(*events)[0].facts(turn))


def test_nothing_is_shown_selected_or_named_at_first() -> None:
    plain = {"shown": 0, "selected": False, "fee_named": False, "seller_is_person": False}
    assert facts_of() == plain


def test_an_order_is_seen_beside_what_was_shown_and_what_the_buyer_has() -> None:
    _, [act] = conduct(PROFILED, SHOWN, order("a", 1_500))
    assert act.order == "a at $15.00"
    assert act.facts["budget_max_cents"] == 3_000
    assert act.facts["shown_price_cents"] == act.facts["unit_price_cents"] == 1_500
    assert act.facts["shipping_cents"] == 50
    assert (act.facts["average_rating"], act.facts["rating_number"]) == (4.5, 90)
    assert act.facts["shown"] == 2


def test_an_order_of_what_nobody_was_shown_has_no_price_shown_and_no_budget() -> None:
    _, [act] = conduct(order("b", 2_500))
    assert "shown_price_cents" not in act.facts
    assert "budget_max_cents" not in act.facts


def test_a_lowered_price_is_the_one_shown_from_then_on() -> None:
    _, [act] = conduct(SHOWN, LOWERED, order("a", 1_350))
    assert act.facts["shown_price_cents"] == 1_350


def test_before_anything_is_selected_the_last_one_shown_is_spoken_of() -> None:
    found = facts_of(SHOWN)
    assert (found["average_rating"], found["rating_number"]) == (4.5, 90)
    assert "average_rating" not in facts_of(
        msgspec.structs.replace(SHOWN, products=("a", "c"), prices_cents=(1_500, 2_900))
    )


def test_then_the_one_selected_and_the_dearer_one_the_lower_rating_of_both() -> None:
    found = facts_of(SHOWN, SELECTED)
    assert (found["selected"], found["selected_for_turns"]) == (True, 2)
    assert (found["average_rating"], found["rating_number"]) == (3.9, 12)
    alone = msgspec.structs.replace(SELECTED, candidate=None, candidate_price_cents=None)
    assert facts_of(SHOWN, alone)["average_rating"] == 4.5
    unknown = msgspec.structs.replace(SELECTED, candidate="gone")
    assert facts_of(SHOWN, unknown)["average_rating"] == 4.5


@pytest.mark.parametrize(("product", "named"), [("a", True), ("c", False)])
def test_a_fee_is_named_for_its_item(product: str, named: bool) -> None:
    fee = ShippingNamed(turn=2, products=("a",), fees_cents=(50,))
    _, acts = conduct(SHOWN, fee, order(product, 1_500))
    assert acts[-1].facts["fee_named"] is named
    assert facts_of(SHOWN, fee)["fee_named"] is True


def test_what_a_buyer_says_is_heard_and_ages() -> None:
    said = MessageSent(stage="sales", role="buyer", turn=2, text="Sorry, I am in a hurry.")
    assert facts_of(said, turn=2)["turns_since_hurry"] == 0
    assert facts_of(said, turn=5)["turns_since_hurry"] == 3
    assert "turns_since_hurry" not in facts_of(SHOWN)


def test_what_the_seller_does_and_says_is_seen_sentence_by_sentence() -> None:
    _, acts = conduct(
        ActionChosen(turn=3, action="Suggestion"),
        MessageSent(stage="sales", role="seller", turn=3, text="Take it. It is bright."),
    )
    chosen, spoken = acts
    assert (chosen.option, chosen.turn) == ("Suggestion", 3)
    assert spoken.sentences == ("Take it.", "It is bright.")
