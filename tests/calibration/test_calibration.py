"""Calibration: a user's own target is met, and what a file gets wrong is said."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from retailsim.sim.calibration.moments import Moments
from retailsim.sim.calibration.targets import read_targets
from tests.sim.runs import launched, sim

OWN = """
[settings]
persona-buyers = ["products.per_category=3"]

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
within = 0.03
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "targets.toml"
    path.write_text(text)
    return path


def test_a_users_own_target_is_met_and_the_parameters_can_be_used(tmp_path: Path) -> None:
    path, out = written(tmp_path, OWN), tmp_path / "parameters.toml"
    result = sim("calibrate", path, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    [residual], [parameter] = found["residuals"], found["parameters"]
    assert residual["within"]
    assert found["loss"] < found["start_loss"]
    assert parameter["value"] > 0.0
    assert parameter["error"] > 0.0
    assert tomllib.loads(out.read_text())["buyer"]["choice"]["intercept"] == parameter["value"]
    words = ("--set", "products.per_category=3", "--set", f"behavioral.parameters={out}")
    said = launched(tmp_path / "run", "persona-buyers", *words)
    assert said["overall"]["conversion_rate"] == pytest.approx(residual["fitted"])


def test_what_was_fitted_is_told_where_it_cannot_be_written(tmp_path: Path) -> None:
    path = written(tmp_path, OWN)
    result = sim("calibrate", path, "--rounds", 1, "--out", tmp_path / "no" / "p.toml", "--json")
    assert result.exit_code == 2
    assert "name another file with --out" in result.stderr
    assert json.loads(result.stdout)["parameters"]


def test_moments_are_those_of_a_run(tmp_path: Path) -> None:
    path = written(tmp_path, OWN)
    read = read_targets(path)
    [moment] = Moments(read, tmp_path).of({"buyer.choice.intercept": 0.0})
    said = launched(tmp_path / "run", "persona-buyers", "--set", "products.per_category=3")
    assert moment == pytest.approx(said["overall"]["conversion_rate"])


def test_the_same_file_gives_the_same_fit(tmp_path: Path) -> None:
    path = written(tmp_path, OWN)
    first, second = (sim("calibrate", path, "--rounds", 1, "--json").stdout for _ in range(2))
    assert first == second


def test_a_target_that_cannot_be_met_is_said(tmp_path: Path) -> None:
    path = written(
        tmp_path, OWN.replace("high = 4.0", "high = 0.1").replace("0.7\nwithin", "0.99\nwithin")
    )
    result = sim("calibrate", path)
    assert result.exit_code == 1
    assert "too far" in result.stdout
    assert "0 of 1 targets met" in result.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "parameters"),
        (OWN.replace("conversion_rate", "joy"), "measure"),
        (OWN.replace("low = -4.0", "low = 1.0"), "start must lie between low and high"),
        (OWN.replace('scenario = "persona-buyers"', 'scenario = "nowhere"'), "nowhere"),
        (OWN.replace("buyer.choice.intercept", "buyer.choice.nothing"), "nothing"),
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
