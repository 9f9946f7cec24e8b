"""One writer at a time: the lock of a run."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from retailsim.events.errors import RunInUse


class RunLock:
    """An exclusive lock, held from construction until every copy of its descriptor is closed.

    The lock belongs to the open file, not to the process: a child that inherits `fileno` (for
    instance through ``subprocess.Popen(pass_fds=...)``) keeps the run locked when the parent
    dies. The system gives it back when the last holder ends, however it ends; the file stays.

    Parameters
    ----------
    path : Path
        ``RUN/lock``; made if missing.

    Raises
    ------
    RunInUse
        At once, if somebody holds it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise RunInUse(path) from None
        except OSError:
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
