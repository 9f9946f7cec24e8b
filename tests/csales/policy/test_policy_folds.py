"""`experiment policy --folds 2`: each half judges what the other taught, and both are pooled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from retailsim.sim.environments.csales.rewards import TERMS
from retailsim.sim.environments.seat_episode import SeatEpisode
from retailsim.sim.learning.course import Lessons
from retailsim.sim.learning.csales import loop
from retailsim.sim.learning.csales.contest import ARGMAX, OLD, STREAM, held_out, policy_seat
from retailsim.sim.learning.csales.course import Course
from retailsim.sim.learning.csales.folds import excess, shelves_of
from retailsim.sim.learning.csales.judged import OVER, REVENUE, SURPLUS, gain, mean, verdict
from retailsim.sim.learning.csales.learn import REWARD, TRAINING
from retailsim.sim.learning.csales.loop_plan import Sizes
from retailsim.sim.learning.csales.playing import Outcomes
from retailsim.sim.learning.csales.pooled import Pooled
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.halves import half_of
from tests.sim.runs import sim

SEEDS, PROFILES, TIMES = 5, 40, 4
LEARNT = [f"learnt-{seed}" for seed in range(1, SEEDS + 1)]
TINY = Sizes(
    seeds=2,
    conversations=60,
    frontier_seeds=1,
    frontier_conversations=30,
    collected=2,
    replications=1,
    moved=1,
)


def made_up(seed: int, effect: float) -> Pooled:
    """Two folds of buyers who earn the old one something, and what was learnt more by an effect."""
    random = np.random.default_rng(seed)
    return Pooled(
        tuple(fold(random, half, effect) for half in "ab"),
        {f"{half}{at}": f"shelf {at % 10}" for half in "ab" for at in range(PROFILES)},
    )


def fold(random: np.random.Generator, half: str, effect: float) -> Outcomes:
    shape = (1 + SEEDS, PROFILES, TIMES)
    sold = random.random(shape) < 0.5
    worth = random.gamma(2.0, 10.0, size=(1, PROFILES, 1))
    revenue = np.where(sold, worth, 0.0)
    revenue[1:] += effect
    terms = {name: np.zeros(shape) for name in TERMS} | {"revenue": revenue}
    terms["over_budget"] = (sold & (random.random(shape) < 0.3)).astype(float)
    names = tuple(f"{half}{at}" for at in range(PROFILES))
    return Outcomes(sellers=(OLD, *LEARNT), profiles=names, terms=terms)


def taken(seed: int, effect: float) -> bool:
    return verdict(gain(made_up(seed, effect), LEARNT, OLD, REVENUE), None, OLD).better


def test_what_is_no_better_is_not_taken_and_what_is_better_is() -> None:
    """The control: the old one under another name, with coins of its own."""
    assert sum(taken(seed, 0.0) for seed in range(100)) <= 6  # 2.5 of 100 by chance
    assert sum(taken(seed, 5.0) for seed in range(10)) == 10


def test_everybody_counts_once() -> None:
    pooled = made_up(1, 2.0)
    assert len(pooled.profiles) == 2 * PROFILES
    found = gain(pooled, LEARNT, OLD, REVENUE)
    by_hand = [
        float(np.mean([of.terms["revenue"][seat, at].mean() for seat in range(1, 1 + SEEDS)]))
        - float(of.terms["revenue"][0, at].mean())
        for of in pooled.folds
        for at in range(PROFILES)
    ]
    assert found.estimate == pytest.approx(100 * sum(by_hand) / len(by_hand))
    rates = [float(of.terms["over_budget"][1:].mean()) for of in pooled.folds]
    above = excess(pooled, LEARNT, [0.1, 0.2])
    assert above.estimate == pytest.approx((rates[0] - 0.1 + rates[1] - 0.2) / 2)
    alone = excess(pooled.folds[0], LEARNT, [0.1])
    assert alone.estimate == pytest.approx(rates[0] - 0.1)


def test_the_wider_of_both_intervals_is_shown() -> None:
    """Where all who come for the same are alike, that of what they came for; else by profile."""
    pooled = made_up(2, 0.0)
    alike = {name: f"shelf {int(name[1:]) // 4}" for name in pooled.profiles}
    alone = {name: name for name in pooled.profiles}
    lucky = np.repeat(np.random.default_rng(3).normal(size=PROFILES // 4), 4)[None, :, None]
    folds = tuple(
        Outcomes(
            sellers=of.sellers,
            profiles=of.profiles,
            terms={**of.terms, "revenue": of.terms["revenue"] + 20 * lucky},
        )
        for of in pooled.folds
    )
    assert width(Pooled(folds, alike)) > 1.2 * width(Pooled(folds, alone))
    assert width(Pooled(pooled.folds, alike)) >= width(Pooled(pooled.folds, alone))


def width(pooled: Pooled) -> float:
    interval = mean(pooled, LEARNT, REVENUE).interval
    assert interval is not None
    return interval.high - interval.low


# -- the command ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("policy", "--set", "profiles.half=2"), "--set profiles.half: with --folds 2 each half"),
        (("policy", "--set", "products.half=1"), "--set products.half: with --folds 2 each half"),
        (("policy", "--charts", "svg"), "--charts: there is none with --folds 2"),
        (("pairwise",), "--folds: is for policy only; in pairwise nothing is learnt"),
    ],
)
def test_what_does_not_go_is_said_in_one_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = sim("experiment", *words, "--folds", 2, "--out", tmp_path / "x")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert sim("experiment", "policy", "--folds", "3").exit_code == 2


def kept(place: Path) -> Any:
    return msgspec.json.decode(place.read_bytes())


@pytest.mark.slow
def test_both_halves_teach_and_judge_and_are_pooled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "QUICK", TINY)
    words = ("experiment", "policy", "--folds", 2, "--seed", 40, "--out", tmp_path / "x", "--json")
    result = sim(*words)
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    folds = {half: tmp_path / "x" / f"half-{half}-teaches" for half in (1, 2)}
    judges, gains, rates = [], [], []
    for half, place in folds.items():
        outcomes = kept(place / "held-out.json")[""]
        assert {half_of(name) for name in outcomes["profiles"]} == {3 - half}
        judges += outcomes["profiles"]
        seats = [outcomes["sellers"].index(f"learnt-{one}") for one in (1, 2)]
        argmax = outcomes["sellers"].index("argmax")
        revenue, over = (np.array(outcomes["terms"][term]) for term in ("revenue", "over_budget"))
        gains += (revenue[seats].mean(axis=(0, 2)) - revenue[argmax].mean(axis=1)).tolist()
        rates += (over[seats].mean(axis=(0, 2)) - kept(place / "baselines.json")["limit"]).tolist()
        learnt = [kept(place / "policies" / f"learnt-{one}.json")["learnt"] for one in (1, 2)]
        assert [one["seed"] for one in learnt] == [41, 42]  # others than without --seed
        assert "Policies, learnt and judged" in (place / "report.html").read_text("utf-8")
        assert not (place / "moved-buyers.json").exists()
    assert len(set(judges)) == len(judges)
    assert set(judges) == set(shelves_of(Options(scenario="csales")))
    values = {
        row["label"]: {one["name"]: one["measured"] for one in row["values"]}
        for row in said["outcome"]["rows"]
    }
    found = values["than argmax, both halves"]["net revenue gained"]["value"]
    assert found == pytest.approx(100 * np.mean(gains))
    assert values["both halves"]["above it"]["value"] == pytest.approx(np.mean(rates))
    assert said["outcome"]["findings"][1]["test"]["estimate"] == pytest.approx(found)
    digests = [kept(place / "baselines.json")["digests"] for place in folds.values()]
    assert digests[0] == digests[1]
    assert "Limit, csi's own rate with those who taught: " in " ".join(said["outcome"]["notes"])
    assert "than argmax, both halves" in (tmp_path / "x" / "report.html").read_text("utf-8")
    assert json.loads(sim(*words).stdout) == said
    assert sim(*(word for word in words if word not in ("--folds", 2))).exit_code == 2


# -- controls that are played --------------------------------------------------------------


class Shuffled(Course):
    """A course in which an episode is paid what another one before it came to."""

    def _targets(self, episode: SeatEpisode, rewards: Any, number: int) -> list[float]:
        told = super()._targets(episode, rewards, number)
        before: list[list[float]] = self.__dict__.setdefault("_before", [])
        before.append(told)
        return before[int(np.random.default_rng(len(before)).integers(len(before)))]


@pytest.mark.slow
def test_controls_gain_nothing(tmp_path: Path) -> None:
    """Rewards that are somebody else's teach nothing, and nobody is better than themselves."""
    scenario, folds = Options(scenario="csales"), []
    for half in (1, 2):
        halves = (f"profiles.half={half}", f"products.half={half}")
        teaching = msgspec.structs.replace(scenario, settings=(*TRAINING, *halves))
        seats: list[Any] = [
            {"id": OLD, "agent": OLD, "stream": STREAM, "options": {"temperature": ARGMAX}},
            {"id": "twin", "agent": OLD, "stream": STREAM, "options": {"temperature": ARGMAX}},
            {"id": "other", "agent": OLD, "stream": "other", "options": {"temperature": ARGMAX}},
        ]
        for seed in (1, 2):
            place = tmp_path / f"{half}-{seed}.json"
            course = Shuffled(
                Lessons(learner="linucb", conversations=400, seed=seed, reward=REWARD), teaching
            )
            assert sum(1 for _ in course.run()) == 400
            course.policy().save(place)
            seats.append(policy_seat(f"learnt-{seed}", place))
        asked = msgspec.structs.replace(scenario, settings=halves)
        folds.append(held_out(asked, seats, seed=5, replications=4))
    pooled = Pooled(tuple(folds), shelves_of(scenario))
    for column in (REVENUE, SURPLUS, OVER):
        itself = gain(pooled, ["twin"], OLD, column)
        assert (itself.estimate, itself.interval) == (0.0, None)
    for seats_of in (["twin"], ["other"], ["learnt-1", "learnt-2"]):
        assert not verdict(gain(pooled, seats_of, OLD, REVENUE), None, OLD).better
