"""A full disk ends a run with status 3, keeps what is written, and a resume goes on."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from retailsim.events.log import shard
from tests.sim.runs import SMALL, event_lines, launched, sim


class Disk:
    """Stands for the system's write: takes so many bytes of the log, then is full."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write_all(self, fd: int, data: bytes) -> None:
        if len(data) > self.room:
            os.write(fd, data[: self.room])
            self.room = 0
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.room -= len(data)
        os.write(fd, data)


@pytest.mark.slow
@pytest.mark.parametrize("room", [0, 100, 100_000, 500_000])
def test_a_full_disk_is_said_and_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    launched(tmp_path / "reference", *SMALL)
    run = tmp_path / "run"
    with monkeypatch.context() as full:
        full.setattr(shard, "write_all", Disk(room).write_all)
        result = sim("launch", *SMALL, "--out", run)
    assert result.exit_code == 3
    assert "No space left on device" in result.stderr
    assert "resume" in result.stderr
    assert "Traceback" not in result.stderr
    assert sim("resume", run).exit_code == 0
    assert event_lines(run) == event_lines(tmp_path / "reference")


def test_a_target_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = sim("launch", *SMALL, "--out", tmp_path / "file" / "run")
    assert result.exit_code in (2, 3)
    assert result.stderr.count("\n") == 1
    assert str(tmp_path / "file") in result.stderr


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = sim("launch", *SMALL, "--out", tmp_path)
    assert result.exit_code == 2
    assert "exists and is not empty" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    launched(tmp_path, *SMALL)
    assert (tmp_path / "run.toml").is_file()
