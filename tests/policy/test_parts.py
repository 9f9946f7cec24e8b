"""Logs that are put together, and conversations that are split by what is known of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from retailsim.analysis.policy.audit import MOST_OF_A_LOG, AuditPlan
from retailsim.analysis.policy.decisions import joined
from retailsim.analysis.policy.diagnostics import MEAN_BETWEEN, diagnosed, refusals
from retailsim.analysis.policy.evaluation import log_value
from retailsim.analysis.policy.mining import mine
from retailsim.analysis.policy.mining_words import looked_at
from retailsim.analysis.policy.move_rows import BANDS, bands, moves_of, of_each
from tests.analysis.policy.policy_world import LOGGER, World


def test_logs_of_the_same_decisions_are_one_and_clusters_of_a_name_the_same() -> None:
    one, other = (World().log(LOGGER, 30, seed, clusters=10) for seed in (1, 2))
    both = joined([one, other])
    assert len(both) == len(one) + len(other)
    assert both.ids == (*one.ids, *other.ids)
    assert set(both.clusters) == {*one.clusters, *other.clusters}
    named = [both.clusters[number] for number in both.cluster]
    parts = (one, other)
    assert named == [part.clusters[number] for part in parts for number in part.cluster]
    assert [*both.episode[len(one) :]] == [*(other.episode + len(one.ids))]
    assert joined([one]) is one


@pytest.mark.parametrize("name", ["names", "feature_names", "weights"])
def test_logs_of_other_decisions_are_not_put_together(name: str) -> None:
    one = World().log(LOGGER, 10, 1)
    had = getattr(one, name)
    other: Any = {**had, "more": 2.0} if isinstance(had, dict) else (*had[:-1], "other")
    changed: dict[str, Any] = {name: other}
    with pytest.raises(ValueError, match="parts of different options, features or weights"):
        joined([one, replace(one, **changed)])


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (False, False)])
def test_one_log_of_a_seller_that_learnt_makes_all_of_them_so(first: bool, second: bool) -> None:
    logs = [World().log(LOGGER, 10, seed) for seed in (1, 2)]
    flags = zip(logs, (first, second), strict=True)
    both = joined([replace(log, adaptive=adaptive) for log, adaptive in flags])
    assert both.adaptive is (first or second)


@pytest.mark.parametrize("mean", MEAN_BETWEEN)
def test_a_mean_weight_at_a_limit_is_within_it(mean: float) -> None:
    log = World().log(LOGGER, 2_000, 1)
    found = diagnosed(log, log.propensities, seed=1)
    assert refusals(found) == refusals(replace(found, mean_weight=mean)) == ()
    beyond = mean + 0.01 * (1.0 if mean > 1.0 else -1.0)
    [refused] = refusals(replace(found, mean_weight=beyond))
    assert "the mean weight is" in refused.reason


def test_a_plan_counts_its_logs_and_twice_its_rounds_of_every_profile() -> None:
    plan = AuditPlan(logs=3, clusters=5, each=2, rounds=7)
    assert (plan.size, plan.total(11)) == (10, 30 + 2 * 7 * 11)


def test_a_plan_takes_about_as_many_conversations_as_it_is_given() -> None:
    log = World().log(LOGGER, 600, 1, clusters=60)
    plan = AuditPlan.of(log, 20, 100_000)
    assert (plan.clusters, plan.each, plan.rounds) == (60, MOST_OF_A_LOG // 60, 1_250)
    assert 99_000 < plan.total(20) <= 100_000
    assert plan.logs == (100_000 - 2 * 1_250 * 20) // plan.size


def test_a_log_gains_nothing_over_itself() -> None:
    found = log_value(World().log(LOGGER, 50, 1))
    assert (found.name, found.gain, found.gain_interval) == ("log", 0.0, None)
    assert found.interval is not None
    assert found.interval.low < found.value < found.interval.high


def test_what_clusters_share_is_said_with_the_weights() -> None:
    log = World().log(LOGGER, 200, 1)
    target = np.where(log.mask, 1.0, 0.0) / log.mask.sum(axis=1, keepdims=True)
    for shared in ("products", "buyer profiles"):
        assert diagnosed(replace(log, shared=shared), target, seed=1).shared == shared


def rows(cents: list[int | None]) -> pl.DataFrame:
    """Each conversation has two rows, and conversations of another run the same names."""
    numbers = [number // 2 for number in range(len(cents))]
    one = pl.DataFrame({"run": [number % 2 for number in range(len(cents))], "cents": cents})
    one = one.with_columns(pl.Series("episode", [f"e{number}" for number in numbers]))
    return pl.concat([one, one])


def test_conversations_of_one_name_in_two_runs_are_two() -> None:
    assert of_each(rows([100, 200, 300, 400]))["cents"].to_list() == [100, 200, 300, 400]


def test_bands_of_an_amount_have_about_equally_many_conversations_and_say_their_ends() -> None:
    cents = [100 * number for number in range(1, 2 * BANDS + 1)]
    found = bands("Price", rows([*cents, None]), "cents")
    ends = cents[1:-2:2]
    assert found.values[0] == f"up to ${ends[0] / 100:.2f}"
    assert found.values[1].startswith(f"above ${ends[0] / 100:.2f} up to $")
    assert found.values[-1] == f"above ${ends[-1] / 100:.2f}"
    half = len(found.codes) // 2
    assert [*np.bincount(found.codes[: half - 1])] == [2] * BANDS
    assert found.codes[half - 1] == -1
    none = bands("Price", rows([None, None]), "cents")
    assert (none.values, [*none.codes]) == ((), [-1] * 4)


def moved(count: int) -> pl.DataFrame:
    """Moves of so many conversations of one turn, every second one by a seller that learns."""
    some = range(count)
    return pl.DataFrame(
        {
            "run": ["r"] * count,
            "episode": [f"e{number}" for number in some],
            "turn": [1] * count,
            "seller": ["learns" if number % 2 else "stays" for number in some],
            "state": [0] * count,
            "option": ["Ask"] * count,
            "options": [["Ask", "Show"]] * count,
            "probabilities": [[0.5, 0.5]] * count,
            "sold": [True] * count,
            "profile": ["p"] * count,
        },
        schema_overrides={
            **dict.fromkeys(("run", "episode", "seller", "option", "profile"), pl.String),
            "turn": pl.Int64,
            "state": pl.Int64,
            "sold": pl.Boolean,
            "options": pl.List(pl.String),
            "probabilities": pl.List(pl.Float64),
        },
    )


@pytest.mark.parametrize("count", [0, 4])
def test_who_may_have_learnt_can_be_left_out(count: int) -> None:
    learning = {"r": {"learns"}}
    moves = moves_of(moved(count), (), states=("open",), shared="profile", learning=learning)
    assert len(moves.sold[~moves.learning]) == count // 2
    said = looked_at(mine(moves))
    assert said.startswith(f"{'' if count else '0 runs, '}{count} conversations")
    assert (f"In {count // 2} conversations the seller may have learnt" in said) is bool(count)
