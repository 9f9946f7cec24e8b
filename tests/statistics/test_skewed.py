"""Intervals of money, stars and units: they stay where values can be, and cover what they say."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from benchmarks.quality.coverage import LAWS, Law, coverage
from benchmarks.quality.coverage import MONEY as NET
from retailsim.analysis.measures.estimates import estimate
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.skewed import ROUGH, reach
from retailsim.analysis.statistics.two_way import two_way
from retailsim.analysis.statistics.values import Estimate

MONEY, STARS = (0.0, None), (1.0, 5.0)


def net_of(clusters: int, seed: int = 1, scale: float = 1.0) -> Estimate:
    net = scale * np.exp(np.random.default_rng(seed).normal(size=clusters))
    names = pl.Series([f"p{n}" for n in range(clusters)])
    return mean(pl.Series(net), names, within=MONEY)


@pytest.mark.parametrize("clusters", [2, 5, 8, 30, 1_500])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_money_that_is_never_negative_has_no_negative_interval(clusters: int, seed: int) -> None:
    found = net_of(clusters, seed)
    assert found.value is not None
    assert found.interval is not None
    assert 0.0 <= found.interval.low < found.value < found.interval.high


def test_the_upper_end_is_further_off_than_the_lower_one() -> None:
    found = net_of(30)
    assert found.value is not None
    assert found.interval is not None
    assert found.interval.high - found.value > 1.2 * (found.value - found.interval.low)


def test_an_interval_is_in_the_unit_of_its_money() -> None:
    cents, dollars = net_of(20, scale=100.0), net_of(20)
    assert cents.interval is not None
    assert dollars.interval is not None
    assert cents.interval.high == pytest.approx(100.0 * dollars.interval.high)
    assert cents.interval.low == pytest.approx(100.0 * dollars.interval.low)


@pytest.mark.parametrize("next_to_nothing", [1e-3, 1e-9])
def test_a_product_that_sold_next_to_nothing_widens_it_by_half_as_much_again_at_most(
    next_to_nothing: float,
) -> None:
    """Its logarithm lies far off; the coefficient of variation bounds what that may say."""
    net = np.array([*np.linspace(90.0, 110.0, 11), next_to_nothing])
    found = mean(pl.Series(net), pl.Series(range(12)), within=MONEY)
    implied = np.sqrt(np.log1p(net.var(ddof=1) / net.mean() ** 2))
    error = net.std(ddof=1) / np.sqrt(12)
    up = reach(12, 1.5 * implied)
    assert up > reach(12, implied)
    assert found.interval is not None
    assert found.interval.high == pytest.approx(net.mean() * np.exp(up * error / net.mean()))


def test_with_few_clusters_it_is_called_rough() -> None:
    assert "rough" in net_of(ROUGH - 1).note
    assert "rough" not in net_of(ROUGH).note


def test_that_it_is_rough_changes_no_end_from_8_clusters_on() -> None:
    """Below it is by Student's t, from here on the same rule whatever it is called."""
    found = [net_of(clusters).interval for clusters in (7, 8, ROUGH - 1, ROUGH)]
    assert [one.method for one in found if one is not None] == [
        "t, 6 df, rough",
        "log scale, 7 df, rough",
        f"log scale, {ROUGH - 2} df, rough",
        f"log scale, {ROUGH - 1} df",
    ]


def test_a_product_that_sold_nothing_is_money_that_is_never_negative_too() -> None:
    net, names = pl.Series([0.0, 3.0, 5.0, 9.0] * 3), pl.Series([f"p{n}" for n in range(12)])
    found = mean(net, names, within=MONEY).interval
    assert found is not None
    assert found.method == "log scale, 11 df, rough"


def test_money_that_can_be_lost_keeps_students_t() -> None:
    gains, names = pl.Series([-3.0, 5.0, 9.0] * 4), pl.Series([f"p{n}" for n in range(12)])
    assert mean(gains, names, within=MONEY) == mean(gains, names)


def test_the_reach_grows_with_the_spread_and_falls_with_the_clusters() -> None:
    by_spread = [reach(12, spread) for spread in (0.2, 0.6, 1.1, 2.0)]
    by_clusters = [reach(clusters, 1.1) for clusters in (8, 12, 30, 120, 900)]
    assert by_spread == sorted(by_spread)
    assert by_clusters == sorted(by_clusters, reverse=True)
    # Nearly normal, and many: nothing but Student's t is left.
    assert reach(900, 0.05) == pytest.approx(1.96, abs=0.12)


def test_a_higher_level_reaches_further_and_never_less() -> None:
    for clusters, spread in ((8, 1.5), (12, 0.3), (60, 1.1), (900, 0.05)):
        found = [reach(clusters, spread, level) for level in (0.95, 0.951, 0.98, 0.995, 0.999)]
        assert found[0] == reach(clusters, spread)
        assert found == sorted(found)
        assert found[-1] > found[0]


