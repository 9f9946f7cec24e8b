"""Estimators on a problem whose truth is known exactly, each beside a case in which it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.analysis.policy.estimators import ESTIMATORS, Problem
from retailsim.analysis.policy.evaluation import estimates, evaluated, log_value
from retailsim.analysis.policy.fitted_q import Worth, fitted_worth
from retailsim.analysis.policy.weights import Weights, importance_weights
from retailsim.analysis.statistics.bootstrap import Parts, ratio, ratio_sums
from retailsim.analysis.statistics.clusters import ratio_variance
from tests.analysis.policy.policy_world import FAR, LOGGER, NEAR, World, blind, of

WORLD = World()
BY_WEIGHTS = ("IPS", "SNIPS", "PDIS", "WPDIS")
DOUBLY = ("DR", "WDR")


@pytest.fixture(scope="module")
def log() -> Decisions:
    return WORLD.log(LOGGER, 6_000, seed=1, clusters=300)


def problem(log: Decisions, policy: Floats, worth: Worth | None = None) -> Problem:
    target = of(log, policy)
    fitted = fitted_worth(log, target, seed=1) if worth is None else worth
    return Problem(log, importance_weights(log, target), fitted)


def off(name: str, posed: Problem, truth: float) -> float:
    """How many standard errors an estimate is away from the truth."""
    parts = ESTIMATORS[name](posed)
    [interval] = ratio_sums([parts], seed=1, draws=400)
    assert interval is not None
    return abs(parts.value - truth) / (interval.high - interval.low) * 3.92


@pytest.mark.parametrize("name", [*BY_WEIGHTS, *DOUBLY])
def test_who_weighs_finds_the_truth_and_the_logs_mean_is_not_it(log: Decisions, name: str) -> None:
    truth = WORLD.truth(NEAR)
    posed = problem(log, NEAR)
    assert off(name, posed, truth) < 3.5
    mean = log_value(log)
    assert mean.interval is not None
    assert not mean.interval.low < truth < mean.interval.high, "else nothing is shown"


def test_the_model_alone_is_right_where_it_can_be_and_not_where_it_cannot(log: Decisions) -> None:
    truth = WORLD.truth(NEAR)
    assert abs(ESTIMATORS["DM"](problem(log, NEAR)).value - truth) < 0.1
    assert abs(ESTIMATORS["DM"](problem(blind(log), NEAR)).value - truth) > 0.2
    assert WORLD.worth(log, NEAR).state[log.starts].mean() == pytest.approx(truth, abs=0.05)


def test_doubly_robust_is_right_if_either_part_is(log: Decisions) -> None:
    truth = WORLD.truth(NEAR)
    right = WORLD.worth(log, NEAR)
    wrong = Worth.of(log, of(log, NEAR), np.tile([0.0, 6.0, 0.0], (len(log), 1)))
    skewed = log.propensities * np.array([1.0, 1.0, 0.4])
    misstated = replace(log, propensities=skewed / skewed.sum(axis=1, keepdims=True))
    for name in DOUBLY:
        assert off(name, problem(log, NEAR, right), truth) < 3.5
        assert off(name, problem(log, NEAR, wrong), truth) < 3.5
        assert off(name, problem(misstated, NEAR, right), truth) < 3.5
        assert off(name, problem(misstated, NEAR, wrong), truth) > 8.0
    for name in BY_WEIGHTS:
        assert off(name, problem(misstated, NEAR, right), truth) > 5.0


def test_a_perfect_model_leaves_nothing_to_chance_but_the_first_state() -> None:
    """Without noise, its corrections are 0 wherever the next state is not drawn either."""
    log = World(noise=0.0).log(LOGGER, 2_000, seed=3, clusters=200)
    perfect, right = problem(log, NEAR, WORLD.worth(log, NEAR)), WORLD.truth(NEAR)
    variances = {}
    for name in ("IPS", "DR"):
        parts = ESTIMATORS[name](perfect)
        variances[name] = ratio_variance(parts.above[:, 0], parts.below[:, 0])
    assert variances["DR"] < 0.25 * variances["IPS"]
    last = log.chosen == 2
    np.testing.assert_allclose(perfect.corrections[last], 0.0, atol=1e-12)
    assert off("DR", perfect, right) < 3.5


def test_paid_at_the_end_pdis_is_ips_and_otherwise_not(log: Decisions) -> None:
    late = World(terminal=True).log(LOGGER, 500, seed=4)
    posed = problem(late, NEAR)
    assert ESTIMATORS["PDIS"](posed).value == pytest.approx(ESTIMATORS["IPS"](posed).value, 1e-12)
    spread = problem(log, NEAR)
    difference = ESTIMATORS["PDIS"](spread).value - ESTIMATORS["IPS"](spread).value
    assert abs(difference) > 1e-3


def test_the_loggers_own_value_is_its_mean(log: Decisions) -> None:
    found = {one.name: one for one in estimates(log, log.propensities, draws=100)}
    mean = float(log.returns.mean())
    for name in (*BY_WEIGHTS, "clipped IPS"):
        assert found[name].value == pytest.approx(mean)
        assert found[name].gain == pytest.approx(0.0, abs=1e-12)
    for name in DOUBLY:
        assert found[name].value == pytest.approx(mean, abs=0.1)


@pytest.mark.parametrize(("target_policy", "cut"), [(NEAR, False), (FAR, True)])
def test_one_by_one_every_estimator_is_its_formula(target_policy: Floats, cut: bool) -> None:
    """A second way to each number: plain loops over conversations."""
    log = WORLD.log(LOGGER, 40, seed=5, clusters=8)
    posed = problem(log, target_policy)
    target, worth = of(log, target_policy), posed.worth
    episodes = []
    for number in range(40):
        rows = np.flatnonzero(log.episode == number)
        weight, went = 1.0, []
        for row in rows:
            option = log.chosen[row]
            weight *= target[row, option] / log.propensities[row, option]
            went.append((weight, log.rewards[row], worth.chosen[row], worth.state[row]))
        episodes.append(went)
    n = len(episodes)

    def at(went: Sequence[tuple[float, ...]], turn: int) -> float:
        return went[min(turn, len(went) - 1)][0]

    def correction(went: Sequence[tuple[float, ...]], turn: int) -> float:
        if turn >= len(went):
            return 0.0
        following = went[turn + 1][3] if turn + 1 < len(went) else 0.0
        return went[turn][0] * (went[turn][1] + following - went[turn][2])

    whole = [went[-1][0] for went in episodes]
    assert bool(max(whole) > n**0.5) is cut, "whether weights are truncated"
    returns = [sum(step[1] for step in went) for went in episodes]
    model = sum(went[0][3] for went in episodes) / n
    sums = [sum(at(went, turn) for went in episodes) for turn in range(3)]
    paid = [sum(w[t][0] * w[t][1] for w in episodes if t < len(w)) for t in range(3)]
    corrected = [sum(correction(went, turn) for went in episodes) for turn in range(3)]
    weighted = sum(w * g for w, g in zip(whole, returns, strict=True))
    wanted = {
        "DM": model,
        "IPS": weighted / n,
        "SNIPS": weighted / sum(whole),
        "clipped IPS": sum(min(w, n**0.5) * g for w, g in zip(whole, returns, strict=True)) / n,
        "PDIS": sum(paid) / n,
        "WPDIS": sum(p / s for p, s in zip(paid, sums, strict=True)),
        "DR": model + sum(corrected) / n,
        "WDR": model + sum(c / s for c, s in zip(corrected, sums, strict=True)),
    }
    for name, value in wanted.items():
        assert ESTIMATORS[name](posed).value == pytest.approx(value), name


def test_switching_gives_bias_for_variance_where_weights_are_large() -> None:
    log = WORLD.log(LOGGER, 400, seed=6)
    errors: dict[str, list[float]] = {"DR": [], "Switch-DR": []}
    for seed in range(12):
        drawn = WORLD.log(LOGGER, 200, seed=seed)
        posed = problem(drawn, FAR)
        for name, found in errors.items():
            found.append(ESTIMATORS[name](posed).value - WORLD.truth(FAR))
    assert np.square(errors["Switch-DR"]).mean() < np.square(errors["DR"]).mean()
    same = problem(log, LOGGER)
    assert ESTIMATORS["Switch-DR"](same).value == pytest.approx(ESTIMATORS["DR"](same).value, 0.05)


def weighed(now: Sequence[Sequence[float]], unforeseen: Sequence[float]) -> Problem:
    """Conversations of three turns: weights turn by turn, and what came last beside a model of 5.

    What is unforeseen is as it is weighed, so that the doubly robust estimate is 5 and its mean.
    """
    weights = np.array(now)
    log = World().log(np.array([[0.5, 0.5, 0.0]] * 2), len(weights), seed=1)
    rewards = np.zeros(weights.shape)
    rewards[:, -1] = np.array(unforeseen) / weights[:, -1]
    return Problem(
        replace(log, rewards=rewards.ravel()),
        Weights(weights.ravel(), weights[:, -1], log.turn - 1),
        Worth(*(np.full(len(log), value) for value in (0.0, 5.0, 0.0))),
    )


UNFORESEEN = (100.0, -60.0, *[0.0] * 4, 100.0, -60.0, *[0.0] * 2)
"""By chance they are 8 on average, which the model's 5 would not bear out."""


