"""Reports say what was anchored, and comparisons where two runs were solved to different shops."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.report import about
from tests.sim.anchor.test_anchor import frozen, settings, shop
from tests.sim.anchor.test_anchor_baseline import ANCHOR
from tests.sim.runs import launched, sim


@pytest.mark.slow
def test_compare_says_where_two_runs_were_solved_to_different_shops(tmp_path: Path) -> None:
    place = shop(tmp_path, ANCHOR)
    launched(tmp_path / "base", place)
    launched(tmp_path / "other", place, "--set", "anchor.conversion=0.5")
    launched(tmp_path / "cheap", place, "--set", "design.discount=0.2")
    launched(tmp_path / "taken", place, *settings(f"anchor.run={tmp_path / 'base'}"))
    launched(tmp_path / "none", shop(tmp_path))

    def cautions(one: str) -> list[str]:
        asked = ("compare", tmp_path / "base", tmp_path / one)
        found = json.loads(sim(*asked, "--json").stdout)["comparison"]["cautions"]
        told = [line for line in found if "anchor" in line]
        assert all(line in " ".join(sim(*asked).stdout.split()) for line in told)
        return told

    assert "solved to different levels" in cautions("other")[0]
    assert f"Only {tmp_path / 'base'} has an [anchor]" in cautions("none")[0]
    assert cautions("taken") == cautions("cheap") == []
    assert frozen(tmp_path / "taken")["buyers"] == frozen(tmp_path / "base")["buyers"]
    assert sim("verify", tmp_path / "taken").exit_code == 0


@pytest.mark.slow
def test_the_report_and_the_record_say_what_was_anchored(tmp_path: Path) -> None:
    launched(tmp_path / "run", shop(tmp_path, ANCHOR))
    assert "-> 0.3 (all goods): as anchored" in about(RunFolder(tmp_path / "run").read())["anchor"]
    record = tomllib.loads((tmp_path / "run" / "run.toml").read_text())["behavioral"]["anchor"]
    assert record["levels"] == frozen(tmp_path / "run")["buyers"][0]["options"]["levels"]
    launched(tmp_path / "none", shop(tmp_path))
    assert "anchor" not in about(RunFolder(tmp_path / "none").read())
