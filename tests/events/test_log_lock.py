"""The lock of a run, within a process and across processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from retailsim.events.errors import RunInUse
from retailsim.events.log.lock import RunLock

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


def test_a_second_taker_is_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with RunLock(path), pytest.raises(RunInUse) as caught:
        RunLock(path)
    assert caught.value.path == path
    RunLock(path).release()


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
