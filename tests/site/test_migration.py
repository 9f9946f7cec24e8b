"""The page on migration: a run that 0.1 made does what the page says of it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.sim.runs import ROOT, sim
from tests.site.page_steps import differs

PAGE = (ROOT / "docs" / "migration.md").read_text(encoding="utf-8")
OLD = ROOT / "tests" / "data" / "retail-0.1"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run at the place that the page names."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(OLD, tmp_path / "runs" / "old")
    return Path("runs/old")


@pytest.mark.slow
def test_an_old_run_is_replayed_and_reported(run: Path) -> None:
    replayed = sim("replay", run)
    assert replayed.exit_code == 0, replayed.stderr
    assert "8 of 8 episodes closed, 0 failed" in replayed.stdout
    assert sim("report", run).exit_code == 0


@pytest.mark.slow
def test_nothing_of_an_old_run_is_rewritten(run: Path) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert sim("replay", run).exit_code == sim("report", run).exit_code == 0
    after = {path for path in run.rglob("*") if path.is_file()}
    assert {path: path.read_bytes() for path in before} == before
    assert {path.parts[2] for path in after - set(before)} <= {"derived", "lock"}


def test_verify_says_what_the_page_shows(run: Path) -> None:
    shown = PAGE.split("```\n")[1]
    verified = sim("verify", run)
    assert verified.exit_code == 0
    assert differs(shown, verified.stdout) is None


def test_an_old_run_is_not_continued(run: Path) -> None:
    refused = sim("resume", run)
    assert refused.exit_code == 2
    assert "resume with the version that made it" in refused.stderr


def test_a_damaged_old_run_is_not_called_intact(run: Path) -> None:
    segment = next((run / "events").glob("*.jsonl"))
    segment.write_bytes(
        segment.read_bytes().replace(b'"will_purchase":true', b'"will_purchase":null')
    )
    assert "intact" not in sim("verify", run).stdout
