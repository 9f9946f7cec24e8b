"""Which logs are refused for which targets, why, and how many episodes would do."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from retailsim.analysis.policy.decisions import Decisions
from retailsim.analysis.policy.diagnostics import (
    Diagnostics,
    diagnosed,
    needed_episodes,
    refusals,
)
from retailsim.analysis.policy.evaluation import evaluated
from retailsim.analysis.statistics.values import Interval
from tests.analysis.policy.policy_world import FAR, LOGGER, NEAR, World, of

SOUND = Diagnostics(
    episodes=1_000, clusters=60, decisions=4_000, horizon=9, unknown=0.0, elsewhere=0.0,
    adaptive=False, ess=100.0, largest=0.05, mean_weight=0.8,
    mean_interval=Interval(0.375, 1.125, ""), rare=0.05, impossible=0.0,
)  # fmt: skip
"""Just so."""


@pytest.fixture(scope="module")
def log() -> Decisions:
    return World().log(LOGGER, 1_200, seed=1, clusters=60)


def test_what_weights_say_is_what_loops_say(log: Decisions) -> None:
    found = diagnosed(log, of(log, NEAR), seed=1)
    weights = []
    for number in range(1_200):
        rows = np.flatnonzero(log.episode == number)
        target = of(log, NEAR)
        ratios = [target[r, log.chosen[r]] / log.propensities[r, log.chosen[r]] for r in rows]
        weights.append(math.prod(ratios))
    assert found.ess == pytest.approx(sum(weights) ** 2 / sum(w * w for w in weights))
    assert found.largest == pytest.approx(max(weights) / sum(weights))
    assert found.mean_weight == pytest.approx(sum(weights) / 1_200)
    assert found.mean_interval is not None
    assert found.mean_interval.low < 1.0 < found.mean_interval.high
    assert (found.episodes, found.clusters, found.horizon) == (1_200, 60, 3)
    assert (found.decisions, found.rare, found.impossible) == (len(log), 0.0, 0.0)
    assert not refusals(found)


def test_a_policy_is_worth_its_whole_own_log(log: Decisions) -> None:
    found = diagnosed(log, log.propensities, seed=1)
    assert (found.ess_share, found.mean_weight) == (1.0, 1.0)


def test_mass_on_what_was_rarely_or_never_done(log: Decisions) -> None:
    rare = replace(log, propensities=np.where(np.arange(3) == 1, 0.009, log.propensities))
    assert diagnosed(rare, of(log, NEAR), seed=1).rare == pytest.approx(0.4)
    chosen = np.arange(3) == log.chosen[:, None]
    sure = replace(log, propensities=chosen.astype(float))
    found = diagnosed(sure, of(log, NEAR), seed=1)
    expected = 1.0 - of(log, NEAR)[np.arange(len(log)), log.chosen].mean()
    assert found.impossible == pytest.approx(expected)
    assert found.rare == 0.0


def test_limits_are_met_exactly_there() -> None:
    assert not refusals(SOUND)


@pytest.mark.parametrize(
    ("changed", "said", "needed"),
    [
        ({"ess": 50.0}, "the effective sample size is 50.0 of 1,000; 100 are needed", 2_000),
        ({"ess": 0.0}, "the effective sample size is 0.0", None),
        ({"largest": 0.2}, "one conversation has 20.0% of all weight; the limit is 5%", 4_000),
        ({"mean_weight": 0.79}, r"the mean weight is 0.79, not about 1 \(0.8 to 1.25\)", 3_516),
        ({"mean_weight": 1.3, "mean_interval": Interval(1.1, 1.5, "")}, "weight is 1.30", None),
        ({"rare": 0.06}, "6.0% of what the policy would do was logged with a .* 0.01", None),
        ({"impossible": 1e-3}, "0.1% of what the policy would do was impossible", None),
        ({"clusters": 40}, "40 clusters .buyer profiles.; intervals need 50", 1_250),
        ({"adaptive": True}, "went on learning", None),
        ({"elsewhere": 0.02}, "in 2.0% of the decisions the seller searched elsewhere", None),
        ({"unknown": 0.5, "ess": 1.0}, "50% of the decisions have no propensities", None),
    ],
)
def test_each_gate_refuses_by_itself(changed: dict[str, Any], said: str, needed: int) -> None:
    [reason] = refusals(replace(SOUND, **changed))
    assert re.search(said, reason.reason)
    assert needed_episodes([reason]) == needed
    assert reason.helps == (next(iter(changed)) in {"ess", "largest", "mean_weight", "clusters"})


def test_the_hardest_gate_says_how_many_are_needed() -> None:
    both = refusals(replace(SOUND, ess=10.0, clusters=40))
    assert needed_episodes(both) == 10_000
    assert needed_episodes([*both, *refusals(replace(SOUND, impossible=0.1))]) is None
    assert needed_episodes([]) is None


def unknown(log: Decisions) -> Decisions:
    return replace(log, propensities=np.full(log.propensities.shape, np.nan))


@pytest.mark.parametrize(
    "spoilt",
    [unknown, lambda log: replace(log, adaptive=True), lambda log: World().log(LOGGER, 90, 1)],
)
def test_nothing_is_better_for_sure_by_a_log_that_is_refused(
    log: Decisions, spoilt: Callable[[Decisions], Decisions]
) -> None:
    kept = evaluated(log, of(log, NEAR), draws=200)
    assert kept.better
    found = evaluated(spoilt(log), of(spoilt(log), NEAR), draws=200)
    assert found.refused
    assert not found.better


def test_without_propensities_there_is_the_logs_own_value_and_no_other(log: Decisions) -> None:
    found = evaluated(unknown(log), of(log, NEAR), draws=200)
    assert not found.values
    assert found.logged.value == pytest.approx(log.returns.mean())
    assert found.logged.interval is not None


def test_a_far_target_is_refused_and_more_episodes_bring_it_nearer() -> None:
    small = World().log(LOGGER, 300, seed=2, clusters=60)
    found = evaluated(small, of(small, FAR), draws=200)
    assert found.refused
    needed = needed_episodes(found.refused)
    assert needed is not None
    more = World().log(LOGGER, 3 * needed, seed=3, clusters=60)
    assert not evaluated(more, of(more, FAR), draws=200).refused
