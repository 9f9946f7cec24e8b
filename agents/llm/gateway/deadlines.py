"""Deadlines: one timer for all that end equally long after they began.

A timer of its own for each call and each attempt is made, sorted in and cancelled again a
thousand times a second, to go off almost never. Of deadlines that last equally long the first to
begin is the first to pass, so one timer, for the oldest, is enough.
"""

from __future__ import annotations

import asyncio
from types import TracebackType


class Deadlines:
    """Deadlines of one duration; they belong to the event loop that is running.

    Parameters
    ----------
    seconds : float
        How long after its beginning each of them passes.
    """

    __slots__ = ("_open", "_timer", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._open: dict[Deadline, None] = {}  # the oldest first
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> Deadline:
        """Return a deadline from now on, to be entered at once by the current task."""
        loop = asyncio.get_running_loop()
        deadline = Deadline(self, loop.time() + self.seconds)
        self._open[deadline] = None
        if self._timer is None:
            self._timer = loop.call_at(deadline.at, self._look)
        return deadline

    def end(self, deadline: Deadline) -> None:
        """Forget a deadline; without any there is no timer, either."""
        self._open.pop(deadline, None)
        if not self._open and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        """Let those pass whose time has come, and wait for the oldest of the rest."""
        loop = asyncio.get_running_loop()
        now, self._timer = loop.time(), None
        for deadline in list(self._open):
            if deadline.at > now:
                self._timer = loop.call_at(deadline.at, self._look)
                return
            del self._open[deadline]
            deadline.expire()


class Deadline:
    """A context manager that raises TimeoutError once its time has come, as `asyncio.timeout` does.

    Attributes
    ----------
    at : float
        When it passes, on the loop's clock.
    passed : bool
        Whether it did while the block ran.
    """

    __slots__ = ("_all", "_cancelling", "_task", "at", "passed")

    def __init__(self, all_of_them: Deadlines, at: float) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline is for a task")
        self._all = all_of_them
        self._task = task
        self._cancelling = task.cancelling()
        self.at = at
        self.passed = False

    def expire(self) -> None:
        """Cancel what the task waits for."""
        self.passed = True
        self._task.cancel()

    def __enter__(self) -> Deadline:
        """Return the deadline."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it; a cancellation that was its own becomes TimeoutError."""
        self._all.end(self)
        if self.passed:
            others = self._task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not others:
                raise TimeoutError from error
