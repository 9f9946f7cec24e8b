"""What a buyer does with an item selected: a real choice between it, the dearer one and leaving."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.buyer_state import at_first
from retailsim.agents.csales.behavioral.decision import Errors, Item, choice, walks_away
from retailsim.agents.csales.behavioral.parameters import defaults

SHIPPED = defaults()
BUDGET = 3_000
SELECTED = Item(id="selected", price_cents=1_500, reservation_cents=3_000)
DEARER = Item(id="dearer", price_cents=3_600, reservation_cents=3_300)
NEUTRAL = Errors(buying=0.0, dearer=0.0)


def chosen(*items: Item, errors: Errors = NEUTRAL, **state: Any) -> tuple[str, float]:
    found = choice(
        msgspec.structs.replace(at_first(SHIPPED), **state), items, BUDGET, errors, SHIPPED
    )
    return found.item.id, found.utility


def test_without_persuasion_the_item_that_leaves_more_is_preferred() -> None:
    assert chosen(SELECTED, DEARER)[0] == "selected"
    bargain = msgspec.structs.replace(DEARER, price_cents=1_000)
    assert chosen(SELECTED, bargain)[0] == "dearer"


def test_persuasion_can_draw_a_buyer_to_the_dearer_item_against_its_surplus() -> None:
    """At any willingness: how ready it is to buy says nothing of which item."""
    for will in (-3.0, 0.0, 3.0):
        assert chosen(SELECTED, DEARER, will=will, pull=0.5)[0] == "selected"
        assert chosen(SELECTED, DEARER, will=will, pull=3.0)[0] == "dearer"


def test_buyers_differ_in_how_they_take_to_the_dearer_item() -> None:
    liking = Errors(buying=0.0, dearer=4.0)
    assert chosen(SELECTED, DEARER, errors=liking)[0] == "dearer"
    assert chosen(SELECTED, errors=liking) == chosen(SELECTED)


def test_no_loss_is_so_large_that_nothing_could_outweigh_it() -> None:
    absurd = msgspec.structs.replace(DEARER, price_cents=10**8)
    assert chosen(SELECTED, absurd, pull=2 * SHIPPED.surplus.weight + 0.1)[0] == "dearer"


@given(st.floats(-8, 8), st.floats(-5, 5))
def test_willingness_and_the_buyers_error_add_up(will: float, buying: float) -> None:
    name, utility = chosen(SELECTED, will=will, errors=Errors(buying=buying, dearer=0.0))
    surplus = SHIPPED.surplus.weight * math.tanh(0.5 / SHIPPED.surplus.scale)
    assert name == "selected"
    assert utility == pytest.approx(will + SHIPPED.will.spread * buying + surplus)


def test_the_less_an_item_appeals_the_sooner_a_buyer_walks_away() -> None:
    below = SHIPPED.leaving.below
    assert walks_away(-below, 0.499, SHIPPED)
    assert not walks_away(-below, 0.501, SHIPPED)
    assert walks_away(-below - 3.0, 0.9, SHIPPED)
    assert not walks_away(-0.1, 0.5, SHIPPED)
