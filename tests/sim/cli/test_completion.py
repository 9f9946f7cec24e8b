"""What the shell offers after TAB, as bash asks for it; and the names that help pages list."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

from retailsim.sim.cli import main
from retailsim.sim.experiments.presets import ABOUT, EXPERIMENTS, LOOPS
from retailsim.sim.scenario.builtin import builtin_about, builtin_scenarios


def offered(line: str) -> list[str]:
    """The words that bash shows for a line that ends where the cursor stands."""
    words = line.split(" ")
    asked = {
        "_RETAILSIM_COMPLETE": "bash_complete",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(words) - 1),
    }
    result = CliRunner().invoke(main, [], prog_name="retailsim", env=asked)
    assert result.exit_code == 0
    assert result.stderr == ""
    return [one.removeprefix("plain,") for one in result.stdout.splitlines() if one]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with runs, the last of them made first, and other things."""
    for number, name in enumerate(("runs/old", "runs/study/arm", "runs/new", "mine")):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.toml").touch()
        os.utime(tmp_path / name / "run.toml", (number, number))
    (tmp_path / "runs" / "notes").mkdir()
    for name in ("shop.toml", "runs/other.toml", "stand-in.csv"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_scenarios_are_built_in_ones_and_files(folder: Path) -> None:
    assert offered("retailsim launch sta") == ["stand-ins"]
    assert offered("retailsim launch sho") == ["shop.toml"]
    assert offered("retailsim launch ") == [*builtin_scenarios(), "shop.toml"]
    assert offered("retailsim launch runs/") == ["runs/other.toml"]
    assert offered("retailsim launch zzz") == ["file,zzz"], "whatever the shell has"


def test_experiments_are_offered() -> None:
    assert offered("retailsim experiment p") == [
        "pairwise", "price-demand", "persona-effects", "policy",
    ]  # fmt: skip
    assert offered("retailsim experiment zzz") == []


@pytest.mark.parametrize("command", ["replay", "report", "compare", "resume", "verify", "export"])
def test_runs_are_offered_the_newest_first(folder: Path, command: str) -> None:
    assert offered(f"retailsim {command} ") == ["mine", "runs/new", "runs/old"]
    assert offered(f"retailsim {command} runs/") == ["runs/new", "runs/study/arm", "runs/old"]
    assert offered(f"retailsim {command} {folder}/m") == [f"{folder}/mine"]
    assert offered(f"retailsim {command} runs/no") == ["dir,runs/no"], "any folder"


def test_a_run_that_is_in_the_command_is_not_offered_again(folder: Path) -> None:
    assert offered("retailsim compare runs/new ") == ["mine", "runs/old"]
    assert offered("retailsim replay mine runs/old ") == ["runs/new"]


def test_policies_are_learnt_from_scenarios_or_runs(folder: Path) -> None:
    assert offered("retailsim policy learn m") == ["mine"]
    assert offered("retailsim policy learn cs") == ["csales", "csales-ablation"]


def test_every_name_has_its_line_in_the_help() -> None:
    assert list(ABOUT) == [*EXPERIMENTS, *LOOPS]
    for command, names in (("experiment", ABOUT), ("launch", builtin_scenarios())):
        page = CliRunner().invoke(main, [command, "--help"], env={"COLUMNS": "80"}).stdout
        for name in names:
            assert f"\n  {name} " in page


@pytest.mark.parametrize("name", builtin_scenarios())
def test_a_built_in_scenario_begins_with_what_it_is_about(name: str) -> None:
    about = builtin_about(name)
    assert 20 < len(about) < 160
    assert about[0].isupper()
    assert about[-1] in ".?"
