"""The published directions come out of the behavioral agents on generated products.

Every comparison is paired (same products, seats and draws), and its bound is an interval computed
from retailsim.events.messages import Outcome
from the runs themselves: a difference must lie above zero by two standard errors, clustered by
product. Purchase rates are compared with the published ones in tests/calibration, on the scenarios
that they are fitted on.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean, stdev

import pytest

from retailsim.agents.persona import Persona, all_personas
from retailsim.events.messages import Outcome
from retailsim.market.catalogue.product import CATEGORIES
from retailsim.market.core.issues import IssueRules
from retailsim.sim.protocols.retail.defaults import BUILTIN_WALLET
from tests.agents.behavioral_drive import (
    Played,
    drive,
    make_buyer,
    make_product,
    make_seller,
    rate,
    refund_rate,
)

PRODUCTS = [make_product(number) for number in range(100)]
MULTIPLIERS = (0.90, 0.95, 1.00, 1.05, 1.10)
DEAR = dict.fromkeys(CATEGORIES, BUILTIN_WALLET)
"""Wallets for goods as dear as those of the built-in catalogue."""


def bought(one: Played) -> float:
    return float(one.decision.will_purchase)


def mean_rating(one: Played) -> float:
    return fmean(review.rating for review in one.reviews.values())


def by_product(played: Sequence[Played], value: Callable[[Played], float]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for one in played:
        values.setdefault(one.product.id, []).append(value(one))
    return {product: fmean(found) for product, found in values.items()}


def gap(
    more: Sequence[Played],
    less: Sequence[Played],
    value: Callable[[Played], float] = bought,
) -> tuple[float, float]:
    """Mean difference over products, with its standard error."""
    high, low = by_product(more, value), by_product(less, value)
    differences = [high[product] - low[product] for product in high if product in low]
    return fmean(differences), stdev(differences) / math.sqrt(len(differences))


def clearly_above(found: tuple[float, float], bound: float = 0.0) -> bool:
    return found[0] - 2.0 * found[1] > bound


Table = dict[tuple[str, ...], list[Played]]


@pytest.fixture(scope="module")
def buyer_table() -> Table:
    """Every buyer persona with a seller without one."""
    personas = all_personas("buyer")
    buyers = [make_buyer(id="b", persona=persona) for persona in personas]
    played = drive([make_seller()], buyers, PRODUCTS)
    return {tuple(p.values()): played[i :: len(buyers)] for i, p in enumerate(personas)}


@pytest.fixture(scope="module")
def seller_table() -> Table:
    """Every seller persona with three buyers without one."""
    buyers = [make_buyer(id=f"b{number}") for number in range(3)]
    return {
        tuple(persona.values()): drive([make_seller(persona=persona)], buyers, PRODUCTS)
        for persona in all_personas("seller")
    }


def pooled(table: Table, pole: str) -> list[Played]:
    return [one for poles, played in table.items() if pole in poles for one in played]


@pytest.mark.parametrize(
    ("more", "less"),
    [("easygoing", "picky"), ("indifferent", "sensitive"), ("emotional", "rational")],
)
def test_buyer_traits_order_purchases_and_ratings(buyer_table: Table, more: str, less: str) -> None:
    """Table 8's buyer half: the first pole buys more often and rates higher."""
    high, low = pooled(buyer_table, more), pooled(buyer_table, less)
    assert clearly_above(gap(high, low))
    assert clearly_above(gap(high, low, mean_rating))


@pytest.mark.parametrize(("more", "less"), [("assertive", "passive"), ("friendly", "reserved")])
def test_seller_traits_order_purchases(seller_table: Table, more: str, less: str) -> None:
    """Table 8's seller half: assertive and friendly sellers sell more, by a few points."""
    found = gap(pooled(seller_table, more), pooled(seller_table, less))
    assert clearly_above(found)
    assert found[0] < 0.20


@pytest.mark.parametrize(
    ("audience", "low", "high"),
    [("men", -0.05, 0.15), ("women", -0.35, -0.05), ("unisex", -0.1, 0.1)],
)
def test_gender_fit_as_in_table_2(audience: str, low: float, high: float) -> None:
    """Men buy what is made for women much less than women do; the rest hardly differs."""
    fashion = [make_product(4 * number + 1, audience=audience) for number in range(100)]
    played = {
        gender: drive(
            [make_seller()], [make_buyer(id=f"b{i}", gender=gender) for i in range(3)], fashion
        )
        for gender in ("male", "female")
    }
    assert low < rate(played["male"]) - rate(played["female"]) < high


def _curve(persona: Persona | None) -> list[float]:
    buyers = [make_buyer(id=f"b{number}", persona=persona, wallet=DEAR) for number in range(4)]
    return [
        rate(drive([make_seller()], buyers, PRODUCTS, multiplier=multiplier))
        for multiplier in MULTIPLIERS
    ]


def _elasticity(rates: Sequence[float]) -> float:
    xs, ys = [math.log(m) for m in MULTIPLIERS], [math.log(rate) for rate in rates]
    x, y = fmean(xs), fmean(ys)
    slope = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
    return slope / sum((a - x) ** 2 for a in xs)


@pytest.mark.slow
def test_demand_falls_with_price_and_more_steeply_below_list() -> None:
    """Table 3: purchases fall along the five prices, and a discount moves more than a rise."""
    rates = _curve(None)
    assert rates == sorted(rates, reverse=True)
    assert rates[0] - rates[2] > rates[2] - rates[4] > 0.0


