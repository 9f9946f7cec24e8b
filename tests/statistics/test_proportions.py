"""Intervals of proportions against textbook values, and what holds for all of them."""

from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.analysis.statistics.power import detectable, episodes_per_arm
from retailsim.analysis.statistics.proportions import binomial, newcombe, two_proportions, wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_textbook_interval(
    successes: int, n: int, low: float, high: float
) -> None:
    found = wilson(successes, n)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [  # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_gives_the_textbook_interval(
    counts: tuple[int, int, int, int], low: float, high: float
) -> None:
    found = newcombe(*counts)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_newcombes_interval_of_a_level_squares_and_adds_wilsons_of_that_level(level: float) -> None:
    z = NormalDist().inv_cdf(0.5 + level / 2.0)
    one, two = wilson(14, 20, quantile=z), wilson(9, 30, quantile=z)
    found = newcombe(14, 20, 9, 30, level=level)
    down, up = (0.7 - one.low, two.high - 0.3), (one.high - 0.7, 0.3 - two.low)
    assert found.low == pytest.approx(0.4 - math.hypot(*down))
    assert found.high == pytest.approx(0.4 + math.hypot(*up))


@pytest.mark.slow
@given(st.floats(0.0, 1.0), st.floats(0.5, 1e6))
def test_wilson_holds_the_share_and_stays_within_0_and_1(share: float, n: float) -> None:
    found = wilson(share * n, n)
    assert 0.0 <= found.low <= share + 1e-9
    assert share - 1e-9 <= found.high <= 1.0


@given(st.integers(1, 500), st.integers(0, 500))
def test_more_of_the_same_narrows_the_interval(n: int, successes: int) -> None:
    successes = min(n, successes)
    one, ten = wilson(successes, n), wilson(10 * successes, 10 * n)
    assert ten.high - ten.low < one.high - one.low


@pytest.mark.parametrize(("successes", "n"), [(1, 0), (-1, 5), (6, 5)])
def test_counts_that_are_none_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match="from 0 to n"):
        wilson(successes, n)


def test_the_exact_binomial_test_is_exact() -> None:
    assert binomial(8, 10).p == pytest.approx(2 * (45 + 10 + 1) / 1024)
    assert binomial(5, 10).p == 1.0
    assert binomial(0, 0).p is None


@pytest.mark.parametrize(
    ("first", "second", "needed"),
    [(0.60, 0.65, 1_471), (0.60, 0.70, 356), (0.577, 0.617, 2_359)],
)
def test_the_published_sample_sizes(first: float, second: float, needed: int) -> None:
    assert episodes_per_arm(first, second) == needed


def test_clustering_asks_for_more() -> None:
    alone = episodes_per_arm(0.5, 0.6)
    assert episodes_per_arm(0.5, 0.6, design_effect=4.7) == pytest.approx(4.7 * alone, abs=5)


def test_what_can_be_told_turns_the_question_round() -> None:
    rise = detectable(0.6, 356)
    assert rise == pytest.approx(0.1, abs=0.002)
    assert detectable(0.9, 3) is None
    with pytest.raises(ValueError, match="two different rates"):
        episodes_per_arm(0.5, 0.5)


def test_two_proportions_have_fishers_p_and_newcombes_interval() -> None:
    """A lady tastes tea: 3 of 4 and 1 of 4 right; 56/70 and 48/80 are Newcombe's own."""
    tea = two_proportions((3, 4), (1, 4))
    assert tea.p == pytest.approx(0.4857, abs=1e-4)
    assert tea.estimate == 0.5
    own = two_proportions((56, 70), (48, 80))
    assert own.interval is not None
    assert own.interval.low == pytest.approx(0.0524, abs=1e-4)
    assert own.interval.high == pytest.approx(0.3339, abs=1e-4)
    assert "one side" in two_proportions((0, 0), (1, 4)).note
