"""Trend and elasticity: the published figures by their own formula, and known truths."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from scipy.stats import t as student

from retailsim.analysis.statistics.elasticity import by_group, grouped, log_log, slope, slope_gap
from retailsim.analysis.statistics.trend import cochran_armitage, logistic_trend
from retailsim.analysis.statistics.values import Test

PRICES = (0.90, 0.95, 1.0, 1.05, 1.10)


def test_the_published_rates_give_an_elasticity_of_minus_0_69() -> None:
    purchases = {0.90: 648, 0.95: 617, 1.0: 577, 1.05: 573, 1.10: 566}
    assert log_log(purchases, 1_000) == pytest.approx(-0.69, abs=0.01)


def test_conditions_without_a_purchase_drop_out_of_the_log() -> None:
    assert log_log({0.9: 4, 1.0: 0, 1.1: 0}, 10) is None
    assert log_log({0.9: 4, 1.0: 0, 1.1: 2}, 10) == pytest.approx(np.log(0.5) / np.log(1.1 / 0.9))


def cells(rates: dict[str, dict[str, list[int]]], episodes: int = 100) -> pl.DataFrame:
    """Conditions of products: product -> group -> purchases at each of five prices."""
    rows = [
        (product, group, price, bought, episodes)
        for product, groups in rates.items()
        for group, counts in groups.items()
        for price, bought in zip(PRICES, counts, strict=True)
    ]
    names = ["product", "group", "price", "purchases", "episodes"]
    return pl.DataFrame(rows, schema=names, orient="row")


def test_a_product_counts_when_both_groups_have_two_prices_with_a_purchase() -> None:
    steep, flat = [80, 70, 55, 45, 40], [70, 68, 66, 65, 64]
    found = by_group(
        cells(
            {
                "a": {"sensitive": steep, "indifferent": flat},
                "b": {"sensitive": [90, 70, 60, 50, 45], "indifferent": [60, 60, 58, 58, 57]},
                "c": {"sensitive": [5, 0, 0, 0, 0], "indifferent": flat},
            }
        ),
        "sensitive",
        "indifferent",
    )
    assert set(found.per_product) == {"a", "b"}
    assert found.dropped == {"c": "fewer than two prices with a purchase: sensitive"}
    assert found.test.estimate is not None
    assert found.test.estimate > 0.0
    assert found.test.p is not None
    assert found.test.p < 0.2


def test_with_too_few_products_the_comparison_says_so() -> None:
    found = by_group(cells({"a": {"x": [1, 0, 0, 0, 0]}}), "x", "y")
    assert (found.per_product, found.test.note) == ({}, "fewer than two products count")


def truth(elasticity: float, products: int, base: float = 0.5) -> pl.DataFrame:
    generator = np.random.default_rng(5)
    rows = []
    for product in range(products):
        level = base * generator.uniform(0.7, 1.3)
        for price in PRICES:
            bought = int(generator.binomial(400, min(0.99, level * price**elasticity)))
            rows.append((f"p{product}", price, bought, 400))
    return pl.DataFrame(rows, schema=["product", "price", "purchases", "episodes"], orient="row")


@pytest.mark.parametrize("elasticity", [-2.5, -0.7, 0.0])
def test_the_grouped_model_finds_the_true_elasticity(elasticity: float) -> None:
    found = grouped(truth(elasticity, 30))
    assert found.interval is not None
    assert found.interval.low <= elasticity <= found.interval.high
    assert found.interval.high - found.interval.low < 0.6


def test_the_grouped_model_keeps_conditions_without_a_purchase() -> None:
    rows = [("p", price, bought, 20) for price, bought in zip(PRICES, (6, 4, 2, 0, 0), strict=True)]
    data = pl.DataFrame(rows, schema=["product", "price", "purchases", "episodes"], orient="row")
    found = grouped(data)
    assert found.estimate is not None
    assert found.estimate < -3.0
    assert found.n == 100


def of_one_error(test: Test, clusters: int) -> bool:
    """Whether p and the interval come from one standard error, by t of so many clusters."""
    assert test.p is not None
    assert test.estimate is not None
    assert test.interval is not None
    law = student(clusters - 1)
    assert (test.interval.low + test.interval.high) / 2.0 == pytest.approx(test.estimate)
    error = (test.interval.high - test.estimate) / law.ppf(0.975)
    return test.p == pytest.approx(2.0 * law.sf(abs(test.estimate) / error))


@pytest.mark.parametrize("elasticity", [-0.2, -0.05, 0.1])
def test_p_and_the_interval_of_a_model_are_of_one_error(elasticity: float) -> None:
    rows = truth(elasticity, 12)
    odd = pl.col("product").str.slice(1).cast(pl.Int64) % 2
    groups = rows.with_columns(
        product=pl.format("p{}", pl.col("product").str.slice(1).cast(pl.Int64) // 2),
        group=odd.cast(pl.String),
    )
    assert of_one_error(grouped(rows), 12)
    assert of_one_error(slope(rows), 12)
    assert of_one_error(slope_gap(groups, "0", "1"), 6)
    each = rows["purchases"].to_list()
    bought = pl.Series([int(n < one) for one in each for n in range(0, 400, 8)])
    price, product = (
        pl.Series([one for one in rows[name] for _ in range(0, 400, 8)])
        for name in ("price", "product")
    )
    assert of_one_error(logistic_trend(bought, price, product), 12)


def test_a_wall_that_one_purchase_in_millions_breaks_fits_no_model() -> None:
    """It is not separated, and the slope is too steep for the fit to end."""
    many = 1_000_000
    counts = {"steep": (many, many, many - 1, 0, 1), "level": (many // 2,) * 4 + (many // 3,)}
    wall = [
        (f"p{n}", group, price, bought // (n + 1) if group == "level" else bought, many)
        for group in counts
        for n in range(3)
        for price, bought in zip(PRICES, counts[group], strict=True)
    ]
    names = ["product", "group", "price", "purchases", "episodes"]
    both = pl.DataFrame(wall, schema=names, orient="row")
    for found, n in (
        (slope_gap(both, "steep", "level"), 30 * many),
        (slope(both.filter(group="steep").drop("group")), 15 * many),
        (grouped(both.filter(group="steep").drop("group")), 15 * many),
    ):
        assert (found.estimate, found.p, found.interval, found.n) == (None, None, None, n)
        assert found.note == "no model fits"


def test_a_fit_that_fails_is_a_note_and_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def singular(*_: object, **__: object) -> None:
        raise np.linalg.LinAlgError("SVD did not converge")

    rows = truth(-0.7, 6)
    both = pl.concat(rows.with_columns(group=pl.lit(name)) for name in ("one", "two"))
    bought, names = pl.Series([0, 1, 1, 0, 1, 0]), pl.Series(list("aabbcc"))
    monkeypatch.setattr(sm.GLM, "fit", singular)
    for found, n in (
        (grouped(rows), 6 * 5 * 400),
        (slope(rows), 6 * 5 * 400),
        (slope_gap(both, "one", "two"), 2 * 6 * 5 * 400),
    ):
        assert (found.estimate, found.p, found.n) == (None, None, n)
        assert found.note == "no model fits"
    trend = logistic_trend(bought, pl.Series([0.9, 1.1] * 3), names)
    assert (trend.estimate, trend.n) == (None, 6)
    assert trend.note == "the score separates the outcomes"


@pytest.mark.parametrize("bought", [0, 20])
def test_the_grouped_model_says_when_nothing_varies(bought: int) -> None:
    rows = [("p", price, bought, 20) for price in PRICES]
    data = pl.DataFrame(rows, schema=["product", "price", "purchases", "episodes"], orient="row")
    assert grouped(data).note == "nothing varies"


def test_a_trend_of_proportions_by_hand() -> None:
    # Agresti, Categorical Data Analysis, table 2.7 (malformation by alcohol): z^2 = 6.57
    found = cochran_armitage([48, 38, 5, 1, 1], [17_114, 14_502, 793, 127, 38], [0, 0.5, 1.5, 4, 7])
    assert found.p == pytest.approx(0.0104, abs=0.0005)
    assert cochran_armitage([0, 0], [5, 5], [0, 1]).note == "nothing varies"
    assert cochran_armitage([0], [0], [0]).note == "nothing varies"


def test_a_logistic_trend_points_where_the_outcome_goes() -> None:
    generator = np.random.default_rng(2)
    x = np.tile(PRICES, 200)
    y = generator.random(1_000) < 1.0 / (1.0 + np.exp(4.0 * (x - 1.0)))
    names = np.repeat([f"p{n}" for n in range(50)], 20)
    found = logistic_trend(pl.Series(y.astype(int)), pl.Series(x), pl.Series(names))
    assert found.estimate is not None
    assert found.estimate < -1.0
    assert found.p is not None
    assert found.p < 0.01
    assert found.interval is not None
    assert found.interval.method == "robust, t with 49 df"
    assert found.interval.low < found.estimate < found.interval.high < 0.0


@pytest.mark.parametrize("unit", [1e-4, 1e4])
def test_a_logistic_trend_does_not_depend_on_the_unit_of_the_score(unit: float) -> None:
    generator = np.random.default_rng(6)
    bought = pl.Series(generator.integers(0, 2, 200))
    price, names = pl.Series(np.tile(PRICES, 40)), pl.Series(np.repeat(np.arange(20), 10))
    plain, scaled = (
        logistic_trend(bought, price, names),
        logistic_trend(bought, unit * price, names),
    )
    assert plain.estimate is not None
    assert scaled.estimate == pytest.approx(plain.estimate / unit)
    assert scaled.p == pytest.approx(plain.p)


@pytest.mark.parametrize(
    ("outcome", "score", "cluster", "note"),
    [
        ([1, 1], [0.9, 1.1], ["a", "b"], "nothing varies"),
        ([0, 1], [1.0, 1.0], ["a", "b"], "nothing varies"),
        ([0, 1], [0.9, 1.1], ["a", "a"], "a single cluster"),
        ([0, 0, 1, 1] * 5, [0.9, 0.9, 1.1, 1.1] * 5, ["a", "b", "c", "d"] * 5, "separates"),
    ],
)
def test_a_logistic_trend_that_cannot_be_told_says_why(
    outcome: list[int], score: list[float], cluster: list[str], note: str
) -> None:
    found = logistic_trend(pl.Series(outcome), pl.Series(score), pl.Series(cluster))
    assert found.p is None
    assert note in found.note
