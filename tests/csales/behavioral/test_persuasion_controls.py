"""What persuasion does over many conversations, with controls in which it can do nothing.

Built-in profiles over the built-in catalogue; sellers meet the same buyers with the same draws, so
differences are paired. Intervals are by profile: mean +- 2 standard errors of the profiles' means.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import msgspec
import pytest

import retailsim.market.data
from retailsim.agents.csales.behavioral.seller import CsiSeller
from retailsim.events.messages import OrderPlaced
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import Problems, read_products
from retailsim.market.protocols.csales.events import OPENNESS, STYLES, TACTICS, ItemValued, Openness
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.shop import Shop
from retailsim.market.protocols.csales.spec import SalesRules
from retailsim.market.protocols.csales.values import Profile
from tests.csales.talks import converse, of, sells
from tests.published import published

SEEDS = range(1, 6)
DEAF = {"persuasion": {"fit": 0.0}}


@cache
def products() -> list[Product]:
    file = Path(retailsim.market.data.__file__).parent / "catalogue.jsonl"
    return list(read_products(file, problems=Problems()))


@cache
def rules() -> SalesRules:
    return SalesRules(catalogue=Shop(products()), told_style=frozenset({"s"}))


@cache
def profiles() -> list[Profile]:
    return read_profiles(builtin_profiles())


Sold = list[list[bool]]
"""Whether anything was sold, by profile and seed."""
_played: dict[str, Sold] = {}


def sold(
    selling: dict[str, Any],
    buying: dict[str, Any] | None = None,
    *,
    some: Sequence[Profile] | None = None,
    seeds: Sequence[int] = SEEDS,
) -> Sold:
    """Play CSI with some options against every profile; each combination is played once."""
    asked = repr((selling, buying, some, seeds))
    if asked not in _played:
        _played[asked] = [
            [sells(one, rules(), seed=seed, selling=selling, buying=buying) for seed in seeds]
            for one in (some or profiles())
        ]
    return _played[asked]


def rate(found: Sold) -> float:
    return mean(mean(row) for row in found)


def gain(found: Sold, base: Sold) -> tuple[float, float]:
    """Return the 95 % interval of what `found` sells more than `base`."""
    moved = [mean(a) - mean(b) for a, b in zip(found, base, strict=True)]
    error = stdev(moved) / len(moved) ** 0.5
    return mean(moved) - 2 * error, mean(moved) + 2 * error


def test_buyers_insensitive_to_fit_buy_from_every_tactic_alike() -> None:
    """Not about alike but alike: they draw the same and are moved the same."""
    some = profiles()[:12]
    by_tactic = [sold({"tactic": one}, DEAF, some=some, seeds=[1]) for one in TACTICS]
    assert all(found == by_tactic[0] for found in by_tactic)
    assert 0.2 < rate(by_tactic[0]) < 0.95
    heard = [sold({"tactic": one}, some=some, seeds=[1]) for one in TACTICS]
    assert any(found != heard[0] for found in heard)


@pytest.mark.slow
def test_knowing_the_style_sells_and_shuffled_labels_take_the_gain_away() -> None:
    chance = sold({"tactic": "random"})
    low, _ = gain(sold({"style": "told"}), chance)
    assert low > 0.15
    _, high = gain(sold({"style": "random"}), chance)
    assert high < 0.05
    _, wrong = gain(sold({"style": "wrong"}), chance)
    assert wrong < -0.05


@pytest.mark.slow
def test_where_fit_counts_nothing_knowing_the_style_gains_nothing() -> None:
    _, high = gain(sold({"style": "told"}, DEAF), sold({"tactic": "random"}, DEAF))
    assert high < 0.03


@pytest.mark.slow
def test_no_single_tactic_comes_near_a_policy_by_style() -> None:
    by_style = sold({"style": "told"})
    for tactic in TACTICS:
        low, _ = gain(by_style, sold({"tactic": tactic}))
        assert low > 0.05, tactic


@pytest.mark.slow
def test_nor_does_it_where_four_fifths_of_all_buyers_are_of_one_style() -> None:
    """The 365 published profiles over real products: there, Logical Appeal suits most."""
    products = read_products(published("products_amazon23.jsonl"), problems=Problems())
    real = SalesRules(catalogue=Shop(list(products)), told_style=frozenset({"s"}))
    buyers = read_profiles(published("csuser_profiles.jsonl"))

    def told(**options: str) -> Sold:
        return [[sells(one, real, selling=options)] for one in buyers]

    by_style = told(style="told")
    for tactic in TACTICS:
        low, _ = gain(by_style, told(tactic=tactic))
        assert low > 0.05, tactic


HARD = {"will": {"start": -3.0}}
"""Buyers that take several persuasions."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "without",
    [
        {"fatigue": {"repetition": 0.0}, "persuasion": {"saturation": 1.0}},
        {"fatigue": {"pressure": 0.0}},
    ],
    ids=["repetition", "pressure"],
)
def test_insistence_costs_sales(without: dict[str, Any]) -> None:
    """The same seller sells more to buyers that do not mind."""
    insisting = {"style": "told"}
    low, _ = gain(sold(insisting, {**HARD, **without}), sold(insisting, HARD))
    assert low > 0.0


@pytest.mark.slow
def test_a_buyer_of_few_words_is_harder_to_sell_to() -> None:
    """The same buyers, of another openness."""

    def all_of(openness: Openness) -> Sold:
        changed = [msgspec.structs.replace(p, dialogue_openness=openness) for p in profiles()]
        return sold({}, some=changed)

    passive = all_of("Passive")
    for openness in OPENNESS[:2]:
        low, _ = gain(all_of(openness), passive)
        assert low > 0.0, openness


def test_persuasion_never_moves_what_an_item_is_worth() -> None:
    """So that the surplus an upsell costs the buyer is known."""
    some = profiles()[:12]
    for one in some:
        worth: dict[str, int] = {}
        for tactic in TACTICS:
            events = converse(one, CsiSeller, rules(), selling={"tactic": tactic})
            for event in of(ItemValued, events):
                assert worth.setdefault(event.product, event.reservation_cents) == (
                    event.reservation_cents
                )
        assert worth


def test_the_built_in_profiles_are_of_all_kinds_alike() -> None:
    for style in STYLES:
        for openness in OPENNESS:
            same = [
                one
                for one in profiles()
                if (one.decision_making_style, one.dialogue_openness) == (style, openness)
            ]
            assert len(same) == len(profiles()) / 9
    known = {tuple(product.path) for product in products()}
    assert {one.target_category for one in profiles()} == known


def test_some_buyers_leave_with_nothing_and_some_with_the_dearer_item() -> None:
    events = [converse(one, CsiSeller, rules()) for one in profiles()]
    bought = [found[0].product for one in events if (found := of(OrderPlaced, one))]
    assert 0 < len(bought) < len(events)
