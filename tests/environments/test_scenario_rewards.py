"""What a scenario says that learners are paid in: environments and `policy learn` go by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.sim.runs import event_lines, launched, sim

WORDS = ("--conversations", 20, "--set", "products.per_category=1")


def paid_in(out: Path) -> dict[str, float]:
    found: dict[str, Any] = msgspec.json.decode(out.read_bytes())
    reward: dict[str, float] = found["learnt"]["reward"]
    return reward


@pytest.mark.parametrize("name", ["pairwise", "csales"])
def test_policy_learn_goes_by_the_scenario_unless_it_is_told_otherwise(
    name: str, tmp_path: Path
) -> None:
    few = ("--set", "profiles.count=3") if name == "csales" else WORDS[2:]
    of_scenario = ("--set", "reward.sale=0.5", "--set", "reward.turn=-0.1")
    for file, words in (("a", of_scenario), ("b", (*of_scenario, "--reward", "revenue=1"))):
        out = tmp_path / f"{file}.json"
        done = sim("policy", "learn", name, "--out", out, *WORDS[:2], *few, *words)
        assert done.exit_code == 0, done.stderr
    assert paid_in(tmp_path / "a.json") == {"sale": 0.5, "turn": -0.1}
    assert paid_in(tmp_path / "b.json") == {"revenue": 1.0}


@pytest.mark.parametrize("name", ["Retail-v0", "CSales-v0"])
def test_environments_go_by_the_scenario_unless_they_are_told_otherwise(name: str) -> None:
    gymnasium = pytest.importorskip("gymnasium", reason="the extra rl has it")
    import retailsim.envs  # noqa: F401 - registers them

    settings = {"reward.turn": -0.5}
    for reward, expected in ((None, -0.5), ({"turn": 3.0}, 3.0)):
        env = gymnasium.make(f"retailsim/{name}", settings=settings, reward=reward).unwrapped
        env.reset(seed=1)
        assert env.step(0)[1] == expected


def test_both_seats_go_by_it_in_what_it_is_for() -> None:
    pytest.importorskip("pettingzoo", reason="the extra rl has it")
    from retailsim.envs import csales_aec

    env = csales_aec(settings={"reward.turn": -0.5})
    env.reset(seed=1)
    env.step(0)
    assert env.rewards == {"seller": -0.5, "buyer": 0.0}  # a buyer has a reward of its own


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pairwise", "--set", "reward.surplus=1"), "reward.surplus: is not one of revenue, "),
        (("csales", "--set", "reward.violence=1"), "reward.violence: is not one of revenue, "),
        (("pairwise", "--set", "reward.revenue=inf"), "reward.revenue = inf: has to be a finite"),
        (("pairwise", "--set", "reward.revenue=much"), "reward.revenue"),
    ],
)
def test_what_is_no_weight_is_said_in_one_line(words: tuple[str, ...], said: str) -> None:
    result = sim("launch", *words, "--dry-run")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_launch_is_the_same_whatever_is_paid(tmp_path: Path) -> None:
    small = ("--set", "products.per_category=1", "--buyers", "easy-shopper")
    launched(tmp_path / "a", *small)
    launched(tmp_path / "b", *small, "--set", "reward.sale=1")
    assert event_lines(tmp_path / "a") == event_lines(tmp_path / "b")
