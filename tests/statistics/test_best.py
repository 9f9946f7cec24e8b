"""The level at which the intervals of several differences hold together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import studentized_range
from scipy.stats import t as student

from retailsim.analysis.statistics.best import joint_level, pairs


def quantile(level: float, clusters: int) -> float:
    return float(student.ppf(0.5 + level / 2.0, clusters - 1))


@pytest.mark.parametrize("arms", [3, 7])
def test_with_arms_that_share_nothing_it_is_tukeys(arms: int) -> None:
    scores = np.random.default_rng(11).normal(size=(400, arms))
    found = quantile(joint_level(scores, pairs(arms)), 400)
    tukey = studentized_range.ppf(0.95, arms, 399) / math.sqrt(2.0)
    assert found == pytest.approx(tukey, abs=0.04)


def test_two_arms_are_one_difference() -> None:
    scores = np.random.default_rng(12).normal(size=(30, 2))
    assert joint_level(scores, pairs(2)) == 0.95


def test_arms_along_a_line_ask_for_less_than_bonferroni() -> None:
    """All differences between steps of one line are one number, over and over."""
    line = np.random.default_rng(13).normal(size=(300, 1)) * np.arange(6.0)
    apart = np.random.default_rng(13).normal(size=(300, 6))
    bonferroni = 1.0 - 0.05 / 15
    assert joint_level(line, pairs(6)) == pytest.approx(0.95, abs=0.005)
    assert 0.99 < joint_level(apart, pairs(6)) <= bonferroni


def test_few_clusters_never_ask_for_more_than_bonferroni() -> None:
    for clusters in (2, 3, 5):
        scores = np.random.default_rng(clusters).normal(size=(clusters, 8))
        assert 0.95 <= joint_level(scores, pairs(8)) <= 1.0 - 0.05 / 28


def test_arms_that_are_equal_take_no_part() -> None:
    scores = np.random.default_rng(14).normal(size=(50, 2))
    doubled = np.column_stack((scores[:, 0], scores[:, 0], scores[:, 1]))
    assert joint_level(doubled, pairs(3)) == pytest.approx(0.95, abs=0.003)
    assert joint_level(np.zeros((50, 3)), pairs(3)) == 0.95


@pytest.mark.parametrize("unit", [1e-9, 1e-3, 1e9])
def test_the_level_does_not_depend_on_the_unit(unit: float) -> None:
    """Equal arms differ by rounding, which grows with the numbers, and is no difference."""
    scores = np.random.default_rng(16).normal(size=(50, 3))
    scores[0] = 0.0  # a cluster that no arm has any of
    doubled = np.column_stack((scores, scores[:, 0] * (1.0 + 1e-15)))
    for some in (scores, doubled):
        found = joint_level(unit * some, pairs(some.shape[1]))
        assert found == pytest.approx(joint_level(some, pairs(some.shape[1])), abs=1e-9)
    equal = np.column_stack((scores[:, 0], scores[:, 0] * (1.0 + 1e-15)))
    assert joint_level(unit * equal, pairs(2)) == 0.95
    line = np.column_stack((scores[:, 0], scores[:, 0] * (1.0 + 1e-15), 2.0 * scores[:, 0]))
    assert joint_level(unit * line, pairs(3)) == pytest.approx(0.95, abs=0.003)


def test_an_interval_of_the_one_that_was_picked_holds_only_at_the_level_of_all() -> None:
    """The winner's curse: of ten equal and independent arms the best one looks too good."""
    generator, clusters, arms = np.random.default_rng(15), 30, 10
    found = generator.normal(size=(2_000, clusters, arms))
    level = joint_level(found[0], np.eye(arms))
    means, errors = found.mean(axis=1), found.std(axis=1, ddof=1) / math.sqrt(clusters)
    picked = means.argmax(axis=1)[:, None]
    t = np.take_along_axis(means / errors, picked, axis=1)
    assert np.mean(np.abs(t) <= quantile(level, clusters)) >= 0.95
    assert np.mean(np.abs(t) <= quantile(0.95, clusters)) < 0.85
