"""One writer at a time: the lock of a run."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from retailsim.events.errors import RunInUse

PATIENCE_S = 5.0
"""What `resume` waits for a lock before it says that somebody else writes the run."""
GLANCE_S = 0.1
"""What everybody waits for it: `is_held` takes it for an instant to see whether it is free."""
_PAUSE_S = 0.02


class RunLock:
    """An exclusive lock, held from construction until every copy of its descriptor is closed.

    The lock belongs to the open file, not to the process: a child that inherits `fileno` (for
    instance through ``subprocess.Popen(pass_fds=...)``) keeps the run locked when the parent
    dies. The system gives it back when the last holder ends, however it ends; the file stays.

    Parameters
    ----------
    path : Path
        ``RUN/lock``; made if missing.
    patience_s : float
        Seconds to wait for it: the workers of a killed program end a moment after it.

    Raises
    ------
    RunInUse
        If somebody holds it all that time.
    """

    def __init__(self, path: Path, patience_s: float = GLANCE_S) -> None:
        self.path = path
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        end = time.monotonic() + patience_s
        try:
            while not _taken(self._fd):
                if time.monotonic() >= end:
                    raise RunInUse(path)
                time.sleep(_PAUSE_S)
        except (OSError, RunInUse):
            self.release()
            raise

    def fileno(self) -> int:
        """Return the descriptor to hand to a child.

        Raises
        ------
        ValueError
            After `release`.
        """
        if self._fd is None:
            raise ValueError(f"{self.path}: the lock was released")
        return self._fd

    def release(self) -> None:
        """Close this process's copy; children that inherited one still hold the lock."""
        if self._fd is not None:
            # Not LOCK_UN: that would unlock the copies of the children too.
            fd, self._fd = self._fd, None
            os.close(fd)

    def __enter__(self) -> RunLock:
        """Return the lock, which is already held."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Release it."""
        self.release()


def is_held(path: Path) -> bool:
    """Whether somebody holds a lock; where that cannot be seen, nobody does."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)  # a pipe would be waited for
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError as error:
        return isinstance(error, BlockingIOError)
    finally:
        os.close(fd)
    return False


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
