"""kill -9 at any moment loses nothing that was written, and a resume makes the run whole."""

from __future__ import annotations

import fcntl
import random
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from retailsim.events.log.recovery import recover
from tests.sim.runs import ROOT, SMALL, command, event_lines, launched, replayed, sim

SIZE = ("--set", "products.per_category=8", "--set", "design.replications=2")
"""1,600 episodes: about half a second of playing."""


def whole(run: Path, reference: Path) -> None:
    """The run equals one that was never interrupted: no event twice, none missing."""
    assert event_lines(run) == event_lines(reference)
    assert replayed(run) == replayed(reference)
    verified = sim("verify", run)
    assert verified.exit_code == 0, verified.stderr


def cut(run: Path, at: int) -> None:
    """Make the log look as if its writer was killed after so many bytes of its only segment."""
    (run / "events" / "SEAL").unlink()
    (segment,) = (run / "events").glob("*.jsonl")
    opened = segment.with_suffix(".jsonl.open")
    segment.rename(opened)
    with opened.open("r+b") as file:
        file.truncate(at)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 100 episodes that nothing interrupted."""
    out = tmp_path_factory.mktemp("reference") / "run"
    launched(out, *SMALL)
    return out


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.0, 0.001, 0.2, 0.5, 0.9, 0.9999])
def test_a_log_cut_anywhere_is_resumed_to_the_same_events(
    reference: Path, tmp_path: Path, share: float
) -> None:
    run = tmp_path / "run"
    shutil.copytree(reference, run)
    (segment,) = (run / "events").glob("*.jsonl")
    cut(run, int(segment.stat().st_size * share))
    resumed = sim("resume", run)
    assert resumed.exit_code == 0, resumed.stderr
    whole(run, reference)


@pytest.mark.slow
def test_a_run_killed_between_its_last_event_and_the_seal_is_sealed(
    reference: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(reference, run)
    (run / "events" / "SEAL").unlink()
    assert replayed(run)["partial"]
    resumed = sim("resume", run)
    assert resumed.exit_code == 0, resumed.stderr
    assert "nothing to do, the run is complete" in resumed.stderr
    assert not replayed(run)["partial"]
    whole(run, reference)


@pytest.mark.slow
def test_what_several_workers_left_torn_goes_on_with_one(reference: Path, tmp_path: Path) -> None:
    """Each shard has a tail of its own, and the one that goes on writes to the first only."""
    run = tmp_path / "run"
    launched(run, *SMALL, "--workers", 2)
    (run / "events" / "SEAL").unlink()
    segments = sorted((run / "events").glob("*.jsonl"))
    assert len(segments) == 2
    for segment in segments:
        opened = segment.rename(segment.with_suffix(".jsonl.open"))
        with opened.open("r+b") as file:
            file.truncate(opened.stat().st_size // 2)
    resumed = sim("resume", run, "--workers", 1)
    assert resumed.exit_code == 0, resumed.stderr
    assert not list((run / "events").glob("*.open"))
    whole(run, reference)


@pytest.mark.slow
def test_a_run_is_partial_until_it_is_resumed(reference: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(reference, run)
    (segment,) = (run / "events").glob("*.jsonl")
    cut(run, segment.stat().st_size // 2)
    before = replayed(run)
    assert before["partial"]
    assert before["episodes"]["closed"] < 100
    assert sim("resume", run).exit_code == 0
    assert not replayed(run)["partial"]


def killed(words: list[str], after_s: float) -> None:
    """Start a process group and end it without a warning after a while."""
    started = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        started.wait(timeout=after_s)
    except subprocess.TimeoutExpired:
        started.send_signal(signal.SIGKILL)
        started.wait()


def until_free(run: Path) -> None:
    """Wait until nobody holds the run: the workers of a killed parent end a moment after it."""
    with (run / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_fifty_kills_at_random_moments_change_nothing(tmp_path: Path) -> None:
    """Launches and resumes are killed, with and without workers, and resumed to the end."""
    reference = tmp_path / "reference"
    launched(reference, *SIZE)
    moments = random.Random(5)
    kills = 0
    for number in range(1, 100):
        run = tmp_path / f"run-{number}"
        workers = moments.choice([1, 1, 2])
        launch = command("launch", *SIZE, "--out", run, "--workers", workers)
        killed(launch, moments.uniform(0.15, 1.0))
        kills += 1
        while run.exists() and moments.random() < 0.6:
            recover_when_free(run)
            killed(command("resume", run, "--workers", workers), moments.uniform(0.15, 0.8))
            kills += 1
        if run.exists():
            until_free(run)
            resumed = sim("resume", run)
            assert resumed.exit_code == 0, resumed.stderr
            whole(run, reference)
            shutil.rmtree(run)
        if kills >= 50:
            return
    raise AssertionError("fifty kills take fewer runs")


def recover_when_free(run: Path) -> None:
    """A copy of the log recovers, whatever was being written."""
    copy = run.with_name(f"{run.name}-copy")
    until_free(run)
    shutil.copytree(run / "events", copy)
    recover(copy)
    shutil.rmtree(copy)
