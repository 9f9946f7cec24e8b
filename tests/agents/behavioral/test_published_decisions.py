"""Decisions as published: likelihood on products left out, what the price does, who clusters.

The ten stand-ins of `sim/data/stand-ins.toml` meet over the published products at their published
discounts. Levels come from Table 4 of the paper and the price slope from its 300 trajectories;
where levels are refitted, the product they are judged on is left out. It is no untouched test:
these goods gave the middle of the wallets and the slope of the quantity, and the likelihood as
shipped was looked at when the factor on the built-in catalogue's wallets was chosen (decision 17).
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from statistics import fmean
from typing import Any, NamedTuple

import msgspec
import numpy as np
import polars as pl
import pytest

from retailsim.analysis.statistics.clusters import intraclass
from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.retail.values import Offer
from tests.agents.behavioral_drive import make_buyer, make_offer, make_seller
from tests.agents.decision_odds import odds
from tests.published import published

SCENARIO: dict[str, Any] = tomllib.loads(
    (files("retailsim.sim.data") / "stand-ins.toml").read_text(encoding="utf-8")
)
SEEDS = 20
"""What twenty others give: as shipped, -0.50 with a standard deviation of 0.007; with the product
left out, -0.52 and 0.012."""
CONSTANT = -0.568
"""Mean log-likelihood of a decision where each product gets the rate of the others."""

Pair = tuple[str, str, str]


class Decided(NamedTuple):
    """The published decisions, and the draws of each one's utility: one a seed."""

    pairs: list[Pair]
    bought: np.ndarray[Any, np.dtype[np.float64]]
    utility: np.ndarray[Any, np.dtype[np.float64]]


def stand_ins(seed: int, wallet: Mapping[Any, float] = {}) -> tuple[list[Any], list[Any]]:
    sellers = [
        make_seller(seed, id=seat["id"], persona=seat["persona"], options=seat["options"])
        for seat in SCENARIO["sellers"]
    ]
    buyers = [
        make_buyer(seed, id=seat["id"], options=seat["options"], wallet=wallet)
        for seat in SCENARIO["buyers"]
    ]
    return sellers, buyers


def offered(product: Product, discount: float) -> Offer:
    """The product at list price, less the discount."""
    return msgspec.structs.replace(make_offer(product, 1.0 - discount), discount=discount)


def published_name(seat: str) -> str:
    return seat.removeprefix("like-").replace("Qwen3-235B", "Qwen-235B")


def offer_of(product: Mapping[str, Any]) -> Offer:
    off = product["discount_rate"]
    sheet = Product(
        id=product["product_id"],
        title=product["product_title"],
        price_cents=round(100 * product["discount_price"] / (1.0 - off)),
        category=product["product_category"],
    )
    return offered(sheet, off)


@pytest.fixture(scope="module")
def decided() -> Decided:
    products = json.loads(published("retailsim_demo.json").read_text("utf-8"))["products"]
    bought = {
        (product["product_id"], log["seller_model"], log["buyer_model"]): bool(log["order"])
        for product in products
        for log in product["buyer_logs"]
    }
    offers, rows = [offer_of(product) for product in products], []
    for seed in range(1, SEEDS + 1):
        found = {
            (one.product, published_name(one.seller), published_name(one.buyer)): one.utility
            for one in odds(*stand_ins(seed), offers)
        }
        rows.append([found[pair] for pair in bought])
    return Decided(list(bought), np.array(list(bought.values()), float), np.array(rows))


def chances(utility: np.ndarray[Any, Any]) -> Any:
    """Probability of buying, averaged over the draws of appeal, taste, wallet and words."""
    return (1.0 / (1.0 + np.exp(-utility))).mean(axis=0)


def log_likelihood(chance: Any, bought: Any) -> float:
    return float(np.mean(bought * np.log(chance) + (1.0 - bought) * np.log(1.0 - chance)))


def refitted(utility: Any, bought: Any, pairs: Sequence[Pair]) -> dict[tuple[str, str], float]:
    """What each seller and buyer needs so that the chances meet the purchases, with a ridge."""
    sides = [("seller", 1), ("buyer", 2)]
    keys = [(side, name) for side, at in sides for name in sorted({pair[at] for pair in pairs})]
    of = dict(sides)
    design = np.array([[pair[of[side]] == name for pair in pairs] for side, name in keys], float)
    levels = np.zeros(len(keys))
    for _ in range(200):
        gap = bought - chances(utility + levels @ design)
        levels += 0.05 * (design @ gap - levels)
    return dict(zip(keys, levels, strict=True))


