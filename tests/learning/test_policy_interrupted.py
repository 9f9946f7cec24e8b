"""`policy learn`, `mine` and `evaluate --audit` that are interrupted: status 3, and a line."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from retailsim.sim.execution.as_ctrl_c import Interrupted, as_ctrl_c
from retailsim.sim.look import mine
from tests.learning.logged_runs import talked
from tests.sim.runs import ROOT, command, sim
from tests.waiting import PATIENCE_S

ALL = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def ended(words: list[str], number: signal.Signals, begun: str) -> tuple[int, str, str]:
    """Start a command, interrupt it after a line of stderr, and return its status and words."""
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as started:
        try:
            assert started.stderr is not None
            assert begun in started.stderr.readline()
            started.send_signal(number)
            out, said = started.communicate(timeout=PATIENCE_S)
        finally:
            started.kill()
    return started.returncode, out, said


@pytest.mark.slow
@pytest.mark.parametrize("number", ALL)
def test_an_interrupted_learner_writes_nothing(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "p.json"
    words = command("policy", "learn", "csales", "--out", path, "--conversations", 100_000)
    status, out, said = ended(words, number, "learns from 100,000 conversations")
    assert (status, out, said) == (3, "", "error: interrupted: nothing was written\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_an_interrupted_audit_says_so(tmp_path: Path) -> None:
    run = talked(
        tmp_path / "run", "--set", "sellers.csi.options.explore=0.5", profiles=72,
    )  # fmt: skip
    told = ("--set", "explore=0.4", "--audit", "--conversations", 1_000_000, "--log", run)
    words = command("policy", "evaluate", "csi", *told)
    for number in ALL[1:]:
        status, _, said = ended(words, number, "the audit plays 999,")
        assert (status, said) == (3, "error: interrupted: nothing was written\n")


@pytest.mark.parametrize("number", ALL)
def test_each_signal_ends_the_block_and_is_given_back(number: signal.Signals) -> None:
    before: list[Callable[..., object] | int | None] = [signal.getsignal(one) for one in ALL]
    with (
        pytest.raises(Interrupted, match="interrupted: half of it"),
        as_ctrl_c(lambda: "half of it"),
    ):
        os.kill(os.getpid(), number)
    assert [signal.getsignal(one) for one in ALL] == before


@pytest.mark.parametrize("number", ALL)
def test_interrupted_mining_says_so(
    number: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run.toml").touch()
    monkeypatch.setattr(mine, "mined_of", lambda *_, **__: os.kill(os.getpid(), number))
    result = sim("policy", "mine", tmp_path)
    assert (result.exit_code, result.stdout) == (3, "")
    assert result.stderr == "error: interrupted: nothing was written\n"


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with as_ctrl_c(lambda: ""):
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
