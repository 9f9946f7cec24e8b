"""Unseen seeds: which they are, and when a mean over them is near enough."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from retailsim.sim.calibration.targets import Parameter, Target, Targets
from retailsim.sim.calibration.unseen_seeds import UnseenCell, unseen

TARGET = Target(name="t", scenario="s", measure="conversion_rate", value=0.5)
SEEDS = range(1, 41)


class Rates:
    """Known rates, seed by seed."""

    def __init__(self, rates: NDArray[np.float64]) -> None:
        self._rates = rates

    def by_seed(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return them as one target's."""
        return self._rates[:, None]


def cell(mean: float, spread: float, target: Target = TARGET) -> UnseenCell:
    """The cell of 40 seeds with exactly this mean and standard deviation."""
    rates = np.linspace(-1.0, 1.0, len(SEEDS))
    rates = mean + spread * rates / rates.std(ddof=1)
    [found] = unseen([target], Rates(rates), {}, SEEDS).cells
    return found


@pytest.mark.parametrize(
    ("off", "within"), [(0.0, True), (0.039, True), (-0.039, True), (0.041, False), (-0.041, False)]
)
def test_a_mean_may_be_off_by_two_points_and_two_standard_errors(off: float, within: bool) -> None:
    """Spread 0.0632 over 40 seeds: a standard error of 0.01, so 0.04 are allowed."""
    found = cell(0.5 + off, 0.0632456)
    assert found.standard_error == 0.01
    assert found.allowed == 0.04
    assert found.within is within


def test_single_seeds_are_spread_and_never_judged() -> None:
    found = cell(0.5, 0.2)
    assert found.within
    assert [found.low, found.high] == pytest.approx([0.1664, 0.8336])


def test_stars_have_a_tenth() -> None:
    stars = Target(name="t", scenario="s", measure="average_rating", value=4.0)
    assert [cell(4.0 + off, 0.0, stars).within for off in (0.09, 0.11)] == [True, False]


def test_a_seed_in_which_nothing_counts_says_nothing() -> None:
    rates = np.array([0.4, np.nan, 0.6])
    [found] = unseen([TARGET], Rates(rates), {}, range(1, 4)).cells
    assert (found.mean, found.standard_error) == (0.5, 0.1)


def test_where_nothing_counts_at_all_nothing_is_met() -> None:
    [found] = unseen([TARGET], Rates(np.full(3, np.nan)), {}, range(1, 4)).cells
    assert not found.within


@pytest.mark.parametrize(
    ("seed", "seeds", "first"), [(10_001, 40, 1), (1, 40, 41), (20, 5, 25), (41, 40, 1)]
)
def test_the_fit_has_used_none_of_the_unseen(seed: int, seeds: int, first: int) -> None:
    parameter = Parameter(key="a", start=0.0, low=-1.0, high=1.0)
    targets = Targets(parameters=(parameter,), targets=(TARGET,), seed=seed, seeds=seeds)
    assert targets.unseen_seeds == range(first, first + 40)
    assert not set(targets.fitted_seeds) & set(targets.unseen_seeds)


def test_what_is_only_shown_need_not_be_near() -> None:
    shown = Target(name="t", scenario="s", measure="conversion_rate", value=0.5, fitted=False)
    rates = Rates(np.full(len(SEEDS), 0.9))
    assert unseen([shown], rates, {}, SEEDS).missed == ()
    assert [one.name for one in unseen([TARGET], rates, {}, SEEDS).missed] == ["t"]
