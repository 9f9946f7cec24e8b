"""Calibration: a user's own target is met on unseen seeds, and what a file gets wrong is said."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

from retailsim.sim.calibration.fitted_file import check_fitted
from retailsim.sim.calibration.moments import Moments
from retailsim.sim.calibration.targets import read_targets
from tests.sim.runs import launched, sim

OWN = """
seeds = 4
slope_seeds = 1
unseen = 6

[settings]
persona-buyers = ["products.per_category=1"]

[[parameters]]
key = "buyer.choice.intercept"
start = 0.0
low = -4.0
high = 4.0
step = 0.5

[[targets]]
name = "seven in ten buy"
scenario = "persona-buyers"
measure = "conversion_rate"
value = 0.7
"""
SMALL = ("--set", "products.per_category=1")
LEVEL = {"buyer.choice.intercept": 0.0}


def written(folder: Path, text: str) -> Path:
    path = folder / "targets.toml"
    path.write_text(text)
    return path


@pytest.mark.slow
def test_a_users_own_target_is_met_on_unseen_seeds_and_can_be_used(tmp_path: Path) -> None:
    path, out, cells = (written(tmp_path, OWN), tmp_path / "parameters.toml", tmp_path / "c.toml")
    result = sim("calibrate", path, "--out", out, "--cells", cells, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    [residual], [parameter] = found["residuals"], found["parameters"]
    assert residual["fitted"] == pytest.approx(0.7, abs=0.005), "chances are smooth"
    assert found["loss"] < found["start_loss"]
    assert parameter["value"] > 0.0
    assert parameter["error"] > 0.0
    assert tomllib.loads(out.read_text())["buyer"]["choice"]["intercept"] == parameter["value"]
    assert tomllib.loads(cells.read_text()) == found["unseen"]
    for file in (out, cells):
        check_fitted(file, "--out")  # the same command may be given again
    [cell] = found["unseen"]["cells"]
    assert (found["unseen"]["first"], found["unseen"]["count"]) == (1, 6)
    assert cell["within"]
    assert cell["low"] < cell["mean"] < cell["high"]
    words = (*SMALL, "--set", f"behavioral.parameters={out}")
    said = launched(tmp_path / "run", "persona-buyers", *words)
    assert cell["low"] <= round(said["overall"]["conversion_rate"], 4) <= cell["high"], "seed 1"


def test_what_was_fitted_is_told_where_it_cannot_be_written(tmp_path: Path) -> None:
    path = written(tmp_path, OWN)
    result = sim("calibrate", path, "--rounds", 0, "--out", tmp_path / "no" / "p.toml", "--json")
    assert result.exit_code == 2
    assert "name another file with --out" in result.stderr
    assert json.loads(result.stdout)["parameters"]


@pytest.mark.slow
def test_moments_by_seed_are_those_of_runs(tmp_path: Path) -> None:
    read = read_targets(written(tmp_path, OWN))
    moments = Moments(read, tmp_path, (1, 2), cut=False, chances=False)
    runs = [
        launched(tmp_path / str(seed), "persona-buyers", *SMALL, "--seed", seed)["overall"]
        for seed in (1, 2)
    ]
    rates = [run["conversion_rate"] for run in runs]
    assert moments.by_seed(LEVEL)[:, 0].tolist() == pytest.approx(rates)
    assert moments.of(LEVEL) == pytest.approx([sum(rates) / 2])


@pytest.mark.slow
def test_chances_say_the_same_as_draws_and_vary_less(tmp_path: Path) -> None:
    """A mean over draws lies within four of its standard errors of the mean over chances."""
    read = read_targets(written(tmp_path, OWN))
    drawn, known = (
        Moments(read, tmp_path, range(1, 17), chances=chances).by_seed(LEVEL)[:, 0]
        for chances in (False, True)
    )
    error = float(drawn.std(ddof=1)) / np.sqrt(len(drawn))
    assert abs(float(drawn.mean() - known.mean())) < 4.0 * error
    assert float(known.std()) < 0.5 * float(drawn.std()), "what is left is prices: the products"


@pytest.mark.slow
def test_the_same_file_gives_the_same_fit(tmp_path: Path) -> None:
    path = written(tmp_path, OWN.replace("seeds = 4", "seeds = 1"))
    first, second = (sim("calibrate", path, "--rounds", 1, "--json").stdout for _ in range(2))
    assert first == second


@pytest.mark.slow
def test_a_target_that_cannot_be_met_is_said(tmp_path: Path) -> None:
    path = written(
        tmp_path, OWN.replace("high = 4.0", "high = 0.1").replace("value = 0.7", "value = 0.99")
    )
    result = sim("calibrate", path, "--rounds", 0)
    assert result.exit_code == 1
    assert "too far" in result.stdout
    assert "0 of 1 targets met by the mean over seeds 1 to 6" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "parameters"),
        (OWN.replace("conversion_rate", "joy"), "measure"),
        (OWN.replace("low = -4.0", "low = 1.0"), "start must lie between low and high"),
        (OWN.replace('scenario = "persona-buyers"', 'scenario = "nowhere"'), "nowhere"),
        (OWN.replace("buyer.choice.intercept", "buyer.choice.nothing"), "nothing"),
        (OWN.replace("unseen = 6", "unseen = 1"), "unseen"),
        ("no toml", "targets.toml"),
    ],
)
def test_a_file_that_makes_no_sense_is_named(text: str, said: str, tmp_path: Path) -> None:
    result = sim("calibrate", written(tmp_path, text))
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("error: ") == 1
    assert "Traceback" not in result.stderr


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    result = sim("calibrate", tmp_path / "none.toml")
    assert result.exit_code == 2
    assert "none.toml" in result.stderr
