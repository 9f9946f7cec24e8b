"""How demand answers to the price, in either set of parameters, and whose outcomes are alike.

Chances stand for outcomes wherever an average is wanted; `decision_odds` says why.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from statistics import fmean, median, stdev
from typing import Any

import numpy as np
import polars as pl
import pytest

from retailsim.analysis.statistics.clusters import intraclass
from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.sim.protocols.retail.defaults import BUILTIN_WALLET
from tests.agents.behavioral.test_published_decisions import offered, stand_ins
from tests.agents.behavioral_drive import make_buyer, make_offer, make_product, make_seller
from tests.agents.decision_odds import Odds, odds

NEAR_LIST = (0.95, 1.0, 1.05)
SEEDS = range(1, 6)
WALLET = dict.fromkeys(CATEGORIES, BUILTIN_WALLET)
PROFILES: dict[str, Any] = tomllib.loads(
    (files("retailsim.agents.data") / "profiles.toml").read_text("utf-8")
)
PRODUCTS = [make_product(number) for number in range(60)]

Curve = list[list[Odds]]
"""What buyers make of the same offers at one price after the other."""


def curve(
    seed: int, multipliers: Sequence[float], *, products: Sequence[Product] = PRODUCTS, **seat: Any
) -> Curve:
    buyers = [make_buyer(seed, id=f"b{number}", wallet=WALLET, **seat) for number in range(4)]
    return [
        odds([make_seller(seed)], buyers, [make_offer(product, times) for product in products])
        for times in multipliers
    ]


def elasticity(
    found: Curve, multipliers: Sequence[float], value: Callable[[Odds], float], keep: str = ""
) -> float:
    """Slope of ln(mean value) on ln(price); of one product or buyer where `keep` names it."""
    levels = [
        fmean(value(one) for one in price if keep in ("", one.product, one.buyer))
        for price in found
    ]
    return float(np.polyfit(np.log(multipliers), np.log(levels), 1)[0])


def error(found: Sequence[float]) -> float:
    """Standard error of the mean over seeds: what other seeds would move it by."""
    return stdev(found) / math.sqrt(len(found))


def documented(found: Sequence[float], said: float) -> bool:
    """Whether it is what docs/behavioral.md says, within two standard errors over seeds."""
    print(fmean(found), error(found))
    return abs(fmean(found) - said) < 2.0 * error(found)


def demand(one: Odds) -> float:
    return one.demand


def chance(one: Odds) -> float:
    return one.chance


@pytest.fixture(scope="module")
def field() -> list[Curve]:
    options = {"parameters": "field"}
    return [curve(seed, NEAR_LIST, options=options) for seed in SEEDS]


def by_product(curves: Sequence[Curve]) -> list[float]:
    return [
        elasticity(one, NEAR_LIST, demand, product.id) for one in curves for product in PRODUCTS
    ]


@pytest.mark.slow
def test_people_answer_to_a_price_near_list_as_in_the_meta_analysis(field: list[Curve]) -> None:
    """Mean own-price elasticity of units -2.62 over products (Bijmolt et al. 2005)."""
    means = [fmean(by_product([one])) for one in field]
    print(means, fmean(fmean(chance(o) for o in one[1]) for one in field))
    assert fmean(means) == pytest.approx(-2.62, abs=2.0 * error(means))
    assert all(-3.3 < mean < -2.0 for mean in means)


def test_the_elasticities_of_products_differ_from_each_other(field: list[Curve]) -> None:
    """Skewed, half or so between -3 and -1, four in five between -4 and 0, hardly any above.

    That the meta-analysis has them so is quoted from memory, unchecked: an assumption of ours.
    """
    found = by_product(field)
    inner = fmean(-3.0 < one < -1.0 for one in found)
    print(stdev(found), median(found), inner, fmean(-4.0 < one < 0.0 for one in found))
    assert 0.9 < stdev(found) < 2.2
    assert median(found) > fmean(found) + 0.1
    assert 0.45 < inner < 0.75
    assert 0.75 < fmean(-4.0 < one < 0.0 for one in found) < 0.95


def profiled(seed: int) -> Curve:
    """The five default buyers, whose profiles bring a level of their own, in `field`."""
    buyers = [
        make_buyer(
            seed, id=name, wallet=WALLET, persona=seat["persona"],
            options={**seat["options"], "parameters": "field"},
        )
        for name, seat in PROFILES["buyers"].items()
    ]  # fmt: skip
    return [
        odds([make_seller(seed)], buyers, [make_offer(product, times) for product in PRODUCTS])
        for times in NEAR_LIST
    ]


@pytest.mark.slow
def test_profiles_keep_people_from_answering_as_the_set_says(field: list[Curve]) -> None:
    """Default buyers buy too often for the elasticity of `field`: that needs plain seats.

    An elasticity of conversion is the slope times the share that does not buy.
    """
    found = [profiled(seed) for seed in SEEDS]
    plain, default = (
        [fmean(elasticity(one, NEAR_LIST, value) for one in curves) for value in (demand, chance)]
        for curves in (field, found)
    )
    often = fmean(fmean(chance(o) for o in one[1]) for one in found)
    print(plain, default, often)
    assert often > 0.55
    assert plain[0] < -2.0 < -1.7 < default[0] < -0.9
    assert plain[1] < -1.8 < -1.2 < default[1] < -0.4


def test_buyers_differ_less_than_products(field: list[Curve]) -> None:
    found = [elasticity(one, NEAR_LIST, demand, f"b{n}") for one in field for n in range(4)]
    assert 0.05 < stdev(found) < stdev(by_product(field))


def test_people_take_more_units_of_what_is_cheaper_by_a_seventh_of_the_elasticity(
    field: list[Curve],
) -> None:
    units = fmean(elasticity(one, NEAR_LIST, demand) for one in field)
    bought = fmean(elasticity(one, NEAR_LIST, chance) for one in field)
    print(units, bought)
    assert 0.05 < (bought - units) / -units < 0.25


@pytest.mark.parametrize("name", ["paper", "field"])
def test_without_slopes_there_is_no_elasticity(name: str, tmp_path: Any) -> None:
    """The control: buyers that ignore the price buy the same at every price."""
    blind = tmp_path / "blind.toml"
    blind.write_text(f'base = "{name}"\n[buyer.choice]\nprice = 0\ndeal = 0\n', encoding="utf-8")
    found = curve(1, (0.5, 1.0, 2.0), options={"parameters": str(blind)}, products=PRODUCTS[:12])
    for value in (chance, demand):
        assert elasticity(found, (0.5, 1.0, 2.0), value) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.slow
def test_models_answer_to_wide_changes_of_the_price() -> None:
    """At twice the price fewer than half buy, at half of it not everybody."""
    found = [curve(seed, (0.5, 1.0, 2.0)) for seed in SEEDS]
    half, full, twice = (fmean(chance(o) for one in found for o in one[at]) for at in range(3))
    print(half, full, twice)
    assert full - twice > 0.12
    assert half < 0.93
    assert fmean(elasticity(one, (0.5, 1.0, 2.0), demand) for one in found) < -0.6


def test_units_an_order_fall_with_the_price() -> None:
    """As in the trajectories: 6 of 19 took more than one at $8.99, 4 of 131 from $22 to $117.

    Within the 95 % intervals (Wilson) of these shares; units beyond the first are 1.25 a taker.
    """

    def takers(cents: int) -> float:
        goods = [make_product(2, price_cents=cents)]
        found = [
            curve(seed, (0.9,), products=goods, options={"wallet": 1.0 / BUILTIN_WALLET})
            for seed in range(1, 41)
        ]
        sold = [one for price in found for one in price[0]]
        return (sum(map(demand, sold)) / sum(map(chance, sold)) - 1.0) / 1.25

    cheap, usual, dear = takers(999), takers(3_900), takers(13_000)
    print(cheap, usual, dear)
    assert 0.15 < cheap < 0.54
    assert 0.012 < usual < 0.076
    assert cheap > usual > dear


def builtin(per_category: int) -> list[Product]:
    found = list(read_products(builtin_catalogue(), categories=None, problems=Problems()))
    return [
        product
        for category in CATEGORIES
        for product in [one for one in found if one.category == category][:per_category]
    ]


@pytest.fixture(scope="module")
def meetings() -> list[tuple[pl.DataFrame, dict[str, int]]]:
    """Purchases of the stand-ins over built-in goods at 10 % off, a frame a seed.

    As in a run, a buyer is in the same mood whichever seller it meets over a product.
    """
    goods = builtin(30)
    cents = {product.id: product.price_cents for product in goods}
    frames = []
    for seed in range(1, 9):
        found = odds(*stand_ins(seed, WALLET), [offered(product, 0.1) for product in goods])
        random = np.random.default_rng(seed)
        mood = {
            pair: random.random() for pair in dict.fromkeys((o.product, o.buyer) for o in found)
        }
        frame = pl.DataFrame([(o.product, o.seller, o.buyer) for o in found], orient="row")
        frame.columns = ["product", "seller", "buyer"]
        bought = [float(mood[one.product, one.buyer] < one.chance) for one in found]
        frames.append((frame.with_columns(bought=pl.Series(bought)), cents))
    return frames


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "published", "near", "said"),
    [
        ("product", 0.16, 0.04, 0.195),
        ("buyer", 0.19, 0.07, 0.130),
        ("seller", 0.03, 0.01, 0.024),
    ],
)
def test_outcomes_cluster_as_published(
    meetings: list[tuple[pl.DataFrame, dict[str, int]]],
    key: str,
    published: float,
    near: float,
    said: float,
) -> None:
    """Intra-class correlation over eight seeds (standard errors .012, .015, .002).

    The buyers' is held down by Table 4, whose purchase rates alone give 0.12.
    """
    found = [intraclass(frame["bought"], frame[key]) or 0.0 for frame, _ in meetings]
    assert documented(found, said)
    assert fmean(found) == pytest.approx(published, abs=near)


def _coefficient(frame: pl.DataFrame, cents: dict[str, int]) -> float:
    """Logit of buying on ln(list price), with effects of sellers and buyers."""
    price = np.log([cents[product] for product in frame["product"]])
    dummies = [
        (frame[key] == name).to_numpy().astype(float)
        for key in ("seller", "buyer")
        for name in sorted(frame[key].unique())[1:]
    ]
    design = np.column_stack([np.ones(len(frame)), *dummies, price - price.mean()])
    bought, beta = frame["bought"].to_numpy(), np.zeros(design.shape[1])
    for _ in range(25):
        p = 1.0 / (1.0 + np.exp(-design @ beta))
        weights = p * (1.0 - p)
        beta += np.linalg.solve(design.T @ (design * weights[:, None]), design.T @ (bought - p))
    return float(beta[-1])


@pytest.mark.slow
def test_dear_goods_sell_less_by_the_published_coefficient(
    meetings: list[tuple[pl.DataFrame, dict[str, int]]],
) -> None:
    found = [_coefficient(*one) for one in meetings]
    assert documented(found, -0.706)
    assert fmean(found) == pytest.approx(-0.78, abs=0.1)


@pytest.mark.slow
def test_the_conversion_of_products_falls_with_their_price(
    meetings: list[tuple[pl.DataFrame, dict[str, int]]],
) -> None:
    """Correlation with ln(price) over products: -0.69 published."""
    found = []
    for frame, cents in meetings:
        rates = frame.group_by("product").agg(pl.col("bought").mean())
        price = [math.log(cents[product]) for product in rates["product"]]
        found.append(float(np.corrcoef(price, rates["bought"].to_numpy())[0, 1]))
    assert documented(found, -0.600)
    assert fmean(found) == pytest.approx(-0.69, abs=0.12)
