"""What an item is worth to a behavioral buyer and what moves it to buy, number by number."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.reservation_price import (
    BASE,
    NOISE,
    PATIENCE,
    SHOWN,
    SPAN,
    START,
    SUITED,
    SURPLUS,
    TIRED,
    UNSUITED,
    buys,
    fit,
    likes,
    moved_by,
    reservation_cents,
    surplus_share,
    willingness,
)
from retailsim.events.streams import Seed
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.values import Profile
from tests.csales.chatter import PROFILE

BUDGET = 100_000
WANTED = ("Home", "Lighting", "Lamps")


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
    assert fit(profile(), item("x", path)) == pytest.approx(0.6 * share)


@pytest.mark.parametrize(
    ("words", "share"), [("brass", 1 / 3), ("brass shade", 2 / 3), ("brass shade tall warm", 1.0)]
)
def test_three_words_of_the_need_are_a_full_fit(words: str, share: float) -> None:
    """Wherever on the sheet they stand; a fifth of the whole."""
    needy = profile(target_needs="brass shade tall warm")
    told = words.split()
    sheet = item(told[0], features=tuple(told[1:2]), description=" ".join(told[2:]))
    assert fit(needy, sheet) == pytest.approx(0.2 * share)


def test_eight_words_of_what_is_liked_are_a_full_fit_and_dislikes_are_none() -> None:
    words = ["oak", "linen", "copper", "slate", "velvet", "marble", "cedar", "ivory"]
    liking = profile(
        general_preference=f"I adore {' '.join(words[:4])}. I dislike glass.",
        purchase_reason=(" ".join(words[4:]),),
    )
    assert fit(liking, item(" ".join(words))) == pytest.approx(0.2)
    assert fit(liking, item(" ".join(words[:4]))) == pytest.approx(0.1)
    assert fit(liking, item("glass")) == 0.0


def test_what_a_buyer_likes_are_the_sentences_that_say_nothing_against() -> None:
    said = "I like oak. I avoid glass! I don't need more. Brass is fine? Plastic is unappealing."
    assert likes(profile(general_preference=said)) == ["I like oak.", "Brass is fine?"]


def test_an_item_that_fits_better_is_worth_more_by_its_share_of_the_budget() -> None:
    """The noise belongs to buyer and item, so it is the same on both sides."""
    worth = [
        reservation_cents(profile(), item("x", path), Seed(1)) for path in (("Garden",), WANTED)
    ]
    assert worth[1] - worth[0] == pytest.approx(BUDGET * SPAN * 0.6, abs=1)


def test_reservation_prices_spread_around_what_the_fit_says() -> None:
    """Mean and spread of 400 items, within four standard errors."""
    shares = [reservation_cents(profile(), item(id_=f"i{n}"), Seed(1)) / BUDGET for n in range(400)]
    mean = sum(shares) / 400
    spread = math.sqrt(sum((share - mean) ** 2 for share in shares) / 399)
    assert abs(mean - BASE) < 4 * NOISE / 20
    assert abs(spread - NOISE) < 4 * NOISE / math.sqrt(800)


def test_nothing_is_worth_less_than_a_cent() -> None:
    poor = profile(budget_cents=(0, 1))
    worth = [reservation_cents(poor, item(id_=f"i{n}"), Seed(1)) for n in range(200)]
    assert min(worth) == 1


@pytest.mark.parametrize(
    ("style", "tactic", "moved"),
    [
        ("Rational", "Logical Appeal", SUITED),
        ("Rational", "Evidence-Based", (SUITED + UNSUITED) / 2),
        ("Rational", "Framing", UNSUITED),
        ("Dependent", "Social Proof", SUITED),
        ("Intuitive", "Framing", (SUITED + UNSUITED) / 2),
        ("Intuitive", "Logical Appeal", UNSUITED),
    ],
)
def test_the_best_tactic_moves_most_the_second_half_way_and_others_least(
    style: Any, tactic: Any, moved: float
) -> None:
    assert moved_by(style, tactic) == moved


@pytest.mark.parametrize("openness", ["Active", "Less Active", "Passive"])
@pytest.mark.parametrize(("beyond", "tired"), [(-1, 0.0), (0, 0.0), (1, TIRED), (3, 3 * TIRED)])
def test_a_buyer_tires_by_the_turn_once_its_patience_is_over(
    openness: Any, beyond: int, tired: float
) -> None:
    one = profile(dialogue_openness=openness)
    idle = PATIENCE[one.dialogue_openness] + beyond
    found = willingness(one, [], shown_fitting=False, idle_turns=idle)
    assert found == pytest.approx(START - tired)


def test_willingness_adds_up_what_the_seller_did() -> None:
    deeds: list[Any] = [
        ("Preference Probing", None),
        ("Suggestion", None),
        ("Persuasion", "Logical Appeal"),
        ("Persuasion", "Framing"),
    ]
    found = willingness(profile(), deeds, shown_fitting=True, idle_turns=0)
    assert found == pytest.approx(START + SUITED + UNSUITED + SHOWN)


@pytest.mark.parametrize(("worth", "price", "share"), [(150, 100, 0.5), (50, 100, -0.5), (7, 7, 0)])
def test_surplus_is_a_share_of_the_price(worth: int, price: int, share: float) -> None:
    assert surplus_share(worth, price) == share


@given(st.floats(-6, 6), st.floats(-1, 3), st.floats(0.001, 0.999))
def test_the_chance_to_buy_is_logistic_in_will_and_surplus(
    will: float, surplus: float, draw: float
) -> None:
    chance = 1.0 / (1.0 + math.exp(-will - SURPLUS * surplus))
    if abs(draw - chance) > 1e-9:
        assert buys(will, surplus, draw) is (draw < chance)


def test_at_its_very_chance_a_buyer_does_not_buy() -> None:
    assert not buys(0.0, 0.0, 0.5)
    assert buys(0.0, 0.0, math.nextafter(0.5, 0.0))
