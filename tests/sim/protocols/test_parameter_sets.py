"""Which set of behavioral parameters a run has, and what follows from it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from retailsim.sim.protocols.retail.defaults import BUILTIN_WALLET
from tests.sim.runs import SMALL, launched, sim

FIELD_RATE = {"Food": 0.05, "Fashion": 0.40, "Home": 0.15, "Electronics": 0.15}


def frozen(folder: Path, *arguments: object) -> dict[str, Any]:
    """The scenario that a launched run keeps."""
    launched(folder / "run", *SMALL, *arguments)
    found: dict[str, Any] = tomllib.loads((folder / "run" / "run.toml").read_text())["scenario"]
    return found


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    lines = ["id,title,price,category"]
    lines += [f"J{number},Rain jacket {number},{20 + number}.50,Fashion" for number in range(4)]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.slow
def test_the_built_in_catalogue_goes_with_the_paper(tmp_path: Path) -> None:
    found = frozen(tmp_path)
    assert found["behavioral"]["parameters"] == "paper"
    assert set(found["behavioral"]["wallet"].values()) == {BUILTIN_WALLET}
    assert found["products"]["issue_rate"] == 1.0


def test_a_catalogue_of_ones_own_goes_with_people(tmp_path: Path, catalogue: Path) -> None:
    found = frozen(tmp_path, "--catalog", catalogue)
    assert found["behavioral"]["parameters"] == "field"
    assert found["behavioral"]["wallet"] == {"Fashion": pytest.approx(0.6278, abs=1e-4)}
    assert found["products"]["issue_rate"] == FIELD_RATE


def test_what_the_scenario_says_wins_over_the_set(tmp_path: Path, catalogue: Path) -> None:
    said = ("behavioral.parameters=paper", "products.issue_rate=0.5", "behavioral.wallet.Food=3.0")
    settings = [word for one in said for word in ("--set", one)]
    found = frozen(tmp_path, "--catalog", catalogue, *settings)
    assert found["behavioral"] == {"parameters": "paper", "wallet": {"Food": 3.0}}
    assert found["products"]["issue_rate"] == 0.5


def test_a_file_is_laid_over_the_set_that_it_names(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('base = "field"\n[buyer.choice]\nintercept = 1.0\n', encoding="utf-8")
    found = frozen(tmp_path, "--set", f"behavioral.parameters={file}")
    assert found["products"]["issue_rate"] == FIELD_RATE
    assert (tmp_path / "run" / "inputs" / "behavioral.toml").read_bytes() == file.read_bytes()


def test_a_base_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('base = "people"\n', encoding="utf-8")
    ended = sim("launch", "--out", tmp_path / "run", "--set", f"behavioral.parameters={file}")
    assert ended.exit_code == 2
    assert "base = 'people' is not one of paper, field" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_issues_of_a_normal_shop_are_fewer_than_orders(tmp_path: Path, catalogue: Path) -> None:
    """The control is the paper's setting, where every order has one."""

    def issues(folder: Path, name: str) -> tuple[int, int]:
        settings = ("--set", f"behavioral.parameters={name}", "--set", "design.replications=4")
        launched(folder, *SMALL, "--catalog", catalogue, *settings)
        log = b"".join(path.read_bytes() for path in sorted((folder / "events").glob("*.jsonl")))
        return log.count(b'"type":"OrderPlaced"'), log.count(b'"type":"IssueRaised"')

    orders, raised = issues(tmp_path / "field", "field")
    assert 0.2 * orders < raised < 0.65 * orders
    orders, raised = issues(tmp_path / "paper", "paper")
    assert raised == orders > 0
