"""Runs of other seeds: other products' appeal, other buyers behind the same names."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from retailsim.analysis.statistics.crossed import Side, crossed_difference, crossed_rates
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


def bought(rows: str) -> Side:
    """Episodes as ``product buyer decision``, each of one letter or digit."""
    product, buyer, above = (pl.Series(list(column)) for column in zip(*rows.split(), strict=True))
    return above.cast(pl.Int64), pl.Series([1] * len(above)), product, buyer


@pytest.mark.parametrize("buyers", [2, 3, 4])
def test_the_error_is_that_of_products_and_of_buyers_less_that_of_their_cells(buyers: int) -> None:
    """By hand: each sum of what episodes add, squared, and n / (n - 1) for how few there are."""
    draws = np.random.default_rng(buyers)
    names = [f"{product}{buyer}" for product in "abcde" for buyer in "wxyz"[:buyers]]
    first, second = (
        bought(" ".join(f"{name}{draws.integers(2)}" for name in names)) for _ in range(2)
    )
    added: dict[str, float] = {}
    shares = [int(side[0].sum()) / len(names) for side in (first, second)]
    for side, share, sign in zip((first, second), shares, (1.0, -1.0), strict=True):
        for name, above in zip(names, side[0], strict=True):
            added[name] = added.get(name, 0.0) + sign * (above - share) / len(names)

    def variance(place: slice) -> float:
        sums: dict[str, float] = {}
        for name, one in added.items():
            sums[name[place]] = sums.get(name[place], 0.0) + one
        return sum(one**2 for one in sums.values()) * len(sums) / (len(sums) - 1)

    products, by_buyer, cells = variance(slice(1)), variance(slice(1, 2)), variance(slice(2))
    found = crossed_difference(first, second)
    assert found is not None
    assert found.estimate == pytest.approx(shares[0] - shares[1])
    assert found.error**2 == pytest.approx(max(products, by_buyer, products + by_buyer - cells))
    assert (found.df, found.buyers) == (buyers - 1, buyers)


def test_with_a_single_buyer_the_error_is_that_of_products() -> None:
    found = crossed_difference(bought("ax1 bx1"), bought("ax0 bx1"))
    assert found is not None
    # In the first nothing is off; in the second "a" is off by 1/4 and "b" by 1/4 the other way.
    assert found.error == pytest.approx((2 * 2 * 0.25**2) ** 0.5)
    assert (found.estimate, found.df, found.buyers) == (0.5, 1.0, 1)
    assert crossed_difference(bought("ax1 ay1"), bought("ax0 ay1")) is None
