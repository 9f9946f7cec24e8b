"""Ctrl-C stops cleanly: nothing is undone, status 3, and the words that resume the run."""

from __future__ import annotations

import signal
import subprocess
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import by_rote, serving
from tests.sim.runs import (
    ROOT,
    SMALL,
    command,
    event_lines,
    launched,
    outside_lines,
    replayed,
    scenario,
    sim,
)

PLUGINS = Path(__file__).parents[1] / "plugins"
LARGE = ("--set", "products.per_category=10", "--set", "design.replications=10")
"""10,000 episodes: some seconds of playing."""

ASKING = """
[run]
concurrency = 4
[products]
per_category = 30
[[sellers]]
id = "plain-dealer"
agent = "plain-dealer"
[[buyers]]
id = "asking"
agent = "asking:Asking"
"""


def until_written(started: subprocess.Popen[Any], run: Path, logs: str = "events/*.open") -> None:
    """Wait for the first events of a run to be in its log."""
    while not any(path.stat().st_size for path in run.glob(logs)):
        with suppress(subprocess.TimeoutExpired):
            status = started.wait(0.01)
            raise AssertionError(f"it ended with {status} before anything was written")


def interrupted(words: list[str], run: Path, number: signal.Signals) -> tuple[int, str]:
    """Start a run, interrupt it once it plays, and return its status and words."""
    started = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    until_written(started, run)
    started.send_signal(number)
    _, said = started.communicate()
    return started.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_says_how_to_go_on(
    tmp_path: Path, workers: int, number: signal.Signals
) -> None:
    run = tmp_path / "run"
    words = command("launch", *LARGE, "--out", run, "--workers", workers)
    status, said = interrupted(words, run, number)
    assert status == 3, said
    assert f"python -m sim resume {run}" in said
    assert "Traceback" not in said
    before = replayed(run)
    assert before["partial"]
    assert 0 < before["episodes"]["closed"] < 10_000
    assert before["episodes"]["planned"] == 10_000
    resumed = sim("resume", run)
    assert resumed.exit_code == 0, resumed.stderr
    assert replayed(run)["episodes"] == {
        "opened": 10_000,
        "closed": 10_000,
        "failed": 0,
        "superseded": 0,
    }
    assert "every event is the same" in sim("verify", run).stdout


@pytest.mark.slow
@pytest.mark.parametrize("eager", [False, True])
def test_no_call_outside_is_made_twice(
    eager: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is asked when Ctrl-C comes is finished and recorded, and a resume asks the rest."""
    asking = (PLUGINS / "asking.py").read_text()
    (tmp_path / "asking.py").write_text(
        asking.replace("waits = True", f"waits, eager = True, {eager}")
    )
    path = scenario(tmp_path, ASKING)
    launched(tmp_path / "reference", path)
    calls, run = tmp_path / "calls", tmp_path / "run"
    monkeypatch.setenv("ASKING_LOG", str(calls))
    status, said = interrupted(command("launch", path, "--out", run), run, signal.SIGINT)
    assert status == 3, said
    answered = calls.read_text().splitlines()
    assert len(outside_lines(run)) == len(answered)
    done = subprocess.run(command("resume", run), cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    questions = Counter(line for line in calls.read_text().splitlines() if line != "decide")
    assert set(questions.values()) == {1}
    assert event_lines(run) == event_lines(tmp_path / "reference")


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
def test_calls_that_wait_for_another_attempt_do_not_hold_up_the_end(
    workers: int, tmp_path: Path
) -> None:
    """With a provider that is down, ten attempts take minutes."""
    down = {"error": {"message": "down"}}
    with serving(lambda body: (500, down)) as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        path, run = scenario(tmp_path, text), tmp_path / "run"
        words = command("launch", path, "--out", run, "--workers", workers)
        started = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        server.wait_for(20)
        started.send_signal(signal.SIGINT)
        _, said = started.communicate()
        assert started.returncode == 3, said
        assert f"everything so far is kept; continue with: python -m sim resume {run}" in said
        assert "error" not in said
        server.answering = by_rote
        assert sim("resume", run).exit_code == 0


@pytest.mark.slow
def test_a_run_that_is_being_played_cannot_be_resumed(tmp_path: Path) -> None:
    run = tmp_path / "run"
    started = subprocess.Popen(
        command("launch", *LARGE, "--out", run),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until_written(started, run)
        refused = sim("resume", run)
        assert refused.exit_code == 2
        assert "another process is writing this run" in refused.stderr
    finally:
        started.kill()
        started.wait()


@pytest.mark.slow
def test_a_worker_that_is_killed_stops_the_run_and_loses_nothing(tmp_path: Path) -> None:
    run = tmp_path / "run"
    started = subprocess.Popen(
        command("launch", *LARGE, "--out", run, "--workers", 2),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    until_written(started, run)
    children = Path(f"/proc/{started.pid}/task/{started.pid}/children").read_text().split()
    subprocess.run(["kill", "-9", children[0]], check=True)
    _, said = started.communicate()
    assert started.returncode == 3
    assert "worker" in said
    assert "Traceback" not in said
    assert sim("resume", run, "--workers", 2).exit_code == 0
    assert replayed(run)["episodes"]["closed"] == 10_000


def test_a_finished_run_has_nothing_to_resume(tmp_path: Path) -> None:
    launched(tmp_path / "run", *SMALL)
    before = sorted((tmp_path / "run" / "events").iterdir())
    result = sim("resume", tmp_path / "run")
    assert result.exit_code == 0
    assert "nothing to do" in result.stderr
    assert sorted((tmp_path / "run" / "events").iterdir()) == before
