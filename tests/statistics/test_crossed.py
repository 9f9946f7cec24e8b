"""Runs of other seeds: other products' appeal, other buyers behind the same names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from retailsim.analysis.statistics.crossed import Side, crossed_rates
from retailsim.analysis.statistics.differences import two_rates

PRODUCTS, BUYERS, TRIALS = 30, 5, 300
SORTS = np.array([-1.5, -0.5, 0.0, 0.5, 1.5])
"""What buyers are like, the same in both runs."""


def run(draws: np.random.Generator, *, buyers: float, shift: float = 0.0) -> Side:
    """Each buyer meets each product twice; appeal and what moves a buyer are this run's own."""
    appeal = draws.normal(0.0, 1.0, PRODUCTS)
    own = draws.normal(0.0, buyers, BUYERS)
    utility = shift + appeal[:, None, None] + (SORTS + own)[None, :, None] + np.zeros((1, 1, 2))
    bought = draws.random(utility.shape) < 1.0 / (1.0 + np.exp(-utility))
    product, buyer, _ = np.indices(utility.shape)
    one, two = (pl.Series(names.ravel()).cast(pl.String) for names in (product, buyer))
    return pl.Series(bought.ravel().astype(int)), pl.Series([1] * bought.size), one, two


def rejected(*, buyers: float, shift: float = 0.0) -> tuple[float, float]:
    """How often the runs are told apart: allowing for buyers, and for products alone."""
    draws = np.random.default_rng(11)
    found = np.zeros(2)
    for _ in range(TRIALS):
        one = run(draws, buyers=buyers)
        two = run(draws, buyers=buyers, shift=shift)
        tests = (crossed_rates(one, two), two_rates(one[:3], two[:3]))
        found += [test.p is not None and test.p < 0.05 for test in tests]
    crossed, products = found / TRIALS
    return float(crossed), float(products)


@pytest.mark.slow
def test_other_buyers_are_no_difference_between_runs() -> None:
    crossed, products = rejected(buyers=0.6)
    assert crossed <= 0.07
    assert products > 0.15, "the control: products alone are too sure"


@pytest.mark.slow
def test_buyers_that_are_the_same_cost_some_power_and_not_the_level() -> None:
    crossed, products = rejected(buyers=0.0)
    assert crossed <= 0.06
    assert 0.02 <= products <= 0.08


@pytest.mark.slow
def test_a_difference_is_found() -> None:
    crossed, _ = rejected(buyers=0.2, shift=1.6)
    assert crossed > 0.8


def test_one_buyer_alone_is_compared_by_product_and_said_so() -> None:
    draws = np.random.default_rng(3)
    one, two = (run(draws, buyers=0.0) for _ in range(2))
    first, second = (tuple(column.filter(side[3] == "0") for column in side) for side in (one, two))
    test = crossed_rates(first, second)  # type: ignore[arg-type]
    assert test.method.startswith("clustered difference")
    assert "one buyer" in test.note