@pytest.mark.parametrize("stars", [[5, 5, 5, 4], [1, 1, 1, 2], [5, 1, 5, 5], [3, 3, 4, 5]])
def test_a_rating_stays_from_one_to_five(stars: list[int]) -> None:
    values, names = pl.Series([*stars, *stars[:3]]), pl.Series(list("abcdabc"))
    found = mean(values, names, within=STARS)
    assert found.value is not None
    assert found.interval is not None
    assert 1.0 <= found.interval.low < found.value < found.interval.high <= 5.0


def test_students_t_alone_would_leave_them() -> None:
    found = mean(pl.Series([5, 5, 5, 4]), pl.Series(list("abcd"))).interval
    assert found is not None
    assert found.high > 5.0


@pytest.mark.slow
@pytest.mark.parametrize(("products", "least"), [(12, 0.92), (30, 0.94)])
def test_money_is_covered_as_often_as_it_says_and_by_students_t_it_was_not(
    products: int, least: float
) -> None:
    found = coverage(products, sets=500, names=("net per episode",))
    single, by_t, _, both = found.values()
    assert least <= single <= 0.98
    assert by_t < 0.92
    assert both >= 0.92


@pytest.mark.slow
def test_every_headline_covers_other_buyers_too_and_by_product_alone_does_not() -> None:
    found = coverage(30, sets=200, names=("conversion", "refund rate", "rating"))
    for (name, question), share in found.items():
        if "interval by product" in question:
            assert share < 0.88, (name, question)
        else:
            assert share >= 0.91, (name, question)


UNITS = (1.0, None)


def orders_of(products: int, buyers: int, dear: float) -> pl.DataFrame:
    """Units of an order by product and buyer: now and then some more than one."""
    generator = np.random.default_rng(products)
    more = generator.poisson(
        dear * np.exp(generator.normal(size=(products, 1))), (products, buyers)
    )
    return pl.DataFrame(
        {
            "product": np.repeat(np.arange(products), buyers),
            "buyer": np.tile(np.arange(buyers), products),
            "units": 1 + more.ravel(),
        }
    )


@pytest.mark.parametrize(("products", "buyers"), [(4, 2), (5, 9), (12, 2), (12, 9), (40, 9)])
def test_an_order_has_at_least_one_unit(products: int, buyers: int) -> None:
    """By product, and by product and buyer."""
    some = orders_of(products, buyers, 0.1)
    one = pl.repeat(1, some.height, eager=True)
    by_product = mean(some["units"], some["product"], weights=one, within=UNITS)
    both = two_way(some["units"], one, some.select("product", "buyer"), within=UNITS, seed=1)
    for found in (by_product, both):
        assert found.value is not None and found.value > 1.0
        assert found.interval is not None
        assert 1.0 <= found.interval.low < found.value < found.interval.high < 10.0


def test_that_is_how_units_per_order_are_estimated() -> None:
    some = orders_of(4, 2, 0.1).with_columns(orders=pl.lit(1), cluster="product")
    found = estimate(measure("average_quantity"), some, and_by="buyer")
    assert found.interval is not None and found.two_way is not None
    assert min(found.interval.low, found.two_way.low) >= 1.0


@pytest.mark.parametrize("products", [4, 12])
def test_students_t_alone_would_sell_less_than_one(products: int) -> None:
    some = orders_of(products, 2, 0.1)
    one = pl.repeat(1, some.height, eager=True)
    found = two_way(some["units"], one, some.select("product", "buyer"), within=None, seed=1)
    assert found.interval is not None
    assert found.interval.low < 1.0


def test_what_is_below_the_end_all_the_same_has_students_t() -> None:
    units, names = pl.Series([0, 2, 1, 3]), pl.Series(list("abcd"))
    assert mean(units, names, within=UNITS) == mean(units, names)


@pytest.mark.slow
def test_intervals_of_units_cover_the_truth_more_often_than_students_t() -> None:
    """12 products of which most orders have one unit, as 400 shops sell them."""
    generator = np.random.default_rng(3)
    truth, hits = 1.1, {"log": 0, "t": 0}
    for _ in range(400):
        taste = 0.1 * np.exp(0.6 * generator.normal(size=12) - 0.18)
        units = pl.Series(9 + generator.poisson(9 * taste))
        names, nine = pl.Series(range(12)), pl.repeat(9, 12, eager=True)
        for name, ends in (("log", UNITS), ("t", None)):
            found = mean(units, names, weights=nine, within=ends).interval
            assert found is not None
            hits[name] += found.low <= truth <= found.high
    assert hits["log"] > 0.93 * 400
    assert hits["log"] > hits["t"]


@pytest.mark.slow
@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
def test_where_some_products_are_of_a_dear_kind_what_is_not_rough_covers(law: Law) -> None:
    """And over 12 products it does not: what is called rough there is."""
    few, enough = (coverage(n, sets=500, names=(NET,), law=law) for n in (12, ROUGH))
    question = (NET, "other products, the same sellers and buyers")
    assert few[question] < 0.90
    assert enough[question] >= 0.94 - 0.02  # two standard errors of 500 sets
