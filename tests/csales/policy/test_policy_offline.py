"""`policy learn RUN...`: what logs teach, what they say of it, and what they cannot say."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result

from retailsim.agents.csales.policy.features import TABLE
from retailsim.agents.policy.linear import read_policy
from retailsim.sim.learning.csales.contest import held_out, policy_seat
from retailsim.sim.learning.csales.offline import from_logs
from retailsim.sim.run.launch_options import Options
from tests.learning.logged_runs import only, rewritten
from tests.sim.runs import event_lines, launched, sim

EXPLORING = ("--sellers", "csi", "--set", "sellers.csi.options.explore=0.3")


def learn(out: Path, *words: object) -> Result:
    return sim("policy", "learn", *words, "--out", out)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("offline") / "log"
    launched(run, "csales", *EXPLORING, "--set", "design.replications=4")
    return run


@pytest.mark.slow
def test_a_log_teaches_and_the_file_says_what(log: Path, tmp_path: Path) -> None:
    result = learn(tmp_path / "p.json", log, "--limit", "over_budget", "--floor", "surplus=1")
    assert result.exit_code == 0, result.stderr
    assert "fitted-q: learnt from 144 conversations with buyers of 36 profiles" in result.stdout
    assert "144 conversations of 36 others: keep the old one" in result.stdout
    policy = read_policy(tmp_path / "p.json", TABLE)
    assert policy.learnt is not None
    assert (policy.learnt.learner, policy.learnt.conversations) == ("fitted-q", 144)
    over, surplus = policy.learnt.limits
    budgets = json.loads(sim("replay", log, "--json").stdout)
    assert budgets["episodes"]["closed"] == 288
    assert 0.0 < over.bound < 0.5
    assert surplus.bound == 1.0


@pytest.mark.slow
def test_the_same_log_writes_the_same_bytes_wherever_it_lies(log: Path, tmp_path: Path) -> None:
    shutil.copytree(log, tmp_path / "elsewhere")
    assert learn(tmp_path / "a.json", log).exit_code == 0
    assert learn(tmp_path / "b.json", tmp_path / "elsewhere").exit_code == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        shutil.copy(tmp_path / f"{folder}.json", tmp_path / folder / "learnt.json")
        launched(
            *(tmp_path / folder / "run", "csales"),
            *("--sellers", f"policy:{tmp_path / folder / 'learnt.json'}"),
        )
    assert event_lines(tmp_path / "a" / "run") == event_lines(tmp_path / "b" / "run")


@pytest.mark.slow
def test_who_states_no_propensities_can_teach_but_not_judge(log: Path, tmp_path: Path) -> None:
    """And what is learnt is the same: learning does not look at them."""
    silent = rewritten(log, tmp_path / "run", only("ActionChosen", probabilities=None))
    result = learn(tmp_path / "p.json", silent)
    assert result.exit_code == 0, result.stderr
    assert (
        "keep the old one: 100% of the decisions have no propensities, as those of models and "
        "people have none. Learning needs none" in result.stdout
    )
    assert learn(tmp_path / "q.json", log).exit_code == 0
    assert (tmp_path / "p.json").read_bytes() == (tmp_path / "q.json").read_bytes()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sure", "0.9"), "--sure: runs are learnt from as they are"),
        (("--conversations", "7"), "--conversations: runs are learnt from as they are"),
        (("--set", "run.seed=2"), "--set: runs are learnt from as they are"),
        (("--learner", "linucb"), "--learner: 'linucb' is not one of fitted-q"),
        (("csales",), "csales: is no run; name one scenario to learn in, or runs alone"),
        (("--seller", "nobody"), "--seller nobody: in the logs there are only csi"),
        (("--limit", "love"), "--limit love: write TERM=NUMBER"),
    ],
)
def test_what_does_not_go_with_runs_is_said_in_one_line(
    log: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = learn(tmp_path / "p.json", log, *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "p.json").exists()


@pytest.mark.slow
def test_too_few_profiles_are_refused_and_a_seller_is_for_runs_alone(tmp_path: Path) -> None:
    launched(tmp_path / "run", "csales", *EXPLORING, "--set", "profiles.count=3")
    result = learn(tmp_path / "p.json", tmp_path / "run")
    assert result.exit_code == 2
    assert "3 buyer profiles; half of them are to teach and half to judge, so 4 are needed" in (
        result.stderr
    )
    result = learn(tmp_path / "p.json", "csales", "--seller", "csi")
    assert "--seller: is for runs that are learnt from; with a scenario, leave" in result.stderr
    assert result.exit_code == 2


@pytest.fixture
def chance(tmp_path: Path) -> Iterator[Path]:
    words = ("--sellers", "random-action", "--set", "profiles.half=1", "--set", "products.half=1")
    launched(tmp_path / "chance", "csales", *words, "--set", "design.replications=30")
    yield tmp_path / "chance"


@pytest.mark.slow
def test_what_chance_did_teaches_to_do_better_than_chance(chance: Path, tmp_path: Path) -> None:
    """With buyers and products that are not in the log."""
    from_logs([chance], reward={"revenue_share": 1.0}).policy.save(tmp_path / "p.json")
    seats = [
        {"id": "random-action", "agent": "random-action", "stream": "csi"},
        policy_seat("learnt", tmp_path / "p.json"),
    ]
    found = held_out(Options(scenario="csales"), seats, seed=5, replications=6)
    learnt, by_chance = (found.of(seat, "sale").mean() for seat in ("learnt", "random-action"))
    assert learnt > by_chance + 0.15