def left_out(decided: Decided) -> float:
    """Mean log-likelihood where the levels of sellers and buyers are fitted without the product."""
    total, products = 0.0, [pair[0] for pair in decided.pairs]
    for product in dict.fromkeys(products):
        held = np.array([one == product for one in products])
        known = [pair for pair, out in zip(decided.pairs, held, strict=True) if not out]
        tested = [pair for pair, out in zip(decided.pairs, held, strict=True) if out]
        levels = refitted(decided.utility[:, ~held], decided.bought[~held], known)
        shift = np.array([levels["seller", pair[1]] + levels["buyer", pair[2]] for pair in tested])
        chance = chances(decided.utility[:, held] + shift)
        total += log_likelihood(chance, decided.bought[held]) * held.sum()
    return total / len(products)


@pytest.mark.slow
def test_the_shipped_stand_ins_foresee_the_published_decisions(decided: Decided) -> None:
    """Fitted to Table 4 only; better than a constant fitted to these very products."""
    assert len(decided.pairs) == 200
    found = log_likelihood(chances(decided.utility), decided.bought)
    print(f"shipped: {found:.3f}")
    assert found == pytest.approx(-0.50, abs=0.02)


@pytest.mark.slow
def test_products_left_out_are_foreseen_when_levels_are_refitted_on_the_others(
    decided: Decided,
) -> None:
    found = left_out(decided)
    print(f"left out: {found:.3f}")
    assert found == pytest.approx(-0.52, abs=0.025)
    assert found >= -0.53
    assert found > CONSTANT


def test_the_likelihood_tells_who_bought(decided: Decided) -> None:
    """The control: the same chances for the buyer, or the seller, next in line are worse."""
    chance = chances(decided.utility)
    ours = log_likelihood(chance, decided.bought)
    table = dict(zip(decided.pairs, chance, strict=True))
    buyers = list(dict.fromkeys(pair[2] for pair in decided.pairs))
    turned = [
        table[product, seller, buyers[(buyers.index(buyer) + 1) % 5]]
        for product, seller, buyer in decided.pairs
    ]
    assert log_likelihood(np.array(turned), decided.bought) < -0.53 < ours


def test_what_was_said_of_a_constant(decided: Decided) -> None:
    def without(product: str) -> float:
        return fmean(
            bought
            for pair, bought in zip(decided.pairs, decided.bought, strict=True)
            if pair[0] != product
        )

    chance = np.array([without(pair[0]) for pair in decided.pairs])
    assert log_likelihood(chance, decided.bought) == pytest.approx(CONSTANT, abs=0.005)


TABLE_4 = {
    "Qwen-235B": 0.873,
    "GPT-oss-120B": 0.688,
    "DeepSeek-V3.2": 0.813,
    "Gemini-3.1-Pro": 0.845,
    "GPT-5.4": 0.512,
}


def test_the_published_buyers_differ_no_more_than_the_stand_ins(decided: Decided) -> None:
    """Intra-class correlation by buyer: 0.13 of the stand-ins, 0.19 published of 300 decisions.

    A jackknife over products gives its error, and both lie within two of them. No buyer's rate is
    further from Table 4 than a binomial's chance, as it would be if buyers were drawn anew.
    """
    products, _, buyers = (pl.Series(each) for each in zip(*decided.pairs, strict=True))
    frame = pl.DataFrame({"product": products, "buyer": buyers, "bought": decided.bought})

    def alike(some: pl.DataFrame) -> float:
        return intraclass(some["bought"], some["buyer"]) or 0.0

    left = [alike(frame.filter(pl.col("product") != one)) for one in products.unique()]
    error = float(np.sqrt((len(left) - 1) * np.var(left)))
    print(f"by buyer: {alike(frame):.3f} +- {error:.3f}")
    assert alike(frame) == pytest.approx(0.141, abs=0.001)
    assert error == pytest.approx(0.10, abs=0.01)
    for name, rate in TABLE_4.items():
        own = decided.bought[(buyers == name).to_numpy()]
        assert abs(own.mean() - rate) < 2.0 * np.sqrt(rate * (1.0 - rate) / len(own)), name
