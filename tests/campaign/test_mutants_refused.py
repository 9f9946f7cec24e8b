"""What ``python -m campaign.mutants`` refuses, in a line and before it tries anything."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from campaign.mutants import __main__ as program
from campaign.mutants import session


class Began(Exception):
    """A hunt was begun."""


def begin(*_: object, **__: object) -> None:
    raise Began


def started(monkeypatch: pytest.MonkeyPatch, work: Path, *words: str) -> None:
    monkeypatch.setattr(program, "WORK", work)
    monkeypatch.setattr(program, "Hunt", begin)
    monkeypatch.setattr(sys, "argv", ["mutants", *words])
    program.main()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--count", "0"], "--count 0: try one of each package, or more"),
        (["--count", "-1"], "--count -1: try one of each package, or more"),
        (["--known"], "--known: nothing was tried here yet; run it without --known first"),
    ],
)
def test_what_cannot_be_tried_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    said: str,
) -> None:
    with pytest.raises(SystemExit) as ended:
        started(monkeypatch, tmp_path, *words)
    assert ended.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1].endswith(f"error: {said}")


@pytest.mark.parametrize("words", [["--count", "1"], ["--known"]])
def test_what_can_be_tried_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    (tmp_path / "tree").mkdir()
    with pytest.raises(Began):
        started(monkeypatch, tmp_path, *words)


def test_ctrl_c_ends_in_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "main", interrupted)
    assert program.stoppable() == 130
    said = capsys.readouterr().err.splitlines()
    assert said == ["", "stopped; what was tried is kept: the same command goes on"]


def test_without_ctrl_c_the_status_is_the_hunts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "main", lambda: 1)
    assert program.stoppable() == 1


def test_ctrl_c_leaves_no_process_of_a_group_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    child = subprocess.Popen(words, start_new_session=True)

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(time, "sleep", interrupted)
        session.ended(child.pid, time.monotonic() + 600)
    with pytest.raises(ChildProcessError):
        os.waitpid(child.pid, os.WNOHANG)
    child.returncode = -9  # reaped already
