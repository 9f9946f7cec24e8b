"""The lock of a run, within a process and across processes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retailsim.events.errors import RunInUse
from retailsim.events.log.lock import PATIENCE_S, RunLock, is_held

HOLD = "import sys; print('up', flush=True); sys.stdin.read()"
TAKE = (
    "import sys; from pathlib import Path; from retailsim.events.log.lock import RunLock\n"
    "RunLock(Path(sys.argv[1])); print('taken', flush=True); sys.stdin.read()"
)


def child(code: str, *arguments: str, fds: tuple[int, ...] = ()) -> subprocess.Popen[str]:
    """Start a child and wait for its first line."""
    started = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=fds,
        cwd=Path(__file__).parents[2],
    )
    assert started.stdout is not None
    assert started.stdout.readline() != ""
    return started


def test_who_looks_whether_a_lock_is_held_keeps_nobody_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "lock"
    assert not is_held(path)
    with RunLock(path):
        assert is_held(path)
    assert not is_held(path)
    os.mkfifo(tmp_path / "pipe")
    assert not is_held(tmp_path / "pipe")
    looking = os.open(path, os.O_RDONLY)  # as for the instant in which `is_held` looks
    fcntl.flock(looking, fcntl.LOCK_SH)
    assert not is_held(path)
    monkeypatch.setattr("time.sleep", lambda seconds: os.close(looking))
    RunLock(path).release()


def test_a_second_taker_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with RunLock(path), pytest.raises(RunInUse) as caught:
        RunLock(path)
    assert caught.value.path == path
    RunLock(path).release()


def test_a_lock_that_is_free_a_moment_later_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The workers of a killed program end a moment after it."""
    path = tmp_path / "lock"
    holder, pauses = RunLock(path), []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            holder.release()

    monkeypatch.setattr("time.sleep", pause)
    RunLock(path, patience_s=60.0).release()
    assert len(pauses) == 3


def test_patience_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter([0.0, 0.1, 4.9, 5.0])
    monkeypatch.setattr("time.monotonic", lambda: next(now))
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    path = tmp_path / "lock"
    with RunLock(path), pytest.raises(RunInUse):
        now = iter([0.0, 0.1, 4.9, 5.0])
        RunLock(path, PATIENCE_S)
    assert next(now, None) is None


def test_releasing_twice_is_free_and_a_released_lock_has_no_descriptor(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "lock")
    lock.release()
    lock.release()
    with pytest.raises(ValueError, match="was released"):
        lock.fileno()


def test_a_child_that_inherits_the_descriptor_keeps_the_run_locked(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = RunLock(path)
    with child(HOLD, fds=(lock.fileno(),)) as holder:
        lock.release()
        with pytest.raises(RunInUse):
            RunLock(path)
        holder.communicate("")
    RunLock(path).release()


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with child(TAKE, str(path)) as other:
        with pytest.raises(RunInUse):
            RunLock(path)
        other.kill()
        other.wait()
        RunLock(path).release()
