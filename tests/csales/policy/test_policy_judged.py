"""Verdicts on policies: what is better is taken; where nothing can be learnt the old one stays."""

from __future__ import annotations

from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from retailsim.analysis.experiments.outcomes import ExperimentOutcome
from retailsim.analysis.statistics.over_seeds import over_seeds
from retailsim.analysis.statistics.values import Interval, Test
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from retailsim.sim.environments.csales.rewards import TERMS
from retailsim.sim.learning.csales.contest import (
    BEATEN,
    OLD,
    ORACLE,
    baselines,
    digests,
    held_out,
    held_out_options,
    policy_seat,
)
from retailsim.sim.learning.csales.judged import (
    REVENUE,
    SURPLUS,
    gain,
    gains,
    headroom,
    held,
    limit_told,
    verdict,
    worth_table,
)
from retailsim.sim.learning.csales.loop_outcome import write_page
from retailsim.sim.learning.csales.playing import Outcomes
from retailsim.sim.learning.learners import LEARNERS
from retailsim.sim.learning.limits import Limit
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.halves import half_of

PROFILES, TIMES, SEEDS = 60, 6, 5
Floats = NDArray[np.float64]


def outcomes(random: np.random.Generator, effects: dict[str, float]) -> Outcomes:
    """Conversations of one seller an entry; by how much it earns more, and its buyers get less."""
    worth = random.gamma(2.0, 10.0, size=(1, PROFILES, 1))
    shape = (len(effects), PROFILES, TIMES)
    sold = random.random(shape) < 0.5
    raised = np.array([*effects.values()])[:, None, None]
    revenue = np.where(sold, worth * (1.0 + raised), 0.0)
    terms = {name: np.zeros(shape) for name in TERMS}
    terms |= {"revenue": revenue, "sale": sold.astype(float), "turn": np.ones(shape)}
    terms["surplus"] = np.where(sold, worth * (0.5 - raised), 0.0)
    terms["over_budget"] = (sold & (random.random(shape) < 0.3)).astype(float)
    names = tuple(f"p{number}" for number in range(PROFILES))
    return Outcomes(sellers=tuple(effects), profiles=names, terms=terms)


LEARNT = [f"learnt-{seed}" for seed in range(1, SEEDS + 1)]


def judged(seed: int, effect: float) -> bool:
    """Whether policies that earn so much more are taken instead of the old one."""
    found = outcomes(np.random.default_rng(seed), {OLD: 0.0, **dict.fromkeys(LEARNT, effect)})
    return verdict(gain(found, LEARNT, OLD, REVENUE), None, OLD).better


def test_where_nothing_is_to_be_gained_the_old_one_is_kept() -> None:
    """The control: in 95 % of cases at least; and what is better is found."""
    assert sum(judged(seed, 0.0) for seed in range(400)) <= 0.05 * 400
    assert sum(judged(seed, 0.8) for seed in range(20)) == 20


def learnt_where_tactics(matter: bool, seed: int) -> Test:
    """Learn which of five tactics buyers like, with five seeds, and judge it on other buyers.

    Where tactics do nothing a purchase is a toss of the buyer's coin whatever was said.
    """
    random = np.random.default_rng(seed)
    liked = random.integers(5, size=(2, 40))  # by half and profile
    base = random.uniform(0.2, 0.6, size=(2, 40))

    def sale(half: int, profile: int, tactic: int) -> float:
        fits = 0.3 * (tactic == liked[half, profile]) if matter else 0.0
        return float(random.random() < base[half, profile] + fits)

    def context(half: int, profile: int) -> list[float]:
        return [float(liked[half, profile] == tactic) for tactic in range(5)]

    rows = []
    for training in range(SEEDS):
        learner = LEARNERS["linucb"](5, 5, np.random.default_rng([seed, training]))
        for profile in random.integers(40, size=200):
            state = context(0, profile)
            tactic = learner.choose(state, [1] * 5)
            learner.add(state, tactic, [sale(0, profile, tactic)])
        best = [learner.best(context(1, profile), [1] * 5) for profile in range(40)]
        new = [np.mean([sale(1, p, best[p]) for _ in range(8)]) for p in range(40)]
        old = [np.mean([sale(1, p, 0) for _ in range(8)]) for p in range(40)]
        rows.append([a - b for a, b in zip(new, old, strict=True)])
    return over_seeds(np.array(rows))


@pytest.mark.slow
def test_buyers_whom_tactics_do_nothing_to_teach_nothing() -> None:
    """The whole way, from learning to the verdict: in 95 % of cases the old one is kept."""
    idle = [verdict(learnt_where_tactics(False, seed), None, OLD).better for seed in range(20)]
    assert sum(idle) <= 1
    assert verdict(learnt_where_tactics(True, 1), None, OLD).better


@pytest.mark.parametrize(
    ("revenue", "surplus", "better", "why"),
    [
        ((1.0, 0.2, 1.8), 0.5, True, "take the new one instead of csi: it earns more for sure"),
        ((1.0, -0.2, 2.2), 0.5, False, "keep csi: the gain is not above 0 for sure"),
        ((1.0, 0.2, 1.8), -0.1, False, "keep csi: what is gained is taken from buyers"),
        ((-1.0, -1.8, -0.2), 0.5, False, "keep csi: the gain is not above 0 for sure"),
        (None, 0.5, False, "keep csi: nothing was counted"),
    ],
)
def test_a_verdict_asks_for_a_sure_gain_that_no_buyer_pays(
    revenue: tuple[float, float, float] | None, surplus: float, better: bool, why: str
) -> None:
    test = Test(method="t", note="nothing was counted")
    if revenue is not None:
        test = Test(method="t", estimate=revenue[0], interval=Interval(*revenue[1:], "t"))
    found = verdict(test, Test(method="t", estimate=surplus), OLD)
    assert (found.better, found.why) == (better, why)


