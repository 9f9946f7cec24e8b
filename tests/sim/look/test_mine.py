"""`policy mine`: the table a manager reads, the JSON a program reads, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.analysis.fakelog import market, write_run
from tests.analysis.foreign import foreign_run
from tests.csales.test_sales_moves import act, talk
from tests.sim.runs import launched, sim


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("mine") / "run"
    settings = ("--set", "sellers.csi.options.explore=0.1", "--set", "design.replications=5")
    launched(path, "csales", "--sellers", "csi,random-action", *settings, "--seed", "3")
    return path


@pytest.mark.slow
def test_the_table_says_who_bought_and_how_sure_that_is(run: Path) -> None:
    shown = sim("policy", "mine", run, "--top", "2")
    assert shown.exit_code == 0, shown.stderr
    lines = [line.strip() for line in shown.stdout.splitlines()]
    assert lines[0].startswith("720 conversations with 72 profiles, by 2 sellers: ")
    assert any(line.startswith("Moves that go with buying (the first 2 of ") for line in lines)
    heading = next(line for line in lines if line.startswith("Move  "))
    for word in ("When", "For whom", "Bought with", "without", "Difference", "By propensity"):
        assert word in heading
    assert any(line.startswith("Suggestion ") and "turn 2, nothing" in line for line in lines)
    assert lines[-1].endswith("where it is there. Differences are in percentage points.")


@pytest.mark.slow
def test_json_has_every_pattern_and_the_table_only_what_holds(run: Path) -> None:
    said = json.loads(sim("policy", "mine", run, "--json").stdout)
    assert said["runs"] == [str(run)]
    mined = said["mined"]
    assert (mined["conversations"], mined["profiles"], mined["least"]) == (720, 72, 30)
    differences = [abs(one["association"]["difference"]) for one in mined["patterns"]]
    assert differences == sorted(differences, reverse=True)
    held = [one for one in mined["patterns"] if (one["adjusted_p"] or 1.0) <= 0.05]
    assert 0 < len(held) < len(differences)
    for one in mined["patterns"]:
        between = one["association"]["interval"]
        if between is not None:  # adjusted alike
            outside = not between["low"] <= 0.0 <= between["high"]
            assert outside == (one["adjusted_p"] <= 0.05)


@pytest.mark.slow
def test_only_some_buyers_are_shown_with_the_same_numbers(run: Path) -> None:
    shown = sim("policy", "mine", run, "--for", "EVERYONE", "--top", "100").stdout
    assert "everyone" in shown
    assert "inferred" not in shown
    mined = json.loads(sim("policy", "mine", run, "--json").stdout)["mined"]
    held = [one for one in mined["patterns"] if (one["adjusted_p"] or 1.0) <= 0.05]
    of_all = [one for one in held if one["segment"] == "everyone"]
    assert f", {len(of_all)} of them told" in shown.splitlines()[0]
    said = sim("policy", "mine", run, "--for", "nobody")
    assert said.exit_code == 2
    assert "--for nobody: no buyers with enough conversations are called so; " in said.stderr
    assert "everyone" in said.stderr


@pytest.mark.slow
def test_nothing_told_is_said(run: Path) -> None:
    shown = sim("policy", "mine", run, "--effect", "100")
    assert shown.exit_code == 0
    [line] = shown.stdout.splitlines()
    assert line.endswith("0 of them told: p at most 5% and at least 100 points apart.")


@pytest.mark.slow
def test_a_run_of_another_protocol_is_refused(run: Path, tmp_path: Path) -> None:
    other = write_run(tmp_path / "other", [], protocol="retail")
    plain = foreign_run(tmp_path / "plain", protocol="sealed:PLAIN")
    for runs, problem in (
        ([plain], "PLAIN does not tell the moves of its sellers"),
        ([run, other], f"{run} is a run of csales, {other} of retail: "),
        (
            [run, run.parent / "." / run.name],
            "is named twice, or a copy: each conversation counts once",
        ),
        ([run, shutil.copytree(run, tmp_path / "copy")], "is named twice, or a copy: "),
        ([tmp_path / "none"], "there is no such folder"),
    ):
        shown = sim("policy", "mine", *runs)
        assert shown.exit_code == 2
        assert problem in shown.stderr
        assert len(shown.stderr.splitlines()) == 1


def test_a_strangers_run_runs_nothing_and_writes_nothing_but_words(tmp_path: Path) -> None:
    shown = sim("policy", "mine", foreign_run(tmp_path / "gone", protocol="gone"))
    assert shown.exit_code == 2
    assert "cannot be mined: no protocol is called 'gone'" in shown.stderr
    names = ("Suggestion", "Per\x1b[31m[bold]suasion")
    talks = [talk(f"{n}", [act(1, names[n % 2])], sold=bool(n % 2)) for n in range(40)]
    run = write_run(tmp_path / "run", market("m", *talks), protocol="csales")
    shown = sim("policy", "mine", run, "--least", "5")
    assert shown.exit_code == 0, shown.stderr
    assert "\x1b" not in shown.stdout
    assert "[bold]" in shown.stdout


@pytest.mark.parametrize("adaptive", [True, False])
def test_an_environments_run_says_whether_its_seller_learnt(tmp_path: Path, adaptive: bool) -> None:
    gymnasium = pytest.importorskip(
        "gymnasium", reason="gymnasium is not installed: the extra rl has it"
    )
    env = gymnasium.make(
        "retailsim.envs:retailsim/CSales-v0", out=tmp_path / "run", episodes=4, adaptive=adaptive,
        settings={"profiles.count": 4},
    )  # fmt: skip
    for number in range(4):
        env.reset(**({} if number else {"seed": 1}))
        while not env.step(2 if env.unwrapped.action_mask()[2] else 3)[2]:
            pass
    env.close()
    shown = sim("policy", "mine", tmp_path / "run", "--least", "2")
    assert shown.exit_code == 0, shown.stderr
    said = "In 4 conversations the seller may have learnt from earlier ones"
    assert (said in shown.stdout) == adaptive