def test_a_model_that_is_trusted_once_is_trusted_to_the_end_of_the_conversation() -> None:
    """The weights were large in the middle of those that nobody foresaw, and fell again."""
    middle = [[1.0, 1_000.0 if value else 1.0, 1.0] for value in UNFORESEEN]
    posed = weighed(middle, UNFORESEEN)
    assert ESTIMATORS["DR"](posed).value == pytest.approx(5.0 + 8.0)
    assert ESTIMATORS["Switch-DR"](posed).value == pytest.approx(5.0)


def test_where_two_of_five_weights_are_huge_the_model_is_trusted_with_them() -> None:
    last = [[1.0, 1.0, 1_000.0 if value else 1.0] for value in UNFORESEEN]
    posed = weighed(last, UNFORESEEN)
    assert ESTIMATORS["DR"](posed).value == pytest.approx(5.0 + 8.0)
    assert ESTIMATORS["Switch-DR"](posed).value == pytest.approx(5.0)


def test_values_are_fitted_on_other_clusters() -> None:
    """What happened to a cluster has no part in its own values, but in those of others."""
    log = WORLD.log(LOGGER, 200, seed=7, clusters=10)
    target = of(log, NEAR)
    before = fitted_worth(log, target, seed=1)
    mine = log.cluster[log.episode] == 0
    moved = replace(log, rewards=np.where(mine, log.rewards + 5.0, log.rewards))
    after = fitted_worth(moved, target, seed=1)
    np.testing.assert_array_equal(before.chosen[mine], after.chosen[mine])
    assert abs(before.chosen[~mine] - after.chosen[~mine]).max() > 0.1


