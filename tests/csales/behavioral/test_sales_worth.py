"""What an item is worth to a behavioral buyer, number by number, and how surplus is bounded."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.parameters import Surplus, defaults
from retailsim.agents.csales.behavioral.reservation_price import (
    fit,
    likes,
    reservation_cents,
    surplus_utility,
)
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.values import Profile
from tests.csales.chatter import PROFILE

BUDGET = 100_000
WANTED = ("Home", "Lighting", "Lamps")
WORTH = defaults().worth


def profile(**changes: Any) -> Profile:
    bare: dict[str, Any] = {
        "general_preference": "Nothing in particular.",
        "target_needs": "zzz",
        "purchase_reason": (),
        "budget_cents": (1, BUDGET),
        "target_category": WANTED,
        **changes,
    }
    return msgspec.structs.replace(PROFILE, **bare)


def item(
    title: str = "x", path: tuple[str, ...] = ("Garden",), id_: str = "i", **fields: Any
) -> Product:
    return Product(id=id_, title=title, price_cents=1, category="Home", path=path, **fields)


@pytest.mark.parametrize(
    ("path", "share"),
    [
        (WANTED, 1.0),
        ((*WANTED, "Desk"), 1.0),
        (WANTED[:2], 2 / 3),
        (("Home", "Lighting", "Bulbs"), 2 / 3),
        (("Home", "Kitchen", "Lamps"), 1 / 3),
        (("Garden", "Lighting", "Lamps"), 0.0),
    ],
)
def test_a_category_fits_as_far_as_it_follows_the_wanted_one(
    path: tuple[str, ...], share: float
) -> None:
    """It is worth three fifths of the whole."""
    assert fit(profile(), item("x", path), WORTH) == pytest.approx(0.6 * share)


@pytest.mark.parametrize(
    ("words", "share"), [("brass", 1 / 3), ("brass shade", 2 / 3), ("brass shade tall warm", 1.0)]
)
def test_three_words_of_the_need_are_a_full_fit(words: str, share: float) -> None:
    """Wherever on the sheet they stand; a fifth of the whole."""
    needy = profile(target_needs="brass shade tall warm")
    told = words.split()
    sheet = item(told[0], features=tuple(told[1:2]), description=" ".join(told[2:]))
    assert fit(needy, sheet, WORTH) == pytest.approx(0.2 * share)


def test_eight_words_of_what_is_liked_are_a_full_fit_and_dislikes_are_none() -> None:
    words = ["oak", "linen", "copper", "slate", "velvet", "marble", "cedar", "ivory"]
    liking = profile(
        general_preference=f"I adore {' '.join(words[:4])}. I dislike glass.",
        purchase_reason=(" ".join(words[4:]),),
    )
    assert fit(liking, item(" ".join(words)), WORTH) == pytest.approx(0.2)
    assert fit(liking, item(" ".join(words[:4])), WORTH) == pytest.approx(0.1)
    assert fit(liking, item("glass"), WORTH) == 0.0


def test_what_a_buyer_likes_are_the_sentences_that_say_nothing_against() -> None:
    said = "I like oak. I avoid glass! I don't need more. Brass is fine? Plastic is unappealing."
    assert likes(profile(general_preference=said)) == ["I like oak.", "Brass is fine?"]


def test_the_weights_of_the_fit_sum_to_one() -> None:
    assert WORTH.in_category + WORTH.needed + WORTH.liked == pytest.approx(1.0)


def test_an_item_that_fits_better_is_worth_more_by_its_share_of_the_budget() -> None:
    worth = [
        reservation_cents(profile(), item("x", path), 0.0, WORTH) for path in (("Garden",), WANTED)
    ]
    assert worth[1] - worth[0] == pytest.approx(BUDGET * WORTH.span * 0.6, abs=1)


@given(st.floats(-4, 4))
def test_what_a_buyer_makes_of_an_item_moves_its_worth_in_proportion(noise: float) -> None:
    found = reservation_cents(profile(), item(), noise, WORTH)
    assert found == pytest.approx(BUDGET * (WORTH.base + WORTH.noise * noise), abs=1)


def test_nothing_is_worth_less_than_a_cent() -> None:
    poor = profile(budget_cents=(0, 1))
    assert reservation_cents(poor, item(), -10.0, WORTH) == 1


BOUNDS = Surplus(weight=1.4, scale=0.5)


@given(st.integers(1, 10**7), st.integers(1, 10**7), st.integers(1, 10**7))
def test_surplus_is_bounded_whatever_the_price(worth: int, price: int, budget: int) -> None:
    """It once was divided by the price, so that a trifle at $1 outweighed any argument."""
    assert abs(surplus_utility(worth, price, budget, BOUNDS)) <= BOUNDS.weight


@given(st.integers(1, 10**5), st.integers(1, 10**5))
def test_a_loss_weighs_as_much_as_the_same_gain(worth: int, price: int) -> None:
    gain = surplus_utility(worth, price, BUDGET, BOUNDS)
    assert surplus_utility(price, worth, BUDGET, BOUNDS) == pytest.approx(-gain)


def test_surplus_counts_as_a_share_of_the_budget() -> None:
    found = surplus_utility(75_000, 50_000, BUDGET, BOUNDS)
    assert found == pytest.approx(1.4 * math.tanh(0.25 / 0.5))
    assert found == pytest.approx(surplus_utility(750, 500, BUDGET // 100, BOUNDS))
