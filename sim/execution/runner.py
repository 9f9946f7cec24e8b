"""Running a run to its end: the lock, Ctrl-C, one process or several, the seal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import anyio
import msgspec

from retailsim.events.log.lock import RunLock
from retailsim.events.log.seal import write_seal
from retailsim.sim.execution.job import Job, play_with_telemetry
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.play.stop import Stop
from retailsim.sim.terminal.terminal import Terminal


class RunOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run came.

    Parameters
    ----------
    finished : bool
        Whether all markets are done, and the log is sealed.
    """

    progress: Progress
    finished: bool


def run_to_end(
    job: Job, *, workers: int, lock: RunLock, terminal: Terminal, total: int, done: int = 0
) -> RunOutcome:
    """Play a job until it is done or stopped, and seal the log if it is done.

    Parameters
    ----------
    total, done : int
        Episodes of the whole run, and those that an earlier execution finished.

    Raises
    ------
    LogWriteError, WorkerFailed, MarketDiverged
        If it cannot go on; what is written is kept.
    """
    stop = Stop()
    with Interrupts(stop, terminal) as interrupts, terminal.progress(total, done) as on_progress:
        progress = anyio.run(_play, job, workers, lock, stop, interrupts, on_progress)
        finished = not progress.stopped
        if finished:
            write_seal(RunFolder(Path(job.run)).events)
    return RunOutcome(progress=progress, finished=finished)


async def _play(
    job: Job,
    workers: int,
    lock: RunLock,
    stop: Stop,
    interrupts: Interrupts,
    on_progress: Callable[[Progress], None],
) -> Progress:
    with anyio.CancelScope() as scope:
        interrupts.cancel = scope.cancel
        if workers == 1:
            return await play_with_telemetry(job, stop=stop, on_progress=on_progress)
        from retailsim.sim.execution.workers import play_with_workers

        return await play_with_workers(
            job.shares(workers), lock=lock.fileno(), stop=stop, on_progress=on_progress
        )
    return Progress(stopped=True)


class Interrupts:
    """What Ctrl-C and SIGTERM mean while a run is played.

    The first: finish what is in flight; the second: leave that to a resume; the third, for when
    an agent blocks the event loop: end the process. Nothing written is lost in any case.

    Parameters
    ----------
    stop : Stop
        Requested by the first.
    terminal : Terminal

    Attributes
    ----------
    cancel : callable or None
        What the second one calls, from the event loop.
    """

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self, stop: Stop, terminal: Terminal) -> None:
        self.cancel: Callable[[], None] | None = None
        self._stop = stop
        self._terminal = terminal
        self._count = 0
        self._previous: list[Any] = []

    def __enter__(self) -> Interrupts:
        """Take the signals over; plain handlers, because the loop's own need a loop that runs."""
        self._previous = [signal.signal(number, self._received) for number in self.SIGNALS]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give them back."""
        for number, previous in zip(self.SIGNALS, self._previous, strict=True):
            signal.signal(number, previous or signal.SIG_DFL)

    def _received(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        self._stop.request()
        if self._count >= 3:
            os.write(2, b"ended at once; everything written is kept: resume the run\n")
            os._exit(3)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # before the first market, or after the last
        loop.call_soon_threadsafe(self._react, self._count)

    def _react(self, count: int) -> None:
        if count == 1:
            self._terminal.say(
                "stopping: finishing what is in flight (Ctrl-C again: leave it to a resume)"
            )
        elif self.cancel is not None:
            self.cancel()
