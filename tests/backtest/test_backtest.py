"""Backtests: the simulator's own unseen outcomes are trusted, the opposite of them is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.sim.runs import ROOT, launched, sim

HEADER = "from,change,measure,before,after,n_before,n_after"
CHANGES = (
    *(f"design.discount={one}" for one in (0.1, 0.2, 0.3, 0.4)),
    *(f"design.price_multipliers=[{one}]" for one in (0.8, 1.2, 1.4, 1.7)),
)


def shop(folder: Path, buyers: int, per_category: int) -> Path:
    seats = "".join(f'[[buyers]]\nid = "buyer-{n}"\n' for n in range(buyers))
    text = f'[products]\nper_category = {per_category}\n[[sellers]]\nid = "shop"\n{seats}'
    (folder / "shop.toml").write_text(text, encoding="utf-8")
    return folder / "shop.toml"


def written(file: Path, *rows: str) -> Path:
    file.write_text("\n".join((HEADER, *rows)), encoding="utf-8")
    return file


def judged(scenario: Path, file: Path, out: Path) -> dict[str, Any]:
    result = sim("backtest", scenario, file, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


@pytest.mark.slow
def test_a_backtest_says_what_was_predicted_and_goes_on_with_new_rows(tmp_path: Path) -> None:
    scenario, out = shop(tmp_path, buyers=2, per_category=1), tmp_path / "out"
    row = "0,design.discount=0.5,conversion,50 %,62 %,500,500"
    file = written(tmp_path / "observed.csv", row)
    first = judged(scenario, file, out)
    assert first["judgement"]["answer"] == "cannot tell"
    assert first["verdict"][0] == (
        "Cannot tell whether to trust the next answer: too few changes: 1, and it takes 6."
    )
    [told] = first["rows"]
    assert told["hit"] == (told["interval"]["low"] <= told["observed"] <= told["interval"]["high"])
    assert told["observed"] == pytest.approx(0.12)
    assert told["runs"][0] == str(out / "as-it-is")
    before, after = (
        json.loads(sim("replay", run, "--json").stdout)["overall"]["conversion_rate"]
        for run in told["runs"]
    )
    assert told["prediction"]["change"] == pytest.approx(after - before)
    seals = {run: (Path(run) / "events" / "SEAL").stat().st_mtime_ns for run in told["runs"]}
    written(file, row, "0,design.discount=0.2,orders,250,270,500,500")
    again = judged(scenario, file, out)
    assert again["rows"][0] == told
    assert all((Path(run) / "events" / "SEAL").stat().st_mtime_ns == seals[run] for run in seals)
    page = sim("backtest", scenario, file, "--out", out).stdout
    assert page.startswith("Cannot tell whether to trust the next answer")
    *lines, last = page.splitlines()
    assert last == f"runs: {out}"
    assert max(map(len, lines)) <= 80
    other = sim("backtest", scenario, file, "--out", out, "--seed", "2")
    assert other.exit_code == 2 and "choose another" in other.stderr


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("0,design.discunt=0.5,conversion,0.5,0.6,500,500", "did you mean"),
        (",design.discount=0.0,conversion,0.5,0.6,500,500", "changes nothing in the scenario"),
        ("0,design.discount=10%,conversion,0.5,0.6,500,500", "design.discount"),
    ],
)
def test_a_row_that_makes_no_scenario_is_named_before_anything_is_played(
    row: str, said: str, tmp_path: Path
) -> None:
    file = written(tmp_path / "observed.csv", row)
    scenario = shop(tmp_path, buyers=1, per_category=1)
    result = sim("backtest", scenario, file, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert result.stderr.startswith(f"error: {file}, line 2: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_levels_of_another_shop_and_a_single_buyer_are_said(tmp_path: Path) -> None:
    file = written(tmp_path / "o.csv", "0,design.discount=0.5,conversion,3 %,4 %,500,500")
    cautions = judged(shop(tmp_path, buyers=1, per_category=1), file, tmp_path / "out")["cautions"]
    assert any("set anchor.conversion=0.03." in one for one in cautions)
    assert any("give the scenario more [[buyers]]" in one for one in cautions)


@pytest.mark.slow
def test_its_own_unseen_outcomes_are_trusted_and_their_opposite_is_not(tmp_path: Path) -> None:
    """The world is the simulator at another seed: other products' luck, other buyers."""
    scenario = shop(tmp_path, buyers=10, per_category=4)
    world = {
        change: launched(tmp_path / f"world{n}", scenario, "--seed", "77", "--set", change)
        for n, change in enumerate((*CHANGES, "design.discount=0"))
    }
    rates = {change: run["overall"]["conversion_rate"] for change, run in world.items()}
    base = rates.pop("design.discount=0")
    found = {}
    for name, sign in (("same", 1), ("reversed", -1)):
        rows = [
            f'"{change}",conversion,{base:.5f},{base + sign * (rate - base):.5f},160,160'
            for change, rate in rates.items()
        ]
        file = written(tmp_path / f"{name}.csv", *(f",{row}" for row in rows))
        found[name] = judged(scenario, file, tmp_path / "out")["judgement"]
    assert found["same"]["answer"] == "trust"
    assert found["same"]["right"] >= 7
    assert found["reversed"]["answer"] == "do not trust"
    assert found["reversed"]["skill"] < 0


@pytest.mark.slow
def test_the_example_is_what_its_page_says(tmp_path: Path) -> None:
    """Word for word."""
    folder = ROOT / "examples" / "backtest"
    said = sim("backtest", folder / "shop.toml", folder / "observed.csv", "--out", tmp_path / "out")
    assert said.exit_code == 0, said.stderr
    page = (ROOT / "docs" / "backtest.md").read_text(encoding="utf-8")
    (block,) = re.findall(
        r"## What it says\n\n```\n(.*?)\nruns: runs/backtest\n```", page, re.DOTALL
    )
    printed, _ = "\n".join(map(str.rstrip, said.stdout.splitlines())).split("\nruns: ")
    assert printed == block
