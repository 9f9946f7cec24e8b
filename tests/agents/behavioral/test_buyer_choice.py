"""The purchase decision, part by part: what the price does, how many are bought, and why."""

from __future__ import annotations

import math
from statistics import fmean, stdev
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.retail.behavioral.choice import (
    Utility,
    bought,
    driver,
    gender_fit,
    liking,
    logistic,
    mean_quantity,
    own_price_slope,
    price_utility,
    quantity,
    wallet_log_cents,
)
from retailsim.agents.retail.behavioral.parameters import (
    BuyerParameters,
    Disposition,
    disposition,
    load_parameters,
)
from retailsim.events.streams import Seed
from retailsim.market.protocols.retail.values import Offer
from tests.agents.behavioral_drive import make_offer, make_product

SEED = Seed(1)
OURS = load_parameters(None).buyer
WHO = disposition("b", None, (), "{}")
NOTHING = Utility(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def parameters(table: str, **changes: Any) -> BuyerParameters:
    changed = msgspec.structs.replace(getattr(OURS, table), **changes)
    return msgspec.structs.replace(OURS, **{table: changed})


def who(**changes: Any) -> Disposition:
    return msgspec.structs.replace(WHO, **changes)


def offer(multiplier: float = 1.0, number: int = 2, **changes: Any) -> Offer:
    product = make_product(number, price_cents=4_000)
    made = make_offer(product, multiplier)
    return msgspec.structs.replace(made, **{"shipping_cents": 0, **changes})


def felt(multiplier: float, *, buyer: Disposition = WHO, **changes: Any) -> float:
    return price_utility(SEED, offer(multiplier, **changes), "b", buyer, OURS)


@given(st.floats(1.0, 3.0), st.floats(1.0, 3.0))
def test_above_list_the_slope_on_the_log_price_is_the_buyers(one: float, other: float) -> None:
    """So that it is the elasticity of the odds; in whole cents."""
    low, high = round(4_000 * one), round(4_000 * other)
    expected = WHO.price * math.log(low / high)
    assert felt(high / 4_000) - felt(low / 4_000) == pytest.approx(expected, abs=1e-9)


def test_a_price_below_list_is_a_bargain_on_top_and_the_list_price_itself_is_none() -> None:
    deals, none = who(deal=2.0), who(deal=0.0)
    assert felt(1.0, buyer=deals) == felt(1.0, buyer=none)
    assert felt(1.2, buyer=deals) == felt(1.2, buyer=none)
    gained = felt(0.8, buyer=deals) - felt(0.8, buyer=none)
    assert gained == pytest.approx(2.0 * math.log(1 / 0.8))


def test_shipping_is_felt_as_part_of_the_price() -> None:
    """By its weight: a fee of 800 feels like 400 cents more."""
    assert OURS.choice.shipping == 0.5
    assert felt(1.0, shipping_cents=800) == pytest.approx(felt(1.1))
    assert felt(1.0, shipping_cents=800) < felt(1.0)


def test_a_bargain_beyond_the_most_adds_nothing_more() -> None:
    """The price itself goes on counting."""
    deals, none = who(deal=2.0), who(deal=0.0)
    gained = [felt(share, buyer=deals) - felt(share, buyer=none) for share in (0.7, 0.5)]
    assert gained[1] == pytest.approx(gained[0], abs=1e-4)
    assert felt(0.5, buyer=none) > felt(0.7, buyer=none)


def test_what_rivals_cost_adds_by_the_part_of_the_slope_that_is_not_the_wallets() -> None:
    more = parameters("choice", reservation=OURS.choice.reservation + 0.5)
    found = price_utility(SEED, offer(), "b", WHO, more) - felt(1.0)
    assert found == pytest.approx(0.5 * WHO.price * (1.0 - OURS.wallet.share))


@pytest.mark.parametrize("dear", [2.0, 12.0])
def test_a_dearer_product_loses_by_the_wallets_part_of_the_slope(dear: float) -> None:
    """Same item, same terms, another list price: only the wallet minds."""
    cheap = make_offer(make_product(2, price_cents=2_000))
    other = make_offer(make_product(2, price_cents=round(2_000 * dear)))
    free = [msgspec.structs.replace(made, shipping_cents=0) for made in (cheap, other)]
    low, high = (price_utility(SEED, made, "b", WHO, OURS) for made in free)
    assert low - high == pytest.approx(OURS.wallet.share * OURS.choice.price * math.log(dear))


def test_a_wallet_belongs_to_a_buyer_and_a_category_and_follows_the_goods_for_sale() -> None:
    def purse(category: Any = "Home", buyer: str = "b", factor: float = 1.0) -> float:
        return wallet_log_cents(SEED, category, buyer, factor, OURS)

    assert purse() == purse()
    assert len({purse(), purse("Food"), purse(buyer="c"), purse("Food", "c")}) == 4
    assert purse(factor=3.0) - purse() == pytest.approx(math.log(3.0))
    spread = [purse(buyer=str(number)) for number in range(400)]
    assert fmean(spread) == pytest.approx(math.log(3_500), abs=4 * 0.7 / 20)
    assert stdev(spread) == pytest.approx(0.7, rel=0.15)


@pytest.mark.parametrize("name", ["paper", "field"])
def test_buyers_that_ignore_the_price_ignore_it_in_every_way(name: str) -> None:
    """The control of every price experiment: no slope and no bargain is no effect at all."""
    found = load_parameters(name).buyer
    blind = msgspec.structs.replace(
        found, choice=msgspec.structs.replace(found.choice, price=0.0, deal=0.0)
    )
    nobody = who(price=0.0, deal=0.0)
    for multiplier in (0.5, 1.0, 2.0):
        for cents in (400, 40_000):
            made = make_offer(make_product(2, price_cents=cents), multiplier)
            assert price_utility(SEED, made, "b", nobody, blind) == 0.0


def test_slopes_differ_between_products_around_their_mean() -> None:
    spread = parameters("choice", price_sd=0.5)
    slopes = [own_price_slope(SEED, f"P{number}", who(price=2.0), spread) for number in range(2000)]
    assert fmean(slopes) == pytest.approx(2.0, rel=0.05)
    assert stdev(map(math.log, slopes)) == pytest.approx(0.5, rel=0.05)
    assert own_price_slope(SEED, "P1", who(price=2.0), OURS) == 2.0


def test_appeal_is_the_products_and_taste_is_the_buyers() -> None:
    product = make_product(3)
    bare = parameters("choice", taste_sd=0.0)
    assert liking(SEED, product, "a", bare) == liking(SEED, product, "b", bare)
    assert liking(SEED, product, "a", OURS) != liking(SEED, product, "b", OURS)
    assert liking(SEED, product, "a", OURS) == liking(SEED, product, "a", OURS)


@pytest.mark.parametrize(("stars", "added"), [(None, 0.0), (4.1, 0.0), (5.0, 0.225), (3.1, -0.25)])
def test_stars_of_the_sheet_count_from_typical_on(stars: float | None, added: float) -> None:
    plain, rated = make_product(3), make_product(3, average_rating=stars)
    found = liking(SEED, rated, "b", OURS) - liking(SEED, plain, "b", OURS)
    assert found == pytest.approx(added)


@pytest.mark.parametrize(
    ("audience", "gender", "fit"),
    [
        ("women", "male", OURS.gender_fit["women"].male),
        ("women", "female", OURS.gender_fit["women"].female),
        ("men", "female", OURS.gender_fit["men"].female),
        ("women", None, 0.0),
        ("women", "other", 0.0),
        (None, "male", 0.0),
    ],
)
def test_who_a_product_is_made_for_counts_where_both_are_known(
    audience: Any, gender: str | None, fit: float
) -> None:
    assert gender_fit(make_product(1, audience=audience), gender, OURS) == fit


@given(st.floats(0.0001, 0.9999))
def test_the_error_is_standard_logistic(draw: float) -> None:
    assert 1.0 / (1.0 + math.exp(-logistic(draw))) == pytest.approx(draw)


@pytest.mark.parametrize(("inclination", "buys"), [(0.0, False), (1e-9, True), (-1e-9, False)])
def test_buying_has_to_beat_walking_away(inclination: float, buys: bool) -> None:
    """At a draw of one half there is no error, and of two equals the buyer walks away."""
    utility = NOTHING._replace(inclination=inclination)
    assert bought(utility, 0.5, parameters("choice", outside=0.0)) is buys
    assert bought(utility._replace(pitch=2.0), 0.5, parameters("choice", outside=2.0)) is buys


def test_every_part_of_the_utility_counts_once() -> None:
    assert Utility(1.0, 2.0, 4.0, 8.0, 16.0, 32.0).total == 63.0


@pytest.mark.parametrize(
    ("draw", "count"), [(0.0, 3), (0.049, 3), (0.051, 2), (0.199, 2), (0.201, 1), (0.9, 1)]
)
def test_of_those_who_take_more_some_take_yet_another(draw: float, count: int) -> None:
    """A fifth takes more than one: a quarter of them three, the others two."""
    rule = parameters(
        "quantity", base=math.log(0.25), consumable=0.0, price=0.0, again=0.25, many=3
    )
    assert quantity(offer(), draw, 9.0, WHO, rule) == count


@pytest.mark.parametrize(
    ("number", "price", "odds"),
    [(2, 0.0, 0.25), (2, 1.0, 0.5), (0, 0.0, 1.0), (0, 1.0, 2.0), (2, -1.0, 0.125)],
    ids=["neither", "cheap", "food", "cheap food", "dear"],
)
def test_more_is_taken_of_what_is_cheap_and_of_what_gets_used_up(
    number: int, price: float, odds: float
) -> None:
    rule = parameters(
        "quantity", base=math.log(0.25), consumable=math.log(4.0), price=math.log(2.0), many=2
    )
    chance = odds / (1.0 + odds)
    assert quantity(offer(number=number), chance - 1e-6, price, WHO, rule) == 2
    assert quantity(offer(number=number), chance + 1e-6, price, WHO, rule) == 1


def test_a_buyer_of_many_takes_more_than_one_at_every_draw_and_never_more_than_allowed() -> None:
    rule = parameters("quantity", base=50.0, again=0.5, many=3)
    assert {quantity(offer(), n / 100, 900.0, WHO, rule) for n in range(100)} == {2, 3}
    single = parameters("quantity", base=50.0, again=0.5, many=1)
    assert {quantity(offer(), n / 100, 900.0, WHO, single) for n in range(100)} == {1}


@pytest.mark.parametrize("many", [1, 2, 4])
def test_the_mean_quantity_is_that_of_all_draws(many: int) -> None:
    rule = parameters("quantity", base=-0.5, price=0.3, again=0.4, many=many)
    draws = [(place + 0.5) / 5000 for place in range(5000)]
    taken = [quantity(offer(), draw, 1.2, WHO, rule) for draw in draws]
    assert mean_quantity(offer(), 1.2, WHO, rule) == pytest.approx(sum(taken) / 5000, abs=1e-3)


@pytest.mark.parametrize(
    ("utility", "push", "buys", "name"),
    [
        (NOTHING._replace(price=0.5, liking=0.4, inclination=9.0), 0.0, True, "price"),
        (NOTHING._replace(price=-0.5, liking=0.4), 0.0, False, "price"),
        (NOTHING._replace(pitch=-0.5), 0.61, False, "pushy"),
        (NOTHING._replace(pitch=-0.5), 0.6, False, "pitch"),
        (NOTHING._replace(pitch=0.5), 0.9, True, "pitch"),
        (NOTHING._replace(answers=-0.5), 0.9, False, "answers"),
        (NOTHING._replace(fit=-0.049), 0.0, False, "nothing"),
        (NOTHING._replace(fit=-0.05), 0.0, False, "fit"),
    ],
)
def test_the_reason_named_is_the_part_that_spoke_most(
    utility: Utility, push: float, buys: bool, name: str
) -> None:
    """The inclination, which says nothing of this product, is never a reason."""
    assert driver(utility, push, buys) == name
