"""Running a run to its end: the lock, Ctrl-C, one process or several, the seal."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import anyio
import msgspec

from retailsim.events.log.lock import RunLock
from retailsim.events.log.seal import write_seal
from retailsim.sim.errors import ModelsStopped, WorkerFailed
from retailsim.sim.execution.job import Job, play_with_telemetry
from retailsim.sim.execution.progress_file import ProgressFile
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.play.stop import Stop
from retailsim.sim.terminal.audience import Audience


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
    job: Job,
    *,
    workers: int,
    lock: RunLock,
    audience: Audience,
    total: int,
    done: int = 0,
    control: RunControl | None = None,
) -> RunOutcome:
    """Play a job until it is done or stopped, and seal the log if it is done.

    Parameters
    ----------
    total, done : int
        Episodes of the whole run, and those that an earlier execution finished.
    control : RunControl or None
        What may stop it; None: the signals that this process gets.

    Raises
    ------
    ModelsStopped
        If a provider or the budget ended it; of a budget, with what the rest needs.
    LogWriteError, WorkerFailed, MarketDiverged
        If it cannot go on; what is written is kept.
    """
    if control is None:
        control = RunControl()
        listening: AbstractContextManager[object] = Interrupts(control, audience.say)
    else:
        listening = nullcontext()
    told = ProgressFile(Path(job.run), total, done, job.budget)
    with listening, told, audience.progress(total, done) as on_progress:

        def note(progress: Progress) -> None:
            told.latest = progress
            on_progress(progress)

        async def play() -> Progress:
            async with told.renewed():
                return await _play(job, workers, lock, control, note, audience.say)

        try:
            told.latest = progress = anyio.run(play)
        except (ModelsStopped, WorkerFailed) as error:
            if not error.alone:
                raise
            from retailsim.sim.execution.rest import rest_needs

            needs = rest_needs(job, told.latest, total, done)
            raise ModelsStopped(f"{error}; {needs}") from error
        if not progress.stopped:
            write_seal(RunFolder(Path(job.run)).events)
            told.finished = True
    return RunOutcome(progress=progress, finished=told.finished)


async def _play(
    job: Job,
    workers: int,
    lock: RunLock,
    control: RunControl,
    on_progress: Callable[[Progress], None],
    warn: Callable[[str], None],
) -> Progress:
    if workers == 1:
        return await play_alone(job, control, on_progress, warn)
    from retailsim.sim.execution.workers import play_with_workers

    with anyio.CancelScope() as scope, _one_purse(job.shares(workers)) as jobs:
        control.begin(scope.cancel)
        return await play_with_workers(
            jobs, lock=lock.fileno(), stop=control.stop, on_progress=on_progress
        )
    return Progress(stopped=True)


async def play_alone(
    job: Job,
    control: RunControl,
    on_progress: Callable[[Progress], None],
    warn: Callable[[str], None],
) -> Progress:
    """Play a job in this process, until it is done, stopped or cancelled."""
    with anyio.CancelScope() as scope:
        control.begin(scope.cancel)
        return await play_with_telemetry(job, stop=control.stop, on_progress=on_progress, warn=warn)
    return Progress(stopped=True)


@contextmanager
def _one_purse(jobs: list[Job]) -> Iterator[list[Job]]:
    """Give the jobs of all workers the purse that they spend the budget from, if there is one."""
    if jobs[0].budget is None:
        yield jobs
        return
    from retailsim.agents.llm.gateway.purse import shared_purse

    with shared_purse([job.spent_nanousd for job in jobs]) as purse:
        yield [msgspec.structs.replace(job, purse=purse) for job in jobs]


class RunControl:
    """Stops a run from outside of its event loop: a signal's handler, or another thread.

    Attributes
    ----------
    stop : Stop
        Asked for, what is in flight is finished and nothing new begun.
    """

    def __init__(self) -> None:
        self.stop = Stop()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._cancel: Callable[[], None] | None = None

    def begin(self, cancel: Callable[[], None]) -> None:
        """Take what cancels the run; called in its event loop, when that has begun."""
        self._loop, self._cancel = asyncio.get_running_loop(), cancel

    def cancel(self) -> None:
        """Leave what is in flight to a resume."""
        self.stop.request()
        if self._cancel is not None:
            self.soon(self._cancel)

    def soon(self, callback: Callable[[], None]) -> None:
        """Call back from the run's event loop; never before the first market and after the last."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(callback)


def end_process() -> None:
    """End the process at once, whatever it does."""
    os.write(2, b"ended at once; everything written is kept: resume the run\n")
    os._exit(3)


def forget_dead_terminal() -> None:
    """Write to nowhere what would go to a terminal that was closed: writing to it fails."""
    for fd in (1, 2):
        with suppress(OSError):
            if stat.S_ISCHR(os.fstat(fd).st_mode) and not os.isatty(fd):
                os.dup2(os.open(os.devnull, os.O_WRONLY), fd)


class Interrupts:
    """What Ctrl-C, SIGTERM and SIGHUP mean while a run is played; a block in the main thread.

    The first: finish what is in flight; the second: leave that to a resume; the third, for when
    an agent blocks the event loop: by default end the process. Nothing written is lost in any
    case.

    Parameters
    ----------
    control : RunControl
        Of the run, which may be played in another thread.
    say : callable
        Told what the first one does.
    signals : tuple of Signals
        Those that are taken over; one that is ignored (`nohup`) stays so.
    last : callable
        What the third one does, called wherever the main thread is just then.

    Attributes
    ----------
    count : int
        How many came.
    """

    def __init__(
        self,
        control: RunControl,
        say: Callable[[str], None],
        signals: tuple[signal.Signals, ...] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP),
        last: Callable[[], None] = end_process,
    ) -> None:
        self.count = 0
        self._control = control
        self._say = say
        # A signal that is ignored stays so: `nohup` means that the run outlives its terminal.
        kept = {signal.SIGHUP} if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN else set()
        self._signals = tuple(one for one in signals if one not in kept)
        self._last = last
        self._previous: list[Any] = []

    def __enter__(self) -> Interrupts:
        """Take the signals over; plain handlers, because the loop's own need a loop that runs."""
        self._previous = [signal.signal(number, self._received) for number in self._signals]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Give them back."""
        for number, previous in zip(self._signals, self._previous, strict=True):
            signal.signal(number, previous or signal.SIG_DFL)

    def _received(self, number: int, frame: FrameType | None) -> None:
        self.count += 1
        if number == signal.SIGHUP:
            forget_dead_terminal()
        if self.count == 1:
            self._control.stop.request()
            self._control.soon(self._tell)
        elif self.count == 2:
            self._control.cancel()
        else:
            self._last()

    def _tell(self) -> None:
        self._say("stopping: finishing what is in flight (Ctrl-C again: leave it to a resume)")
