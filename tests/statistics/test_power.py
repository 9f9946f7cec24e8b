"""A planned number of episodes finds what it was planned for, and half of it clearly less."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from scipy.optimize import brentq
from scipy.stats import norm

from retailsim.analysis.statistics.differences import two_rates
from retailsim.analysis.statistics.power import (
    design_effect,
    detectable,
    episodes_per_arm,
    few_clusters,
    planned,
)

ICC = 0.16
EACH = 10
"""Episodes of a product in an arm."""
_NODES = norm.ppf((np.arange(400) + 0.5) / 400)
Side = tuple[pl.Series, pl.Series, pl.Series]


def chance(level: float, spread: float) -> np.ndarray:
    return np.asarray(1.0 / (1.0 + np.exp(-(level + spread * _NODES))))


def level_of(rate: float, spread: float) -> float:
    return float(brentq(lambda at: chance(at, spread).mean() - rate, -9.0, 9.0))


def alike(spread: float, rate: float) -> float:
    """Intra-class correlation where products shift the log odds by so much."""
    return float(chance(level_of(rate, spread), spread).var() / (rate * (1.0 - rate)))


SPREAD = float(brentq(lambda spread: alike(spread, 0.6) - ICC, 0.1, 4.0))
LEVELS = [level_of(rate, SPREAD) for rate in (0.6, 0.7)]


def side(bought: np.ndarray, name: str) -> Side:
    names = pl.Series([f"{name}{n}" for n in range(len(bought))])
    return pl.Series(bought), pl.Series([EACH] * len(bought)), names


def found(products: int, *, paired: bool, trials: int = 300) -> float:
    """Share of trials in which 60 % and 70 % are told apart."""
    generator, hits = np.random.default_rng(4), 0
    for _ in range(trials):
        first = generator.normal(size=products)
        second = first if paired else generator.normal(size=products)
        arms = []
        for level, shift, name in zip(
            LEVELS, (first, second), ("p", "p" if paired else "q"), strict=True
        ):
            shares = 1.0 / (1.0 + np.exp(-(level + SPREAD * shift)))
            arms.append(side(generator.binomial(EACH, shares), name))
        test = two_rates(*arms)
        hits += test.p is not None and test.p <= 0.05
    return hits / trials


@pytest.mark.slow
@pytest.mark.parametrize("paired", [True, False])
def test_a_planned_number_has_the_planned_power_and_half_of_it_has_not(paired: bool) -> None:
    effect = design_effect(ICC, EACH, paired=paired)
    needed = planned(0.6, 0.7, effect=effect, per_cluster=EACH, paired=paired)
    products = round(needed / EACH)
    assert found(products, paired=paired) == pytest.approx(0.8, abs=0.06)
    assert found(products // 2, paired=paired) < 0.65


def test_what_was_asked_of_pairs_before_was_six_times_too_much() -> None:
    """Every contrast was planned as one of different products, 25 episodes each."""
    unpaired, paired = (
        episodes_per_arm(0.6, 0.7, design_effect=design_effect(ICC, 25, paired=same))
        for same in (False, True)
    )
    assert unpaired / paired == pytest.approx(5.76, abs=0.03)


def test_the_design_effect_is_that_of_kish_or_what_is_left_within_products() -> None:
    assert design_effect(0.16, 25, paired=False) == pytest.approx(4.84)
    assert design_effect(0.16, 25, paired=True) == pytest.approx(0.84)
    assert design_effect(0.16, 1, paired=False) == 1.0
    assert design_effect(-0.1, 25, paired=True) == 1.0


def test_few_products_ask_for_more() -> None:
    """By hand for 7 degrees of freedom: 2.3646 and 0.8960 for 1.9600 and 0.8416."""
    assert few_clusters(8) == pytest.approx(((2.3646 + 0.8960) / (1.9600 + 0.8416)) ** 2, rel=1e-3)
    assert few_clusters(10_000) == pytest.approx(1.0, abs=1e-3)


def test_what_so_many_episodes_can_tell_is_what_needs_so_many() -> None:
    effect = design_effect(ICC, 25, paired=True)
    rise = detectable(0.6, 600, design_effect=effect)
    assert rise is not None
    assert episodes_per_arm(0.6, 0.6 + rise, design_effect=effect) == pytest.approx(600, abs=1)
