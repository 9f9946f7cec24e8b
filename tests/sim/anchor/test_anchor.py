"""[anchor]: what is solved is told, recorded, and kept to; what cannot be is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.sim.runs import event_lines, launched, sim

FIGURES = ("anchor.conversion=0.3", "anchor.return_rate=0.12", "anchor.elasticity=-2.0")
SHOP = """
[run]
name = "shop"
[products]
per_category = 1
[[sellers]]
id = "shop"
agent = "warm-neighbor"
[[buyers]]
id = "ann"
agent = "steady-planner"
"""
BOB = """
[[buyers]]
id = "bob"
agent = "easy-shopper"
"""


def shop(folder: Path, more: str = "") -> Path:
    """A scenario of one seller and one buyer, and what is written below them."""
    place = folder / "shop.toml"
    place.write_text(SHOP + more)
    return place


def settings(*values: str) -> tuple[str, ...]:
    return tuple(word for value in values for word in ("--set", value))


def frozen(run: Path) -> dict[str, Any]:
    """The scenario that a run recorded."""
    found: dict[str, Any] = tomllib.loads((run / "run.toml").read_text())["scenario"]
    return found


def test_what_was_solved_is_told_and_recorded(tmp_path: Path) -> None:
    run = tmp_path / "run"
    result = sim("launch", shop(tmp_path), *settings(*FIGURES[:2]), "--out", run)
    assert result.exit_code == 0, result.stderr
    said = [line for line in result.stderr.splitlines() if line.startswith("anchor: ")]
    assert said[0] == f"anchor: solved on {tmp_path / 'shop.toml'} as it stands, for seed 1"
    said = said[1:]
    assert [line.split()[1] for line in said] == ["conversion", "elasticity", "for", "return_rate"]
    assert "-> 0.3 (all goods): as anchored" in said[0]
    assert "so the price slopes are as in the parameters 'paper', and the elasticity" in said[1]
    scenario = frozen(run)
    assert scenario["anchor"] == {"conversion": 0.3, "return_rate": 0.12}
    [buyer] = scenario["buyers"]
    levels, rates = buyer["options"]["levels"], scenario["products"]["issue_rate"]
    assert set(levels) == set(rates) == {"Food", "Fashion", "Home", "Electronics"}
    assert f"inclination {levels['Food']['inclination']:+.3f}" in said[2]
    assert f"{100 * rates['Food']:.1f}% of orders" in said[3]
    assert sim("verify", run).exit_code == 0


def test_a_category_of_its_own_is_solved_by_itself(tmp_path: Path) -> None:
    own = settings("anchor.conversion=0.5", "anchor.Fashion.conversion=0.1")
    result = sim("launch", shop(tmp_path), *own, "--out", tmp_path / "run")
    assert "-> 0.1 (Fashion): as anchored" in result.stderr
    assert "-> 0.5 (Food, Home, Electronics): as anchored" in result.stderr
    [buyer] = frozen(tmp_path / "run")["buyers"]
    levels = {name: level["inclination"] for name, level in buyer["options"]["levels"].items()}
    assert levels["Food"] == levels["Home"] == levels["Electronics"]
    assert levels["Fashion"] != levels["Food"]


def test_an_issue_rate_of_the_scenario_wins_over_the_anchor(tmp_path: Path) -> None:
    words = settings("products.issue_rate=0.5", *FIGURES[1:2])
    result = sim("launch", shop(tmp_path), *words, "--out", tmp_path / "run")
    assert result.exit_code == 0, result.stderr
    said = " ".join(result.stderr.split())
    assert "return_rate (all goods): left alone, for products.issue_rate is set: 50.0%" in said
    assert frozen(tmp_path / "run")["products"]["issue_rate"] == 0.5


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (settings("anchor.conversion=0"), "anchor.conversion: must be a number > 0.0"),
        (settings("anchor.conversion=1.2"), "anchor.conversion: must be a number < 1.0"),
        (settings("anchor.elasticity=0.5"), "anchor.elasticity: must be a number <= 0.0"),
        (settings("anchor.return_rate=0.9"), "anchor.return_rate: 0.9 cannot be reached"),
        (
            settings("anchor.Food.conversion=0.2", 'products.ids=["RSFA000001"]'),
            "anchor.Food: the run sells nothing of this category",
        ),
        (settings("anchor.sales=1"), "anchor.sales: unknown key"),
    ],
)
def test_the_impossible_is_refused_in_one_line(
    words: Sequence[str], told: str, tmp_path: Path
) -> None:
    result = sim("launch", shop(tmp_path), *words, "--out", tmp_path / "run")
    assert result.exit_code == 2
    [line] = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert told in line
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("scenario", "told"),
    [
        ("demographic", "no buyer can be moved"),
        ("csales", 'only for design.protocol = "retail"'),
    ],
)
def test_where_nothing_can_be_moved_that_is_said(scenario: str, told: str, tmp_path: Path) -> None:
    result = sim("launch", scenario, *settings(FIGURES[0]), "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert told in result.stderr
    assert result.stderr.count("error: ") == 1


@pytest.mark.slow
def test_workers_and_a_resume_play_what_was_solved_once(tmp_path: Path) -> None:
    words = (shop(tmp_path), *settings(FIGURES[0]))
    launched(tmp_path / "one", *words)
    launched(tmp_path / "two", *words, "--workers", 2)
    assert event_lines(tmp_path / "one") == event_lines(tmp_path / "two")
    assert sim("resume", tmp_path / "two").exit_code == 0
    assert sim("verify", tmp_path / "two").exit_code == 0