def test_the_interval_of_a_ratio_is_its_formula() -> None:
    """A second way to a studentised interval: draw by draw, cluster by cluster."""
    random = np.random.default_rng(8)
    above, below = random.random(30), random.random(30) + 0.5

    def error(a: Floats, b: Floats) -> float:
        return float(ratio_variance(a, b) ** 0.5)

    value = above.sum() / below.sum()
    weights = np.random.default_rng(3).multinomial(30, np.full(30, 1 / 30), size=250)
    drawn = []
    for row in weights:
        a, b = np.repeat(above, row), np.repeat(below, row)
        drawn.append((a.sum() / b.sum() - value) / error(a, b))
    low, high = np.quantile(drawn, [0.025, 0.975]) * error(above, below)
    [found] = ratio_sums([Parts.of(above, below)], seed=3, draws=250)
    assert found is not None
    assert found.low == pytest.approx(value - high)
    assert found.high == pytest.approx(value - low)


def test_sums_of_ratios_share_their_draws() -> None:
    random = np.random.default_rng(8)
    one = Parts.of(random.random(30), random.random(30) + 0.5)
    single, double, none = ratio_sums([one, one + one, one + -one], seed=3)
    assert single is not None and double is not None and none is not None
    assert double.high == pytest.approx(2.0 * single.high)
    assert (none.low, none.high) == (0.0, 0.0)
    alone = Parts.of(one.above[:1, 0], one.below[:1, 0])
    assert ratio_sums([alone], seed=3) == [None]
    assert (one + Parts.of(np.zeros(30), np.zeros(30))).value == pytest.approx(one.value)
    plain = ratio(one.above[:, 0], one.below[:, 0], seed=3)
    assert plain is not None
    assert single.low == pytest.approx(plain.low, rel=0.05)
    assert single.high == pytest.approx(plain.high, rel=0.05)


def test_a_gain_is_sure_only_if_its_lower_end_is_above_0(log: Decisions) -> None:
    found = evaluated(log, of(log, NEAR), draws=400)
    assert found.better
    assert not found.refused
    assert found.recommended.name == "WDR"
    assert not evaluated(log, log.propensities, draws=400).better
    worse = evaluated(log, of(log, LOGGER * 0.8 + np.array([0.2, 0.0, 0.0])), draws=400)
    assert worse.recommended.gain < 0
    assert not worse.better
    assert {one.name for one in found.values if one.interval is None} == {"DM"}