@pytest.mark.slow
def test_sensitive_buyers_are_more_elastic() -> None:
    """Elasticities lie near -2.58 for price-sensitive buyers and -0.76 for indifferent ones."""
    sensitive = _elasticity(_curve({"price_consciousness": "sensitive"}))
    indifferent = _elasticity(_curve({"price_consciousness": "indifferent"}))
    assert -3.6 < sensitive < -1.4
    assert -1.2 < indifferent < -0.4


def test_overclaiming_sells_more_and_comes_back() -> None:
    """An overclaiming pitch converts better; goods come back as not as described."""
    buyers = [make_buyer(id=f"b{number}") for number in range(4)]
    rules = IssueRules(rate=0.3)
    honest, loud = (
        drive([make_seller(options={"overclaim": share})], buyers, PRODUCTS, rules=rules)
        for share in (0.0, 0.8)
    )
    assert clearly_above(gap(loud, honest))
    assert refund_rate(loud) > refund_rate(honest) + 0.05

    def misled(one: Played) -> float:
        return float(one.issue == "not as described")

    assert clearly_above(gap(loud, honest, misled))
    assert not any(one.pitch.unsupported for one in honest)


def test_good_answers_lift_conversion_and_ratings() -> None:
    """A seller that answers from the sheet sells more than one that evades."""
    buyers = [make_buyer(id=f"b{number}") for number in range(3)]
    evasive, good = (
        drive([make_seller(options={"answers": share})], buyers, PRODUCTS) for share in (0.0, 1.0)
    )
    assert clearly_above(gap(good, evasive), 0.05)

    def inquiry(one: Played) -> float:
        return one.reviews["pre_inquiry"].rating

    assert clearly_above(gap(good, evasive, inquiry), 0.3)


@pytest.mark.slow
def test_guidance_helps_a_little() -> None:
    """Table 5: a pitch with all four strategy dimensions sells a little more than with none."""
    buyers = [make_buyer(id=f"b{number}") for number in range(4)]
    bare = drive([make_seller()], buyers, PRODUCTS, dimensions=())
    guided = drive([make_seller()], buyers, PRODUCTS)
    difference, error = gap(guided, bare)
    assert difference - error > 0.0
    assert difference < 0.12


@pytest.fixture(scope="module")
def neutral() -> list[Played]:
    """Five buyers without a persona on every product."""
    return drive([make_seller()], [make_buyer(id=f"b{i}") for i in range(5)], PRODUCTS)


def test_resolution_moves_the_ratings(neutral: list[Played]) -> None:
    """Product and support ratings by outcome agree with the published means."""
    rated: dict[tuple[str, str], list[int]] = {}
    for one in neutral:
        for aspect, review in one.reviews.items():
            rated.setdefault((aspect, one.outcome or ""), []).append(review.rating)
    mean = {key: fmean(values) for key, values in rated.items()}
    assert mean["product", "refunded"] == pytest.approx(1.64, abs=0.25)
    assert mean["product", "exchanged"] == pytest.approx(3.03, abs=0.25)
    assert mean["post_inquiry", "exchanged"] > mean["post_inquiry", "refunded"]
    assert mean["post_inquiry", "refunded"] > mean["post_inquiry", "delivered"] + 1.0


def test_no_issue_is_rated_best() -> None:
    """A product without an issue gets more than four stars on average."""
    played = drive([make_seller()], [make_buyer()], PRODUCTS, rules=IssueRules(rate=0.0))
    stars = [one.reviews["product"].rating for one in played if "product" in one.reviews]
    assert 4.0 < fmean(stars) < 4.7
    assert all(one.issue is None and "post_inquiry" not in one.reviews for one in played)


@pytest.mark.parametrize(
    ("aspect", "buys", "published"),
    [
        ("pitch", True, 3.75),
        ("pitch", False, 3.24),
        ("pre_inquiry", True, 4.36),
        ("pre_inquiry", False, 3.50),
        ("post_inquiry", True, 4.24),
        ("product", True, 2.53),
    ],
)
def test_mean_ratings_near_the_published(
    neutral: list[Played], aspect: str, buys: bool, published: float
) -> None:
    """Mean ratings of buyers and non-buyers lie within 0.35 stars of the trajectories'."""
    found = [
        one.reviews[aspect].rating
        for one in neutral
        if one.decision.will_purchase == buys and aspect in one.reviews
    ]
    assert fmean(found) == pytest.approx(published, abs=0.35)


def test_outcomes_cluster_by_product(neutral: list[Played]) -> None:
    """The intra-class correlation of purchases by product is of the published size, 0.15."""
    groups = [[bought(one) for one in neutral[5 * i : 5 * i + 5]] for i in range(len(PRODUCTS))]
    means = [fmean(group) for group in groups]
    between = 5 * stdev(means) ** 2
    within = fmean(
        sum((value - mean) ** 2 for value in group) / 4
        for group, mean in zip(groups, means, strict=True)
    )
    assert 0.05 < (between - within) / (between + 4 * within) < 0.30


def test_one_unit_in_most_orders(neutral: list[Played]) -> None:
    """About 95 % of orders are of one unit, none of none."""
    counts = [one.decision.quantity for one in neutral if one.decision.will_purchase]
    assert min(counts) == 1
    assert 0.88 < counts.count(1) / len(counts) < 0.99


def test_settlements_by_issue(neutral: list[Played]) -> None:
    """Damaged and wrong items are mostly exchanged, a change of mind mostly refunded."""

    def share(issue: str, outcome: Outcome) -> float:
        found = [one.outcome for one in neutral if one.issue == issue]
        return found.count(outcome) / len(found)

    assert share("damaged on arrival", "exchanged") > 0.85
    assert share("wrong item received", "exchanged") > 0.75
    assert share("change of mind", "refunded") > 0.5
    assert share("not as described", "delivered") < 0.25
    assert share("shipping delay", "delivered") > 0.4
