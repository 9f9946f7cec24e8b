"""Runs that are stopped from outside: cancelled, or by Ctrl-C, in a script and in a notebook."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import retailsim
from tests.api.seats import Patient
from tests.sim.runs import ROOT, event_lines
from tests.waiting import PATIENCE_S


def asked(folder: Path, gate: Path) -> dict[str, Any]:
    """One market after another, each of which waits for the gate."""
    return {
        "settings": {"products.per_category": 1, "run.concurrency": 1},
        "sellers": {"id": "patient", "agent": Patient, "options": {"gate": str(gate)}},
        "buyers": "behavioral",
        "out": folder,
    }


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    return tmp_path / "gate"


def begun(gate: Path) -> bool:
    return gate.with_suffix(".waiting").exists()


def whole(folder: Path, gate: Path) -> list[bytes]:
    """The lines of the same run, never stopped."""
    gate.touch()
    return event_lines(retailsim.run(**asked(folder, gate)).path)


@pytest.mark.slow
def test_a_cancelled_arun_leaves_a_run_to_resume(tmp_path: Path, gate: Path) -> None:
    async def main() -> None:
        task = asyncio.create_task(retailsim.arun(**asked(tmp_path / "run", gate)))
        while not begun(gate):  # noqa: ASYNC110 - a file tells
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    stopped = retailsim.load(tmp_path / "run")
    assert not stopped.finished and stopped.measures()["partial"]
    lines = whole(tmp_path / "whole", gate)
    assert event_lines(stopped.resume().path) == lines


def ctrl_c_once() -> Callable[[int, int], None]:
    """Something that takes progress and presses Ctrl-C with the first of it."""
    pressed: list[int] = []

    def take(done: int, total: int) -> None:
        if not pressed:
            pressed.append(done)
            signal.raise_signal(signal.SIGINT)

    return take


def test_an_interrupt_has_the_run(tmp_path: Path) -> None:
    """And whoever had the signal before has it again."""
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(retailsim.RunInterrupted) as caught:
        retailsim.run(
            settings={"products.per_category": 1}, out=tmp_path / "run", progress=ctrl_c_once()
        )
    stopped = caught.value.run
    assert stopped is not None and not stopped.finished
    assert str(caught.value) == f"interrupted: {tmp_path / 'run'} can be resumed"
    assert "stopping: finishing what is in flight (Ctrl-C again: leave it to a resume)" in (
        stopped.notes
    )
    assert stopped.resume().finished
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.slow
def test_an_interrupted_experiment_goes_on(tmp_path: Path) -> None:
    pytest.importorskip("statsmodels")
    asked: dict[str, Any] = {"settings": {"products.per_category": 1}, "out": tmp_path / "out"}
    with pytest.raises(retailsim.RunInterrupted) as caught:
        retailsim.experiment("persona-effects", **asked, progress=ctrl_c_once())
    assert caught.value.run is not None
    assert caught.value.run.path == tmp_path / "out" / "buyers"
    found = retailsim.experiment("persona-effects", **asked)
    assert all(run.finished for run in found.runs.values())


SCRIPT = """
import asyncio, sys
import retailsim
from tests.api.test_interrupted import asked
from pathlib import Path

def cell():
    try:
        retailsim.run(**asked(Path(sys.argv[1]), Path(sys.argv[2])))
    except KeyboardInterrupt as stopped:
        print(stopped.run.finished, *stopped.run.notes, sep="|")

async def notebook():
    cell()

asyncio.run(notebook()) if sys.argv[3] == "notebook" else cell()
"""


def interrupt(process: subprocess.Popen[str], gate: Path) -> None:
    """Press Ctrl-C once it waits for the gate."""
    until = time.monotonic() + PATIENCE_S
    while not begun(gate) and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)


@pytest.mark.slow
@pytest.mark.parametrize("where", ["script", "notebook"])
@pytest.mark.parametrize("presses", [1, 2, 3])
def test_ctrl_c_stops_a_run(where: str, presses: int, tmp_path: Path, gate: Path) -> None:
    """Once: what is in flight ends. Twice: it is left to a resume. Three times: at once."""
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "run"), str(gate), where]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        interrupt(process, gate)
        if presses == 1:
            gate.touch()
        for _ in range(presses - 1):
            time.sleep(0.2)  # two signals of a kind would become one
            process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=PATIENCE_S)
    if presses < 3:
        assert said.startswith("False|")
    stopped = retailsim.load(tmp_path / "run")
    assert not stopped.finished
    assert stopped.measures()["episodes"]["closed"] == (1 if presses == 1 else 0)
    lines = whole(tmp_path / "whole", gate)
    assert event_lines(stopped.resume().path) == lines
