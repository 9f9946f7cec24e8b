"""Running a run to its end: the lock, Ctrl-C, one process or several, the seal."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path

import anyio
import msgspec

from events.log.lock import RunLock
from events.log.seal import write_seal
from sim.engine import Progress, Stop
from sim.execution import Job, play_with_telemetry
from sim.run_folder import RunFolder
from sim.terminal import Terminal


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
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
) -> Outcome:
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
    with terminal.progress(total, done) as on_progress:
        progress = anyio.run(_play, job, workers, lock, stop, terminal, on_progress)
    finished = not progress.stopped
    if finished:
        write_seal(RunFolder(Path(job.run)).events)
    return Outcome(progress=progress, finished=finished)


async def _play(
    job: Job,
    workers: int,
    lock: RunLock,
    stop: Stop,
    terminal: Terminal,
    on_progress: Callable[[Progress], None],
) -> Progress:
    with anyio.CancelScope() as scope:
        _on_interrupt(stop, scope, terminal)
        if workers == 1:
            return await play_with_telemetry(job, stop=stop, on_progress=on_progress)
        from sim.workers import play_with_workers

        return await play_with_workers(
            job.shares(workers), lock=lock.fileno(), stop=stop, on_progress=on_progress
        )
    return Progress(stopped=True)


def _on_interrupt(stop: Stop, scope: anyio.CancelScope, terminal: Terminal) -> None:
    """First Ctrl-C: finish what is in flight; second: leave it for the resume."""

    def interrupted() -> None:
        if stop.requested:
            scope.cancel()
            return
        stop.request()
        terminal.say("stopping: finishing what is in flight (Ctrl-C again: leave it to a resume)")

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupted)
