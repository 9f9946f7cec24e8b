"""Whole clusters drawn again and again: intervals of ratios, and of sums of ratios."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from retailsim.analysis.statistics.bootstrap import DRAWS, Parts, ratio, ratio_sums, two_way_ratio
from retailsim.analysis.statistics.values import Interval

Floats = NDArray[np.float64]


def clusters(count: int, seed: int = 1) -> tuple[Floats, Floats]:
    """Skewed sums above, and from 1 to 5 below."""
    draws = np.random.default_rng(seed)
    below = draws.integers(1, 6, count).astype(float)
    return below * np.exp(draws.normal(size=count)), below


def draws_of(count: int, seed: int) -> list[list[int]]:
    """How often each cluster is in each draw."""
    generator = np.random.default_rng(seed)
    found: list[list[int]] = []
    while len(found) < DRAWS:
        found += generator.multinomial(count, [1.0 / count] * count, size=250).tolist()
    return found[:DRAWS]


def test_the_interval_of_a_ratio_is_what_draws_of_whole_clusters_come_to() -> None:
    above, below = clusters(9)
    drawn = [
        sum(n * top for n, top in zip(times, above, strict=True))
        / sum(n * bottom for n, bottom in zip(times, below, strict=True))
        for times in draws_of(9, seed=4)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    found = ratio(above, below, seed=4)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high))
    assert found.method == "cluster bootstrap"


def test_draws_in_which_nothing_stands_below_are_left_out() -> None:
    """One of two clusters has nothing below: a quarter of all draws are of it alone."""
    found = ratio(np.array([3.0, 0.0]), np.array([4.0, 0.0]), seed=1)
    assert found == Interval(0.75, 0.75, "cluster bootstrap")
    assert ratio(np.zeros(2), np.zeros(2), seed=1) is None


def by_hand(above: Floats, below: Floats, times: list[int]) -> tuple[float, float]:
    """A ratio over a draw, and its linearised standard error, cluster by cluster."""
    bottom = sum(n * b for n, b in zip(times, below, strict=True))
    value = sum(n * a for n, a in zip(times, above, strict=True)) / bottom
    rows = zip(times, above, below, strict=True)
    squares = sum(n * ((a - value * b) / bottom) ** 2 for n, a, b in rows)
    return float(value), math.sqrt(squares * len(below) / (len(below) - 1))


def test_a_studentised_interval_divides_each_draw_by_its_own_error() -> None:
    above, below = clusters(12)
    value, error = by_hand(above, below, [1] * 12)
    drawn = [by_hand(above, below, times) for times in draws_of(12, seed=7)]
    low, high = np.quantile([(one - value) / own for one, own in drawn], [0.025, 0.975])
    [found] = ratio_sums([Parts.of(above, below)], seed=7)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((value - high * error, value - low * error))
    assert found.method == "cluster bootstrap-t"


@pytest.mark.parametrize("draws", [200, 700])
def test_a_sum_of_ratios_and_its_negative_mirror_each_other(draws: int) -> None:
    both = Parts.of(*clusters(15, 1)) + Parts.of(*clusters(15, 2))
    found, mirrored = ratio_sums([both, -both], seed=3, draws=draws)
    assert found is not None
    assert mirrored is not None
    assert found.low < both.value < found.high
    assert (-mirrored.high, -mirrored.low) == pytest.approx((found.low, found.high))


def test_the_value_of_a_sum_of_ratios_counts_those_with_nothing_below_as_nothing() -> None:
    one = Parts.of(np.array([1.0, 2.0]), np.array([2.0, 4.0]))
    nothing = Parts.of(np.array([5.0, 0.0]), np.zeros(2))
    assert (one + one).value == pytest.approx(1.0)
    assert (one + nothing).value == pytest.approx(0.5)
    assert (-one).value == pytest.approx(-0.5)


def test_a_difference_of_what_is_the_same_has_no_spread() -> None:
    one = Parts.of(*clusters(10))
    [found] = ratio_sums([one + -one], seed=1)
    assert found == Interval(0.0, 0.0, "no spread between clusters")


def test_a_single_cluster_has_no_interval_and_two_have_one() -> None:
    one, two = clusters(1), clusters(2)
    assert ratio(*one, seed=1) is None
    assert ratio(*two, seed=1) is not None
    assert ratio_sums([Parts.of(*one)] * 2, seed=1) == [None, None]
    assert None not in ratio_sums([Parts.of(*two)] * 2, seed=1)
    below = np.ones((2, 2))
    assert two_way_ratio(below[:1], below[:1], seed=1) is None
    assert two_way_ratio(below[:, :1], below[:, :1], seed=1) is None
    assert two_way_ratio(below, below, seed=1) == Interval(1.0, 1.0, "two-way bootstrap")


@pytest.mark.slow
def test_studentised_intervals_follow_skew_that_percentiles_miss() -> None:
    """Twenty clusters of a lognormal: too low on the left is what covers too seldom."""
    held, truth = np.zeros(2), math.exp(0.5)
    for seed in range(300):
        draws = np.random.default_rng(1_000 + seed)
        above, below = np.exp(draws.normal(size=20)), np.ones(20)
        found = (*ratio_sums([Parts.of(above, below)], seed=seed), ratio(above, below, seed=seed))
        held += [one is not None and one.low <= truth <= one.high for one in found]
    studentised, percentiles = held / 300
    assert studentised > 0.91
    assert percentiles < studentised - 0.02
