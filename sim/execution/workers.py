"""Worker processes: each plays its share of the markets and writes its own shard.

A worker reads its job from standard input and reports progress on standard output, a JSON line
each; both are taken away from agents, which may print or read what they like. The end of its
standard input means that the parent is gone: it then ends at once, however the parent died. It
holds a copy of the run's lock, so nobody can resume the run while it still writes. It has a
session of its own, so that Ctrl-C reaches the parent alone, which decides what it means.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

import anyio
import msgspec
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from retailsim.market.core.plugin_code import search_path
from retailsim.sim.error_line import line_and_status
from retailsim.sim.errors import ModelsStopped, WorkerFailed
from retailsim.sim.execution.job import Job, play
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.play.stop import Stop
from retailsim.sim.terminal.program_name import VARIABLE, program_name

_LONGEST_LINE = 1 << 20
_STOP = b"stop\n"
_GONE = (anyio.BrokenResourceError, anyio.ClosedResourceError)


class WorkerReport(msgspec.Struct, frozen=True, kw_only=True):
    """A worker's line: how far it is and, in the last one, how it ended.

    ``alone`` says that what ended it is no reason for the others to end.
    """

    progress: Progress
    ended: bool = False
    error: str | None = None
    status: int = 0
    alone: bool = False


async def play_with_workers(
    jobs: list[Job], *, lock: int, stop: Stop, on_progress: Callable[[Progress], None]
) -> Progress:
    """Play the jobs, a process each, until all have ended.

    Parameters
    ----------
    lock : int
        The descriptor of the run's lock, which the workers inherit.

    Raises
    ------
    WorkerFailed
        With what the first worker to fail said; the others have stopped then.
    """
    latest = [Progress() for _ in jobs]
    failures: list[WorkerFailed] = []

    async def follow(number: int, job: Job) -> None:
        def on_report(report: WorkerReport) -> None:
            latest[number] = report.progress
            on_progress(_total(latest))

        try:
            await _worker(job, lock, stop, on_report)
        except WorkerFailed as failure:
            failures.append(failure)
            if not failure.alone:
                stop.request()

    async with anyio.create_task_group() as group:
        for number, job in enumerate(jobs):
            group.start_soon(follow, number, job)
    if failures:
        raise failures[0]
    return _total(latest)


def _total(parts: list[Progress]) -> Progress:
    return Progress(
        markets=sum(part.markets for part in parts),
        episodes=sum(part.episodes for part in parts),
        failed=sum(part.failed for part in parts),
        stopped=any(part.stopped for part in parts),
        usage=_usage(parts),
    )


def _usage(parts: list[Progress]) -> ModelUsage | None:
    known = [part.usage for part in parts if part.usage is not None]
    return sum(known, ModelUsage()) if known else None


async def _worker(
    job: Job, lock: int, stop: Stop, on_report: Callable[[WorkerReport], None]
) -> None:
    """Start one worker and hand on its reports until its last."""
    process = await anyio.open_process(
        [sys.executable, "-P", "-m", "retailsim.sim", "_worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=None,
        env=worker_environment(),
        pass_fds=[lock] if job.purse is None else [lock, job.purse],
        start_new_session=True,
    )
    async with process, anyio.create_task_group() as group:
        group.start_soon(_give_orders, process, job, stop)
        report = await _last_report(process, on_report)
        group.cancel_scope.cancel()
    if report is None:
        raise WorkerFailed(_death(job.share, process.returncode), 3)
    if report.error is not None:
        raise WorkerFailed(report.error, report.status, alone=report.alone)


def _death(share: int, status: int | None) -> str:
    how = f"ended with status {status}"
    if status is not None and status < 0:
        how = f"was killed by signal {-status}"
    return f"worker {share} {how}; everything written is kept: resume the run"


async def _last_report(
    process: Process, on_report: Callable[[WorkerReport], None]
) -> WorkerReport | None:
    assert process.stdout is not None
    lines = BufferedByteReceiveStream(process.stdout)
    while True:
        try:
            line = await lines.receive_until(b"\n", _LONGEST_LINE)
        except (anyio.IncompleteRead, anyio.EndOfStream):
            return None
        report = msgspec.json.decode(line, type=WorkerReport)
        on_report(report)
        if report.ended:
            return report


async def _give_orders(process: Process, job: Job, stop: Stop) -> None:
    assert process.stdin is not None
    try:
        await process.stdin.send(msgspec.json.encode(job) + b"\n")
        await stop.wait()
        await process.stdin.send(_STOP)
    except _GONE:
        return  # it has ended already, and its last report says how


def worker_environment() -> dict[str, str]:
    """The worker finds the same packages as we do, and calls the program by the same name."""
    return {**os.environ, "PYTHONPATH": search_path(), VARIABLE: program_name()}


def work() -> int:
    """Be a worker: the whole life of the process; returns its exit status."""
    stop = Stop()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # both reach the parent, too, which tells us
    signal.signal(signal.SIGTERM, lambda *_: stop.request())
    orders, reports = _private_pipes()
    job = msgspec.json.decode(orders.readline(), type=Job)
    threading.Thread(target=_obey, args=(orders, stop), name="parent", daemon=True).start()
    reporter = _Reporter(reports)
    try:
        reporter.last = play(job, stop=stop, on_progress=reporter.on_progress)
    except Exception as error:  # noqa: BLE001 - the parent tells the person
        line, status = line_and_status(error)
        reporter.end(line, status, alone=isinstance(error, ModelsStopped) and error.alone)
        return status
    reporter.end()
    return 0


def _private_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes to the parent from the agents: they get an empty input, and our stderr."""
    orders, reports = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return orders, reports


class _Reporter:
    """Reports progress ten times a second at most, and how it ended."""

    def __init__(self, reports: BinaryIO) -> None:
        self.last = Progress()
        self._reports = reports
        self._next = 0.0

    def on_progress(self, progress: Progress) -> None:
        self.last = progress
        now = time.monotonic()
        if now >= self._next:
            self._next = now + 0.1
            self._send(WorkerReport(progress=progress))

    def end(self, error: str | None = None, status: int = 0, *, alone: bool = False) -> None:
        last = WorkerReport(progress=self.last, ended=True, error=error, status=status, alone=alone)
        self._send(last)

    def _send(self, report: WorkerReport) -> None:
        try:
            self._reports.write(msgspec.json.encode(report) + b"\n")
        except BrokenPipeError:
            os._exit(3)  # the parent is gone, as `_obey` is about to find out


def _obey(orders: BinaryIO, stop: Stop) -> None:
    """Stop when told to; end at once when the parent is gone."""
    for line in orders:
        if line == _STOP:
            stop.request()
    os._exit(3)
