"""What an audit counts, and that intervals hold the truth as often as they say."""

from __future__ import annotations

from dataclasses import astuple, replace
from functools import lru_cache

import numpy as np
import pytest

from retailsim.analysis.policy.audit import AuditPlan, audited
from retailsim.analysis.policy.decisions import Decisions
from retailsim.analysis.policy.diagnostics import diagnosed
from retailsim.analysis.policy.evaluation import Value, estimates
from retailsim.analysis.statistics.values import Interval
from tests.analysis.policy.policy_world import LOGGER, NEAR, World, blind, of


def value(at: float, half: float, gain: float) -> Value:
    return Value("E", at, Interval(at - half, at + half, ""), gain, Interval(gain, gain + 1.0, ""))


def test_errors_and_coverage_are_counted_by_hand() -> None:
    logs = [[value(1.0, 0.5, 0.0)], [value(3.0, 2.0, -1.5)], [value(2.5, 0.4, 0.2)]]
    [found] = audited(logs, truth=2.0, true_gain=0.1)
    errors = (-1.0, 1.0, 0.5)
    rmse = (sum(one * one for one in errors) / 3) ** 0.5
    wanted = ("E", sum(errors) / 3, rmse, (1.0 + 4.0 + 0.8) / 3, 1 / 3, 1 / 3)
    assert astuple(found) == (found.name, *map(pytest.approx, wanted[1:]))


@pytest.mark.parametrize(
    ("episodes", "clusters", "profiles", "conversations"),
    [(20_000, 365, 365, 20_000), (1_440, 72, 72, 20_000), (60, 60, 72, 4_000)],
)
def test_a_plan_holds_to_its_number(
    episodes: int, clusters: int, profiles: int, conversations: int
) -> None:
    log = World().log(LOGGER, episodes if episodes < 2_000 else 2_000, 1, clusters=clusters)
    plan = AuditPlan.of(log, profiles, conversations)
    assert plan.clusters == min(clusters, 400)
    assert plan.size <= 400
    assert plan.logs >= 20
    assert plan.total(profiles) < 1.6 * conversations or plan.logs == 20
    assert plan.rounds * profiles * 2 >= 0.4 * conversations


LOGS = 200
SHARED = World(shared=0.5)


def held(name: str, *, apart: bool = False, without_model: bool = False) -> float:
    """In how many of 200 logs an interval holds the truth.

    Parameters
    ----------
    apart : bool
        Whether episodes of a cluster are taken for independent ones.
    without_model : bool
        Whether features say nothing.
    """
    truth, count = SHARED.truth(NEAR), 0
    for seed in range(LOGS):
        log = drawn(seed)
        target = of(log, NEAR)
        log = blind(log) if without_model else log
        log = alone(log) if apart else log
        [found] = estimates(log, target, draws=400, names=[name], every_interval=True)
        assert found.interval is not None
        count += found.interval.low <= truth <= found.interval.high
    return count / LOGS


def alone(log: Decisions) -> Decisions:
    """Return a log whose episodes are clusters of their own."""
    return replace(log, cluster=np.arange(len(log.ids)), clusters=log.ids)


@lru_cache(maxsize=LOGS)
def drawn(seed: int) -> Decisions:
    """Return one of the logs: 60 clusters of five episodes, which share a part of their rewards."""
    return SHARED.log(LOGGER, 300, seed=1_000 + seed, clusters=60)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["WDR", "DR"])
def test_intervals_hold_the_truth_as_often_as_they_say(name: str) -> None:
    log = drawn(0)
    assert diagnosed(log, of(log, NEAR), seed=1).ess_share >= 0.3
    assert 0.90 <= held(name) <= 0.98


@pytest.mark.slow
def test_neither_a_wrong_model_alone_nor_lost_clusters_do() -> None:
    assert held("DM", without_model=True) < 0.8
    assert held("WDR", without_model=True) >= 0.90
    assert held("SNIPS", apart=True) < 0.90
