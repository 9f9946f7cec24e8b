"""`policy learn` in the retail protocol: what it writes, what it refuses, what it learns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from retailsim.agents.policy.linear import read_policy
from retailsim.agents.retail.policy.by_hand import OPTIONS, by_the_sheet
from retailsim.agents.retail.policy.features import NAMES, TABLE
from retailsim.sim.environments.retail.rewards import TERMS
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.retail.learn import course_of
from tests.retail.policies import PLAIN
from tests.sim.runs import events_of, launched, scenario, sim

ONE = ("--set", "products.per_category=2", "--buyers", "easy-shopper")


def learn(out: Path, *words: object) -> Result:
    return sim("policy", "learn", "pairwise", "--out", out, *words)


@pytest.mark.slow
def test_the_same_seed_writes_the_same_file_and_another_one_does_not(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        done = learn(tmp_path / f"{name}.json", "--conversations", 60, "--seed", seed, *ONE)
        assert done.exit_code == 0, done.stderr
        assert "first 6 conversations: " in done.stdout
    files = [(tmp_path / f"{name}.json").read_bytes() for name in "abc"]
    assert files[0] == files[1] != files[2]
    learnt = read_policy(tmp_path / "a.json", TABLE).learnt
    assert learnt is not None
    assert (learnt.learner, learnt.conversations, learnt.seed) == ("linucb", 60, 1)
    assert learnt.reward == {"revenue_share": 1.0, "violations": -0.25}


def test_what_is_met_names_the_file_whatever_it_is_called(tmp_path: Path) -> None:
    def digest(**given: Any) -> str:
        told = LearnOptions(scenario="pairwise", out=tmp_path / "p", **given)
        course = course_of(told)
        return course.digest(course._run)

    same = [digest(), digest(seed=2), digest(learner="thompson")]
    assert len(set(same)) == 1
    others = (
        {"settings": ("products.per_category=2",)},
        {"settings": ("design.discount=0.1",)},
        {"settings": ("products.issue_rate=0.5",)},
        {"settings": ("shipping.rate=0.2",)},
        {"settings": ("policy.Food.window_days=3",)},
        {"settings": ("behavioral.parameters=field",)},
        {"buyers": "easy-shopper"},
    )
    assert len({digest(**given) for given in others} | set(same)) == len(others) + 1


@pytest.mark.slow
def test_half_of_the_products_teach_and_the_others_judge(tmp_path: Path) -> None:
    course = course_of(LearnOptions(scenario="pairwise", out=tmp_path / "p"))
    taught = {spec.product.id for spec in course._episodes.first}
    launched(tmp_path / "run", "--set", "products.half=2", "--sellers", "plain-dealer")
    judged = {event["product"] for event in events_of(tmp_path / "run", "EpisodeOpened")}
    assert not taught & judged
    assert len(taught) + len(judged) == 120


def test_an_episode_comes_to_what_its_rewards_sum_to(tmp_path: Path) -> None:
    told = LearnOptions(scenario="pairwise", out=tmp_path / "p", reward=("sale=1", "turn=-0.25"))
    course = course_of(told)
    sales, random = 0.0, np.random.default_rng(1)
    for _ in range(30):
        episode, paid = course.next(), 0.0
        while not episode.over:
            state, mask = episode.state()
            assert len(state) == len(NAMES)
            paid += episode.take(int(random.choice(np.flatnonzero(mask))))
        assert set(episode.terms) == set(TERMS)
        assert paid == pytest.approx(episode.terms["sale"] - 0.25 * episode.terms["turn"])
        sales += episode.terms["sale"]
    assert 0 < sales < 30


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["epsilon-greedy", "linucb", "thompson"])
def test_what_can_be_learnt_is_learnt(learner: str, tmp_path: Path) -> None:
    """Paid for refunds, it refunds; paid against them, it does not: the other is the control."""
    shares = []
    for weight in (1, -1):
        out = tmp_path / f"{weight}.json"
        how = ("--learner", learner, "--conversations", 500, "--reward", f"refund={weight}")
        assert learn(out, *how, *ONE).exit_code == 0
        run = tmp_path / f"run{weight}"
        words = ("--set", "products.per_category=3", "--buyers", "easy-shopper")
        said = launched(run, "pairwise", "--sellers", f"policy:{out}", *words)
        shares.append(said["overall"]["refund_rate"])
    paid, charged = shares
    assert charged < 0.25
    assert paid > 0.5


@pytest.mark.slow
def test_a_limit_is_kept_at_a_price(tmp_path: Path) -> None:
    told = LearnOptions(
        scenario="pairwise",
        out=tmp_path / "p",
        conversations=600,
        reward=("sale=1",),
        limit=("violations=0.2",),
        buyers="careful-saver",
    )
    course = course_of(told)
    assert list(course.run())[-1] == 600
    learnt = course.policy().learnt
    assert learnt is not None
    [limit] = learnt.limits
    assert (limit.term, limit.bound, limit.least) == ("violations", 0.2, False)
    last = [held["violations"] for held in course.held[-100:]]
    assert np.mean(last) < 0.6


# -- the baseline by hand ------------------------------------------------------------------


def test_the_baseline_stays_by_the_sheet(tmp_path: Path) -> None:
    assert OPTIONS == PLAIN
    out = tmp_path / "sheet.json"
    assert learn(out, "--learner", "by-the-sheet").exit_code == 0
    assert read_policy(out, TABLE) == by_the_sheet()
    launched(tmp_path / "run", "pairwise", "--sellers", f"policy:{out}", *ONE)
    assert {event["option"] for event in events_of(tmp_path / "run", "SellerChose")} == set(PLAIN)


# -- what is refused -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--learner", "linucbb"), "--learner: 'linucbb' is not one of epsilon-greedy, linucb"),
        (("--learner", "show-first"), "'show-first' is not one of "),
        (("--reward", "surplus=1"), "--reward surplus=1: write TERM=NUMBER, with a term out of"),
        (("--reward", "revenue=much"), "--reward revenue=much: write TERM=NUMBER"),
        (("--reward", "revenue=inf"), "--reward revenue=inf: write TERM=NUMBER"),
        (("--limit", "violations"), "violations: a number is needed here; write violations=NUMBER"),
        (("--limit", "love=1"), "--limit love=1: write TERM=NUMBER, with a term out of revenue, "),
        (("--floor", "satisfaction=3"), "satisfaction is between -2 and 2 on average; write such"),
        (("--floor", "joy=1"), "--floor joy=1: write TERM=NUMBER"),
        (("--set", "design.broadcast=shared"), 'design.broadcast has to be "episode"'),
    ],
)
def test_what_does_not_go_is_said_in_one_line(
    words: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    result = learn(tmp_path / "p.json", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "p.json").exists()


def test_profiles_are_of_another_protocol(tmp_path: Path) -> None:
    (tmp_path / "profiles.jsonl").write_text("")
    result = learn(tmp_path / "p.json", "--profiles", tmp_path / "profiles.jsonl")
    assert result.exit_code == 2
    assert "its buyers have no profiles; leave --profiles out" in result.stderr


def test_a_protocol_without_policies_is_refused(tmp_path: Path) -> None:
    text = """
    sellers = [{ id = "s", agent = "behavioral" }]
    buyers = [{ id = "b", agent = "behavioral" }]
    design = { protocol = "tests.protocols.sealed_bid:PROTOCOL" }
    """
    path = scenario(tmp_path, text)
    result = sim("policy", "learn", path, "--out", tmp_path / "p.json")
    assert result.exit_code == 2
    assert result.stderr == (
        "error: design.protocol: 'tests.protocols.sealed_bid:PROTOCOL' has no policy learn, which "
        "is for retail, csales\n"
    )


def test_a_run_is_no_scenario(tmp_path: Path) -> None:
    launched(tmp_path / "run", "--set", "products.per_category=1", "--buyers", "easy-shopper")
    for words, said in (
        ((tmp_path / "run", "pairwise"), "pairwise: is no run; name one scenario to learn in, or"),
        ((tmp_path / "run", "--conversations", 5), "--conversations: runs are learnt from as they"),
        (("pairwise", "pairwise"), "pairwise: is no run; name one scenario to learn in, or runs"),
        (("pairwise", "--seller", "p"), "--seller: is for runs that are learnt from; with a"),
    ):
        result = sim("policy", "learn", *words, "--out", tmp_path / "p.json")
        assert result.exit_code == 2
        assert said in result.stderr
        assert result.stderr.count("\n") == 1


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("mine")
    result = learn(tmp_path / "p.json")
    assert result.exit_code == 2
    assert "p.json exists and is not overwritten; name another file with --out" in result.stderr
    assert (tmp_path / "p.json").read_text() == "mine"
