"""A terminal that is closed ends a run as Ctrl-C does; with `nohup` the run outlives it."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.sim.execution.test_interrupt import until_written
from tests.sim.runs import ROOT, command, event_lines, launched, replayed, sim
from tests.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

SIZE = ("--set", "products.per_category=5", "--set", "design.replications=5")
"""2,500 episodes."""
OWN_TERMINAL = (
    "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)
IGNORING = (
    "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    "os.execv(sys.argv[1], sys.argv[1:])"
)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_closed_terminal_stops_the_run_and_loses_nothing(tmp_path: Path, workers: int) -> None:
    run, (ours, theirs) = tmp_path / "run", pty.openpty()
    words = command("launch", *SIZE, "--out", run, "--workers", workers)
    started = subprocess.Popen(
        [sys.executable, "-c", OWN_TERMINAL, *words],
        cwd=ROOT,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    until_written(started, run)
    os.close(ours)
    assert started.wait(PATIENCE_S) == 3
    assert replayed(run)["partial"]
    resumed = sim("resume", run)
    assert resumed.exit_code == 0, resumed.stderr
    launched(tmp_path / "reference", *SIZE)
    assert event_lines(run) == event_lines(tmp_path / "reference")


def test_nohup_means_that_nothing_stops(tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = [sys.executable, "-c", IGNORING, *command("launch", *SIZE, "--out", run)]
    started = subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    until_written(started, run)
    started.send_signal(signal.SIGHUP)
    assert started.wait(PATIENCE_S) == 0
    assert not replayed(run)["partial"]
