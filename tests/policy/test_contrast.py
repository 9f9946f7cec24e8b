"""With and without a move: the same numbers a second way, and errors that are as large as said."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import t

from retailsim.analysis.policy.contrast import NO_CHOICE, association, weighted

Floats = NDArray[np.float64]


def test_within_strata_it_is_the_regression_with_a_constant_for_each() -> None:
    random = np.random.default_rng(1)
    stratum, cluster = random.integers(3, size=300), random.integers(40, size=300)
    done = random.random(300) < np.array((0.1, 0.5, 0.8))[stratum]
    bought = random.random(300) < np.array((0.2, 0.5, 0.9))[stratum]
    found = association(done, bought, stratum, cluster)
    assert found is not None
    design = np.column_stack([done, *(stratum == one for one in range(3))]).astype(float)
    [slope, *_] = np.linalg.lstsq(design, bought.astype(float))[0]
    assert found.difference == pytest.approx(slope)
    means = [[bought[(stratum == s) & (done == d)].mean() for s in range(3)] for d in (1, 0)]
    n = [[((stratum == s) & (done == d)).sum() for s in range(3)] for d in (1, 0)]
    weight = [a * b / (a + b) for a, b in zip(*n, strict=True)]
    assert found.bought_with == pytest.approx(np.average(means[0], weights=weight))
    assert found.bought_without == pytest.approx(np.average(means[1], weights=weight))
    pooled = bought[done].mean() - bought[~done].mean()
    assert pooled > found.difference + 0.2, "sellers that differ are not the move's doing"


def test_a_stratum_with_one_side_tells_nothing() -> None:
    done = np.array([True, True, False, False, True, True])
    bought = np.array([True, False, False, True, True, True])
    stratum, cluster = np.array([0, 0, 0, 0, 1, 1]), np.arange(6)
    found = association(done, bought, stratum, cluster)
    assert found is not None
    assert (found.done, found.not_done, found.clusters) == (2, 2, 4)
    assert association(done[4:], bought[4:], stratum[4:], cluster[4:]) is None


def test_one_cluster_has_no_p() -> None:
    done, bought = np.array([True, False, True]), np.array([True, False, False])
    found = association(done, bought, np.zeros(3, dtype=int), np.zeros(3, dtype=int))
    assert found is not None
    assert found.difference == pytest.approx(0.5)
    assert (found.p, found.interval) == (None, None)


@pytest.mark.slow
@pytest.mark.parametrize(("base", "share"), [(0.5, 0.5), (0.05, 0.1), (0.95, 0.1), (0.3, 0.9)])
def test_p_is_small_no_more_often_than_it_says(base: float, share: float) -> None:
    random, profiles, rounds = np.random.default_rng(2), 60, 1_000
    cluster = np.repeat(np.arange(profiles), 5)
    small = 0
    for _ in range(rounds):
        worth = np.clip(base + random.normal(0.0, 0.15, profiles), 0.0, 1.0)[cluster]
        leaning = np.clip(share + random.normal(0.0, 0.05, profiles), 0.0, 1.0)[cluster]
        done, bought = random.random(300) < leaning, random.random(300) < worth
        found = association(done, bought, np.zeros(300, dtype=int), cluster)
        small += found is not None and found.p is not None and found.p <= 0.05
    print(f"base {base}, share {share}: {small / rounds:.1%} of p at most 5%")
    assert small / rounds <= 0.07


@pytest.mark.slow
def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    random, profiles, rounds = np.random.default_rng(3), 80, 600
    cluster = np.repeat(np.arange(profiles), 5)
    held = [0, 0]
    for _ in range(rounds):
        mood = random.integers(2, size=400)
        likely = np.array((0.3, 0.6))[mood]
        done = random.random(400) < likely
        chance = 0.2 + 0.3 * mood + random.normal(0.0, 0.05, profiles)[cluster]
        bought = random.random(400) < chance + 0.2 * done
        by_weight = weighted(done, bought, likely, cluster).interval
        assert by_weight is not None
        held[0] += by_weight.low <= 0.2 <= by_weight.high
        by_chance = association(done, bought, mood, cluster)
        assert by_chance is not None and by_chance.interval is not None
        held[1] += by_chance.interval.low <= 0.2 <= by_chance.interval.high
    print(f"weighted {held[0] / rounds:.1%}, within moods {held[1] / rounds:.1%}")
    assert min(held) / rounds >= 0.92


def test_with_a_fair_coin_and_nothing_shared_the_interval_is_that_of_two_shares() -> None:
    """By the textbook: the variances of two proportions, and Student's t."""
    done = np.arange(400) % 2 == 0
    bought = np.arange(400) % np.where(done, 10, 4) < 2
    found = weighted(done, bought, np.full(400, 0.5), np.arange(400))
    shares = [float(bought[side].mean()) for side in (done, ~done)]
    assert 0.0 < shares[0] < shares[1] < 1.0
    error = np.sqrt(sum(share * (1.0 - share) / 200 for share in shares) * 400 / 399)
    half = float(t.ppf(0.975, 199)) * error
    assert found.difference == pytest.approx(shares[0] - shares[1])
    assert found.interval is not None
    assert (found.interval.high - found.interval.low) / 2 == pytest.approx(half)
    assert (found.interval.high + found.interval.low) / 2 == pytest.approx(found.difference)


def test_the_weighted_difference_is_that_of_two_weighted_means() -> None:
    random = np.random.default_rng(4)
    likely, cluster = random.uniform(0.2, 0.8, 400), np.arange(400) // 4
    done, bought = random.random(400) < likely, random.random(400) < likely
    with_ = np.average(bought[done], weights=1.0 / likely[done])
    without = np.average(bought[~done], weights=1.0 / (1.0 - likely[~done]))
    found = weighted(done, bought, likely, cluster)
    assert found.difference == pytest.approx(with_ - without)
    squares = (1.0 / likely[done] ** 2).sum()
    assert found.effective is not None
    assert found.effective[0] == pytest.approx((1.0 / likely[done]).sum() ** 2 / squares)


def test_a_certain_choice_tells_nothing() -> None:
    done, bought = np.ones(200, dtype=bool), np.arange(200) % 2 == 0
    found = weighted(done, bought, np.ones(200), np.arange(200))
    assert (found.difference, found.refused) == (None, NO_CHOICE)


def test_a_weight_above_all_others_is_refused() -> None:
    likely = np.full(800, 0.5)
    done = np.arange(800) % 2 == 0
    likely[0] = 0.01  # one in a hundred, and it was done
    found = weighted(done, done, likely, np.arange(800))
    assert found.refused == "one conversation would carry 11% of the weight"


def test_weights_that_do_not_add_up_are_refused() -> None:
    done = np.arange(400) % 4 == 0  # a fourth, though the log says half
    found = weighted(done, done, np.full(400, 0.5), np.arange(400))
    assert found.refused == "the weights do not add up (mean 0.50 rather than 1)"
