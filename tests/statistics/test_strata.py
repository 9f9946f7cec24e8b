"""A difference within products of several audiences: by hand, and at its level by simulation."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.stats import binomtest, ttest_1samp

from retailsim.analysis.statistics.equality import NO_DIFFERENCE
from retailsim.analysis.statistics.strata import stratified_difference
from retailsim.analysis.statistics.values import Test


def difference(rates: dict[str, dict[str, tuple[list[int], list[int]]]]) -> Test:
    """Of audience -> product -> purchases of either side."""
    rows = [
        (bought, side, product, audience)
        for audience, products in rates.items()
        for product, sides in products.items()
        for side, some in zip((True, False), sides, strict=True)
        for bought in some
    ]
    names = ["y", "side", "unit", "stratum"]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return stratified_difference(*(frame[name] for name in names))


def test_with_one_audience_it_is_the_paired_t_test_of_products() -> None:
    products = {
        "a": ([1, 1, 1, 0], [1, 0, 0, 0]),
        "b": ([1, 1, 0, 0], [1, 0, 0, 0]),
        "c": ([1, 0, 0, 0], [0, 0, 0, 0]),
    }
    found = difference({"men": products})
    expected = ttest_1samp([0.5, 0.25, 0.25], 0.0)
    assert found.estimate == pytest.approx(1 / 3)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.interval is not None
    assert found.interval.low == pytest.approx(expected.confidence_interval(0.95).low)
    assert found.n == 24


def test_audiences_that_differ_weigh_alike_and_make_no_error() -> None:
    """Products of an audience hardly differ, audiences do: the error stays small."""
    weak = {f"m{n}": ([1] * 6 + [0] * 4, [1] * (4 + n % 2) + [0] * (6 - n % 2)) for n in range(4)}
    strong = {f"w{n}": ([1] * 9 + [0], [1] * (n % 2) + [0] * (10 - n % 2)) for n in range(4)}
    found = difference({"men": weak, "women": strong})
    assert found.estimate == pytest.approx((0.15 + 0.85) / 2)
    assert found.interval is not None
    assert found.interval.high - found.interval.low < 0.12


@pytest.mark.parametrize(
    ("rates", "note"),
    [
        ({}, "no product has both sides"),
        ({"men": {"a": ([1], [])}}, "no product has both sides"),
        ({"men": {"a": ([1], [0])}}, "a single product"),
        ({"men": {"a": ([1], [0]), "b": ([1], [0])}}, "no spread"),
        ({"men": {"a": ([1], [1]), "b": ([0], [0])}}, NO_DIFFERENCE),
    ],
)
def test_what_cannot_be_told_says_why(
    rates: dict[str, dict[str, tuple[list[int], list[int]]]], note: str
) -> None:
    assert note in difference(rates).note


@pytest.mark.slow
def test_equal_sides_are_told_apart_at_the_level() -> None:
    generator = np.random.default_rng(5)
    rejected = 0
    for _ in range(300):
        appeal = generator.beta(2.0, 2.0, size=10)
        rates = {
            audience: {
                f"{audience}{n}": tuple(
                    generator.binomial(1, appeal[place + n], size=24).tolist() for _ in range(2)
                )
                for n in range(5)
            }
            for audience, place in (("men", 0), ("women", 5))
        }
        found = difference(rates)
        rejected += found.p is not None and found.p < 0.05
    low, high = binomtest(rejected, 300).proportion_ci(0.99)
    assert low <= 0.05 <= high
