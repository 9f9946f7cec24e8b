"""`policy learn`: the file it writes, what it refuses, and that it is worth something."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from click.testing import Result

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.agents.csales.policy.features import NAMES, TABLE
from retailsim.agents.policy.linear import read_policy
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.sim.environments.csales.rewards import TERMS
from retailsim.sim.learning.csales.learn import course_of
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.scenario.halves import half_of
from retailsim.sim.terminal.terminal import Quiet
from tests.sim.runs import event_lines, events_of, launched, sim, torn


def learn(out: Path, *more: object, conversations: int = 60) -> Result:
    return sim("policy", "learn", "csales", "--out", out, "--conversations", conversations, *more)


@pytest.mark.slow
@pytest.mark.parametrize("learner", ["epsilon-greedy", "linucb", "thompson"])
def test_the_same_seed_writes_the_same_bytes_and_another_does_not(
    tmp_path: Path, learner: str
) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        result = learn(tmp_path / name, "--seed", seed, "--learner", learner)
        assert result.exit_code == 0, result.stderr
    a, b, c = ((tmp_path / name).read_bytes() for name in "abc")
    assert a == b
    assert json.loads(a)["weights"] != json.loads(c)["weights"]


def test_the_file_says_what_it_was_learnt_on(tmp_path: Path) -> None:
    told = ("--reward", "revenue=1", "--reward", "surplus=0.5", "--seed", 7)
    result = learn(tmp_path / "p.json", *told)
    assert "first 6 conversations: " in result.stdout
    assert f"policy: {tmp_path / 'p.json'}" in result.stdout
    learnt = read_policy(tmp_path / "p.json", TABLE).learnt
    assert learnt is not None
    assert (learnt.learner, learnt.seed, learnt.conversations) == ("linucb", 7, 60)
    assert learnt.reward == {"revenue": 1.0, "surplus": 0.5}
    halves = [half_of(profile.id) for profile in read_profiles(builtin_profiles())]
    assert learnt.profiles == halves.count(1)


def digest(out: Path, *more: object) -> str:
    assert learn(out, *more, conversations=1).exit_code == 0
    learnt = read_policy(out, TABLE).learnt
    assert learnt is not None
    return learnt.scenario


def test_it_learns_on_half_of_the_products_unless_they_are_named(tmp_path: Path) -> None:
    told = LearnOptions(scenario="csales", out=tmp_path / "p")
    sold = course_of(told, Quiet())._episodes.design.products
    assert {half_of(product.id) for product in sold} == {1}
    names = [product.id for product in sold][:40:2]
    named = msgspec.structs.replace(told, settings=(f"products.ids={names!r}",))
    assert [product.id for product in course_of(named, Quiet())._episodes.design.products] == names


@pytest.mark.slow
def test_the_scenario_is_known_by_what_is_in_it_not_by_its_place(tmp_path: Path) -> None:
    first = digest(tmp_path / "a")
    copy = tmp_path / "elsewhere.jsonl"
    shutil.copy(builtin_profiles(), copy)
    assert digest(tmp_path / "b", "--profiles", copy, "--seed", 5) == first
    assert digest(tmp_path / "c", "--set", "design.max_turns=9") != first
    assert digest(tmp_path / "d", "--set", "profiles.half=2") != first
    assert digest(tmp_path / "g", "--set", "products.half=2") != first
    copy.write_bytes(b"".join(copy.read_bytes().splitlines(keepends=True)[:-1]))
    assert digest(tmp_path / "e", "--profiles", copy, "--set", "profiles.half=2") != digest(
        tmp_path / "f", "--profiles", copy
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--learner", "linucbb"), "--learner: 'linucbb' is not one of epsilon-greedy, linucb, "),
        (("--reward", "love=1"), "--reward love=1: write TERM=NUMBER, with a term out of revenue"),
        (("--reward", "sale"), "--reward sale: write TERM=NUMBER"),
        (("--reward", "sale=nan"), "--reward sale=nan: write TERM=NUMBER"),
        (("--set", "design.pairing=self"), "design.pairing"),
    ],
)
def test_what_does_not_go_is_said_in_one_line(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    result = learn(tmp_path / "p.json", *words)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "p.json").exists()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text("mine")
    result = learn(tmp_path / "p.json")
    assert result.exit_code == 2
    assert "p.json exists and is not overwritten; name another file with --out" in result.stderr
    assert (tmp_path / "p.json").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused_before_anything_is_learnt(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("mine")
    for out, told in (
        (tmp_path / "file" / "p.json", "Not a directory; name another file with --out"),
        (tmp_path / ("x" * 300), "File name too long"),
    ):
        result = learn(out, conversations=1_000_000)
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1, result.stderr
        assert told in result.stderr
    assert learn(tmp_path / "new" / "folder" / "p.json").exit_code == 0


@pytest.mark.slow
def test_a_disk_that_is_full_in_the_end_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        result = learn(tmp_path / "p.json")
    assert result.exit_code == 3
    assert "p.json: No space left on device; name another file" in result.stderr
    assert list(tmp_path.iterdir()) == []
    assert learn(tmp_path / "p.json").exit_code == 0


def test_a_conversation_comes_to_what_its_rewards_sum_to(tmp_path: Path) -> None:
    told = LearnOptions(scenario="csales", out=tmp_path / "p", reward=("sale=1", "turn=-0.25"))
    course = course_of(told, Quiet())
    sales, random = 0.0, np.random.default_rng(1)
    for _ in range(30):
        talk = course.next()
        paid = 0.0
        while not talk.over:
            state, mask = talk.state()
            assert len(state) == len(NAMES)
            paid += talk.take(int(random.choice(np.flatnonzero(mask))))
        assert set(talk.terms) == set(TERMS)
        assert paid == pytest.approx(talk.terms["sale"] - 0.25 * talk.terms["turn"])
        assert talk.terms["illegal"] == 0.0
        sales += talk.terms["sale"]
    assert 0 < sales < 30


# -- the baseline by hand ------------------------------------------------------------------


def state(**known: float) -> list[float]:
    return [known.get(name.replace(" ", "_").replace("-", "_"), 0.0) for name in NAMES]


ARGUING = [0, 0, 0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(
    ("mask", "known", "option"),
    [
        ([1] * 8, {"style_Rational": 1.0}, "Suggestion"),
        (ARGUING, {"style_Rational": 1.0}, "Persuasion: Logical Appeal"),
        (ARGUING, {"style_Intuitive": 1.0}, "Persuasion: Emotional Appeal"),
        (ARGUING, {"style_Dependent": 1.0}, "Persuasion: Social Proof"),
        (
            ARGUING,
            {"style_Dependent": 1.0, "tried_Social_Proof": 0.4},
            "Persuasion: Evidence-Based",
        ),
    ],
)
def test_by_hand_it_shows_first_and_argues_by_style(
    mask: list[int], known: dict[str, float], option: str
) -> None:
    assert DEFAULT_TABLE.names[show_first().choose(state(**known), mask)] == option


def test_the_baseline_is_written_without_learning(tmp_path: Path) -> None:
    result = learn(tmp_path / "p.json", "--learner", "show-first")
    assert result.exit_code == 0, result.stderr
    assert read_policy(tmp_path / "p.json", TABLE) == show_first()
    assert "learnt" not in json.loads((tmp_path / "p.json").read_bytes())


# -- in a seat -----------------------------------------------------------------------------

HELD_OUT = ("--set", "profiles.half=2", "--set", "products.half=2")


@pytest.mark.slow
def test_a_learnt_policy_plays_the_same_bytes_from_another_folder(tmp_path: Path) -> None:
    assert learn(tmp_path / "a" / "learnt.json").exit_code == 0
    (tmp_path / "b").mkdir()
    shutil.copy(tmp_path / "a" / "learnt.json", tmp_path / "b" / "learnt.json")
    for folder in ("a", "b"):
        sellers = f"csi,policy:{tmp_path / folder / 'learnt.json'}"
        launched(tmp_path / folder / "run", "csales", "--sellers", sellers, *HELD_OUT)
    assert event_lines(tmp_path / "a" / "run") == event_lines(tmp_path / "b" / "run")
    seated = {event["seller"] for event in events_of(tmp_path / "a" / "run", "EpisodeOpened")}
    assert seated == {"csi", "learnt"}
    shutil.move(tmp_path / "a" / "run", tmp_path / "moved")
    shutil.rmtree(tmp_path / "a")
    verified = sim("verify", tmp_path / "moved")
    assert verified.exit_code == 0, verified.stderr


@pytest.mark.slow
def test_a_run_that_was_cut_goes_on_without_the_policys_file(tmp_path: Path) -> None:
    assert learn(tmp_path / "learnt.json").exit_code == 0
    words = ("csales", "--sellers", f"policy:{tmp_path / 'learnt.json'}", *HELD_OUT)
    launched(tmp_path / "whole", *words)
    torn(tmp_path / "whole", tmp_path / "cut", "ActionChosen")
    (tmp_path / "learnt.json").unlink()
    resumed = sim("resume", tmp_path / "cut")
    assert resumed.exit_code == 0, resumed.stderr
    assert event_lines(tmp_path / "cut") == event_lines(tmp_path / "whole")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("policy:nowhere.json", "there is no file"),
        ("policy:", "error: --sellers policy:: names no file: write policy:FILE"),
        ("policy:/", "error: --sellers policy:/: names no file: write policy:FILE"),
    ],
)
def test_a_policy_that_is_not_there_is_said_in_one_line(
    tmp_path: Path, entry: str, said: str
) -> None:
    result = sim("launch", "csales", "--sellers", entry, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.slow
def test_on_profiles_it_has_never_met_it_beats_chance(tmp_path: Path) -> None:
    told = LearnOptions(scenario="csales", out=tmp_path / "p", conversations=800)
    course = course_of(told, Quiet())
    assert list(course.run())[-1] == 800
    course.policy().save(tmp_path / "learnt.json")
    sellers = f"random-action,policy:{tmp_path / 'learnt.json'}"
    said = launched(
        *(tmp_path / "run", "csales", "--sellers", sellers, *HELD_OUT),
        *("--set", "design.replications=5"),
    )
    rates = {row["seller"]: row["conversion_rate"] for row in said["sellers"]}
    assert rates["learnt"] > rates["random-action"] + 0.15


def test_without_a_record_a_policy_is_written_as_before(tmp_path: Path) -> None:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(show_first()))
    assert list(found) == ["features", "options", "weights", "bias"]
