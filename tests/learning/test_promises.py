"""Promises of limits: on problems whose answer is known, by other ways, and that they can fail."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from retailsim.analysis.statistics.clusters import rate
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.promises import (
    GRID,
    STEPS,
    Promise,
    Trend,
    Trial,
    aims,
    choose,
    promised,
)

SLOPE = -0.4
"""What a share falls by when the price rises by a factor of e."""


def trials(
    random: np.random.Generator, profiles: int, *, share: float = 0.2, times: int = 7
) -> list[Trial]:
    """Profiles differ: a share of them ever does it, each of these half of the time."""
    found = []
    for name in range(profiles):
        does = random.random() < 2.0 * share
        for number in range(times):
            step = float(STEPS[(name + number) % len(STEPS)])
            chance = (0.5 + SLOPE * step / (2.0 * share)) * does
            did = float(random.random() < chance)
            found.append(Trial(name=str(name), step=step, terms={"cost": did, "revenue": 9 * did}))
    return found


def truth(step: float, share: float = 0.2) -> float:
    return share + SLOPE * step


@pytest.mark.slow
def test_the_chosen_price_keeps_the_limit_with_others_and_the_average_would_not() -> None:
    """In 95 of 100 draws of profiles; the price at which those met keep it does in half of them."""
    limit, random = Limit(term="cost", bound=0.2), np.random.default_rng(1)
    bounded, averaged, draws = 0, 0, 300
    for _ in range(draws):
        drawn = trials(random, 150)
        chosen = choose([limit], drawn)
        bounded += truth(chosen.step) > limit.bound
        steps = np.array([one.step for one in drawn])
        slope, level = np.polyfit(steps, [one.terms["cost"] for one in drawn], 1)
        averaged += truth((limit.bound - level) / slope) > limit.bound
    assert bounded <= 0.05 * draws + 3 * math.sqrt(0.05 * 0.95 * draws)
    assert bounded > 0  # it is not kept by keeping far away
    assert averaged > 0.4 * draws


def test_trials_that_no_price_moves_make_a_bound_narrower_and_it_still_covers() -> None:
    """At the highest price, among 400 draws of 60 profiles, a fifth of whose trials are moved."""
    random, draws, step = np.random.default_rng(10), 400, float(STEPS[-1])
    steps, names = np.tile(STEPS, 120), np.repeat(np.arange(60), 10)
    covered = {"told": 0, "not told": 0, "said to be none": 0}
    width = dict.fromkeys(covered, 0.0)
    for _ in range(draws):
        does = (random.random(60) < 0.6)[names]
        moved = (random.random(600) < 0.2).astype(np.float64)
        cost = (does & (random.random(600) < 0.5 - 1.5 * steps * moved)).astype(np.float64)
        truth = 0.6 * (0.5 - 1.5 * step * 0.2)
        for said, known in zip(covered, (moved, np.ones(600), np.zeros(600)), strict=True):
            bound = Trend(steps, cost, known, names, sure=0.95).bound(step, -1.0)
            covered[said] += bound <= truth
            width[said] += (truth - bound) / draws
    error = 3 * math.sqrt(0.05 * 0.95 / draws)
    assert covered["told"] / draws == pytest.approx(0.95, abs=error)
    assert covered["not told"] / draws == pytest.approx(0.95, abs=error)
    assert covered["said to be none"] / draws < 0.95 - error
    assert 0.0 < width["told"] < 0.95 * width["not told"]


@pytest.mark.slow
def test_a_limit_that_no_price_keeps_is_promised_as_seldom_as_one_bound_errs() -> None:
    """At 95 %, in 5 of 100 draws; whoever takes the best of all prices does it twice as often."""
    limit, random = Limit(term="cost", bound=0.3), np.random.default_rng(9)
    falsely, best, draws = 0, 0, 1_000
    for _ in range(draws):
        steps = np.tile(STEPS, 280)
        names = np.repeat(np.arange(200), 7)
        does = (random.random(200) < 2.0 * limit.bound)[names]
        cost = (does & (random.random(1_400) < 0.5)).astype(np.float64)
        drawn = [
            Trial(name=str(name), step=float(step), terms={"cost": float(did), "revenue": 0.0})
            for name, step, did in zip(names, steps, cost, strict=True)
        ]
        falsely += choose([limit], drawn).promises[0].kept
        line = Trend(steps, cost, np.ones(1_400), names, sure=0.95)
        best += min(line.bound(GRID[0], 1.0), line.bound(GRID[-1], 1.0)) <= limit.bound
    error = 3 * math.sqrt(0.05 * 0.95 / draws)
    assert falsely / draws == pytest.approx(0.05, abs=error)
    assert best / draws > 0.05 + error


def test_a_price_is_not_taken_that_only_a_line_the_wrong_way_up_would_keep() -> None:
    """Costs that seem to fall with the price lowered: the highest price has to hold first."""
    random = np.random.default_rng(4)
    for slope, kept in ((0.5, False), (-0.5, True)):
        drawn = [
            Trial(
                name=str(name),
                step=float(step),
                terms={"cost": float(random.random() < 0.2 + slope * step), "revenue": 0.0},
            )
            for name in range(300)
            for step in STEPS
        ]
        [promise] = choose([Limit(term="cost", bound=0.2)], drawn).promises
        assert promise.kept == kept


def test_the_bound_at_one_price_is_that_of_a_rate_between_clusters() -> None:
    """By `statistics.clusters.rate`: at nominal 90 %, two-sided, ends have 5 % outside."""
    drawn = [
        Trial(name=one.name, step=0.0, terms=one.terms)
        for one in trials(np.random.default_rng(2), 60)
    ]
    chosen = choose([Limit(term="cost", bound=0.5)], drawn)
    found = rate(
        pl.Series([one.terms["cost"] for one in drawn]),
        pl.Series([1.0] * len(drawn)),
        pl.Series([one.name for one in drawn]),
    )
    [promise] = chosen.promises
    assert promise.value == pytest.approx(found.value)
    assert found.value is not None
    assert found.interval is not None
    assert found.value < promise.bound < found.interval.high
    two_sided, one_sided = found.interval.high - found.value, promise.bound - found.value
    assert one_sided / two_sided == pytest.approx(1.67 / 2.0, abs=0.03)


def test_how_sure_it_has_to_be_moves_the_price_and_the_bound() -> None:
    drawn, limit = trials(np.random.default_rng(8), 200), Limit(term="cost", bound=0.2)
    found = [choose([limit], drawn, sure=sure) for sure in (0.5, 0.8, 0.95)]
    steps, bounds = [one.step for one in found], [one.promises[0].bound for one in found]
    assert steps == sorted(set(steps))
    assert all(0.195 < bound <= 0.2 for bound in bounds)
    assert found[0].promises[0].value == pytest.approx(bounds[0])  # on average, and no more
    assert found[0].margin_cost == 0.0
    assert next(promised(found[1], (), "profiles")).count("(80% sure)") == 1
    [aim] = aims([limit], drawn, sure=0.5)
    assert aim.bound == pytest.approx(0.2)


def test_a_limit_that_is_aimed_at_is_where_the_bound_meets_it() -> None:
    random = np.random.default_rng(3)
    drawn = trials(random, 200, times=20)
    [aim] = aims([Limit(term="cost", bound=0.2)], drawn)
    assert 0.1 < aim.bound < 0.18
    [closer] = aims([Limit(term="cost", bound=0.2)], trials(random, 3_000))
    assert aim.bound < closer.bound < 0.2
    [floor] = aims([Limit(term="cost", bound=0.2, least=True)], drawn)
    assert floor.bound == pytest.approx(0.4 - aim.bound)
    [never] = aims([Limit(term="cost", bound=0.0)], drawn)
    assert never.bound == 0.0  # no share is below that


@pytest.mark.parametrize(
    ("profiles", "bound", "said"),
    [
        (400, 0.25, "promised for other profiles like these, at most 0."),
        (9, 0.2, "cannot promise it for other profiles: too few profiles (9); at most 0."),
        (400, 0.02, "not held for other profiles, not even at the highest price tried; at most"),
    ],
)
def test_what_cannot_be_promised_is_said(profiles: int, bound: float, said: str) -> None:
    drawn = trials(np.random.default_rng(5), profiles)
    chosen = choose([Limit(term="cost", bound=bound)], drawn)
    [promise] = chosen.promises
    assert promise.kept == said.startswith("promised")
    if not promise.kept:
        assert chosen.step == GRID[0]
    first, last = promised(chosen, (), "profiles")
    assert first.startswith(f"cost at most {bound:g}: {said}")
    assert last.endswith(" less a conversation")


def test_no_case_among_few_is_no_promise_that_there_are_none() -> None:
    def nothing(profiles: int) -> Promise:
        met = [
            Trial(name=str(n), step=0.0, terms={"cost": 0.0, "revenue": 1.0})
            for n in range(profiles)
            for _ in range(50)
        ]
        return choose([Limit(term="cost", bound=0.02)], met).promises[0]

    assert nothing(31).bound == pytest.approx(2.88 / (31 + 2.88), abs=1e-3)  # Wilson's, of 0 of 31
    assert not nothing(31).kept
    assert nothing(200).kept
    assert nothing(1).bound == math.inf


def test_a_bound_is_no_wilder_where_the_line_meets_zero() -> None:
    drawn = trials(np.random.default_rng(7), 200, share=0.02)
    bounds = [
        choose([Limit(term="cost", bound=bound)], drawn).promises[0].bound for bound in (0.0, 0.05)
    ]
    assert 0.005 < bounds[0] <= bounds[1] < 0.05


def test_two_limits_are_kept_both_and_what_keeping_away_costs_is_revenue() -> None:
    random = np.random.default_rng(6)
    drawn = trials(random, 300)
    for one in drawn:
        one.terms["good"] = 1.0 - one.terms["cost"]
    loose, tight = Limit(term="cost", bound=0.3), Limit(term="good", bound=0.8, least=True)
    alone, both = (choose(asked, drawn) for asked in ([loose], [loose, tight]))
    assert both.step > alone.step
    assert all(one.kept for one in both.promises)
    [cost, good] = both.promises
    assert good.bound == pytest.approx(1.0 - cost.bound)
    # Nine dollars for each of the cost, and the average alone would keep it at just 0.2.
    assert both.margin_cost == pytest.approx(9 * (0.2 - cost.value), abs=9 * 0.4 * 0.01)
    assert both.margin_cost > 0.1