def test_a_gain_that_buyers_pay_is_not_taken() -> None:
    found = outcomes(np.random.default_rng(1), {OLD: 0.0, **dict.fromkeys(LEARNT, 0.6)})
    revenue, surplus = (gain(found, LEARNT, OLD, column) for column in (REVENUE, SURPLUS))
    assert revenue.interval is not None
    assert revenue.interval.low > 0.0
    assert not verdict(revenue, surplus, OLD).better


def test_the_table_has_everybody_in_the_same_columns_and_in_cents(tmp_path: Path) -> None:
    found = outcomes(
        np.random.default_rng(2), {OLD: 0.0, ORACLE: 0.8, **dict.fromkeys(LEARNT, 0.4)}
    )
    table = worth_table(found, {OLD: [OLD], "learnt": LEARNT}, name="worth", title="Worth")
    assert [row.label for row in table.rows] == [OLD, "learnt"]
    names = [value.name for value in table.rows[0].values]
    assert names == ["net revenue", "SR", "buyer surplus", "over budget", "illegal"]
    revenue = table.rows[1].values[0].measured
    assert revenue.value == pytest.approx(100 * found.terms["revenue"][2:].mean())
    shares = headroom(found, LEARNT, OLD, ORACLE), headroom(found, LEARNT, OLD, OLD)
    assert shares[0] == pytest.approx(0.5, abs=0.15)
    assert shares[1] is None
    claims = gains(found, "learnt", LEARNT, (OLD, ORACLE))
    assert [claim.claim for claim in claims] == [
        "net revenue of learnt minus csi",
        "net revenue of learnt minus told-argmax",
        "buyer surplus of learnt minus csi",
        "buyer surplus of learnt minus told-argmax",
    ]
    assert all(claim.adjusted_p is not None for claim in claims)
    sure = msgspec.structs.replace(claims[0], adjusted_p=1e-5)
    outcome = ExperimentOutcome(title="x", tables=(), findings=(sure,))
    write_page(outcome, tmp_path / "x.html")
    shown = (tmp_path / "x.html").read_text(encoding="utf-8")
    assert "&lt;0.001" in shown
    assert "0.000" not in shown


def test_a_limit_is_held_if_its_upper_end_is() -> None:
    found = outcomes(np.random.default_rng(3), dict.fromkeys(LEARNT, 0.0))
    rate = float(found.terms["over_budget"].mean())
    assert held(found, LEARNT, rate, 0.04)
    assert not held(found, LEARNT, rate, 0.0)  # the mean is at the limit, and its end above


@pytest.mark.parametrize(
    ("away", "said"),
    [
        (0.1, "held (held out"),
        (0.0, "not shown to be held, nor broken: 60 profiles cannot tell (held out"),
        (-0.1, "broken (held out"),
    ],
)
def test_a_limit_that_profiles_cannot_tell_of_is_neither_held_nor_broken(
    away: float, said: str
) -> None:
    found = outcomes(np.random.default_rng(5), dict.fromkeys((OLD, *LEARNT), 0.0))
    rate = float(np.mean([found.of(seat, "over_budget") for seat in LEARNT]))
    limit = Limit(term="over_budget", bound=rate + away)
    assert limit_told(found, LEARNT, limit, 0.0).startswith(f"{limit.words}; {said} {rate:.1%} (")


# -- who plays -----------------------------------------------------------------------------


def test_baselines_are_known_by_digests_that_do_not_depend_on_their_place(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    first, second = (
        digests(baselines(tmp_path / "a", DEFAULT_TABLE)),
        digests(baselines(tmp_path / "b", DEFAULT_TABLE)),
    )
    assert first == second
    assert set(first) == {*BEATEN, "random-action", "told", ORACLE}
    assert len(set(first.values())) == len(first)
    changed = tmp_path / "a" / "show-first.json"
    changed.write_bytes(changed.read_bytes() + b" ")
    again = digests([policy_seat("show-first", changed)])
    assert again["show-first"] != first["show-first"]


def test_seats_meet_what_nobody_learnt_from_and_the_same_buyers(tmp_path: Path) -> None:
    """A seat that is there twice comes to the same twice."""
    seats = [
        *baselines(tmp_path, DEFAULT_TABLE)[:1],
        {"id": "twin", "agent": "csi", "stream": "csi"},
    ]
    found = held_out(Options(scenario="csales"), seats, seed=3, replications=1)
    assert {half_of(profile) for profile in found.profiles} == {2}
    for name in TERMS:
        np.testing.assert_array_equal(found.of(OLD, name), found.of("twin", name))
    assert found.terms["sale"].sum() > 0


@pytest.mark.parametrize(
    ("taught", "profiles", "products"),
    [
        ((), 2, 2),
        (("profiles.half=1", "products.half=1"), 2, 2),
        (("profiles.half=2", "products.half=2"), 1, 1),
        (("profiles.half=2",), 1, 2),
    ],
)
def test_the_halves_that_were_not_learnt_from_judge(
    taught: tuple[str, ...], profiles: int, products: int
) -> None:
    asked = Options(scenario="csales", settings=taught)
    played, _ = read_scenario(held_out_options(asked, [{"id": OLD, "agent": "csi"}], 3, 1))
    assert (played.profiles.half, played.products.half) == (profiles, products)
