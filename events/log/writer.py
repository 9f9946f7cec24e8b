"""The log's writer: one thread per shard that writes what the event loop hands it.

The producer only puts entries into an unbounded `queue.SimpleQueue`, which never blocks; that
the queue stays small is up to `LogWriter.room`. Whoever waits puts an entry of its own behind
what it waits for, so order alone decides when it is served, and no condition can be missed.

When the thread ends, for whatever reason, it first says why and then empties the queue; an
entry put meanwhile is noticed by its producer, who looks for that reason after putting. So
nobody waits for a dead writer.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from retailsim.events.errors import LogWriteError
from retailsim.events.log.seal import write_seal
from retailsim.events.log.segment import Segment
from retailsim.events.log.shard import ShardFile

_QUEUED_BYTES = 8 * 2**20

Waiter = asyncio.Future[None]


class _Entry(NamedTuple):
    lines: bytes
    events: int
    waiter: Waiter | None


class LogWriter:
    """Appends event lines to one shard of a log.

    All methods are called from one thread: that of the event loop, if there is one. A batch is
    what is queued when the writer's thread wakes, up to about `batch_bytes`; one append is never
    split. A context manager: leaving it closes. A writer that is never closed leaves its segment
    open, and may lose what is still queued when the process ends.

    Parameters
    ----------
    folder : Path
        The folder of the segments; made if missing. Hold the run's lock.
    run : str
        Identity of the run.
    shard : int
        This writer's shard, 0 to 9999.
    schema : int
        Version of the events' meaning.
    compress : bool
        Whether closed segments are compressed (``.jsonl.zst``).
    segment_bytes : int
        A segment longer than this is closed and the next one begun.
    batch_bytes : int
        A batch takes no further append once it is this long.
    fsync_s : float
        An fsync begins at most so many seconds after a write.
    on_full : callable, optional
        Told of each segment that was closed because it was full; called in the writer's thread, so
        it has to hand on what takes long.

    Raises
    ------
    LogDamaged, LogOfAnotherRun, ZstdMissing
        If the shard exists and cannot be continued, or cannot be compressed.
    """

    def __init__(
        self,
        folder: Path,
        *,
        run: str,
        shard: int,
        schema: int,
        compress: bool = False,
        segment_bytes: int = 64 * 2**20,
        batch_bytes: int = 256 * 1024,
        fsync_s: float = 0.1,
        on_full: Callable[[Segment], None] | None = None,
    ) -> None:
        self._file = ShardFile(
            folder,
            run=run,
            shard=shard,
            schema=schema,
            compress=compress,
            segment_bytes=segment_bytes,
            on_full=on_full,
        )
        self._batch_bytes = batch_bytes
        self._fsync_s = fsync_s
        self._sync_at: float | None = None
        self._taken: list[_Entry] = []
        self._queue: queue.SimpleQueue[_Entry | None] = queue.SimpleQueue()
        self._queued_bytes = 0  # written by the producer only
        self._written_bytes = 0  # written by the thread only
        self._failure: LogWriteError | None = None
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"log-{shard}", daemon=True)
        self._thread.start()

    @property
    def backlog_bytes(self) -> int:
        """Bytes appended and not yet written."""
        return self._queued_bytes - self._written_bytes

    def append(self, lines: bytes, count: int) -> None:
        """Queue `count` event lines; never waits.

        Parameters
        ----------
        lines : bytes
            Whole lines, each ending in a newline, as ``msgspec.json.Encoder.encode_lines``
            gives them.
        count : int
            How many they are, at least 1.

        Raises
        ------
        ValueError
            If `lines` are not `count` whole lines.
        LogWriteError
            If the writer has failed or is closed.
        """
        self._put(_entry(lines, count, None))

    async def append_durable(self, lines: bytes, count: int) -> None:
        """Append as `append` does, and return once the lines are in the system's hands.

        They survive the death of the process from then on, and a power cut after the next
        fsync. Everything appended before is written too. One write serves all that wait.

        Raises
        ------
        ValueError, LogWriteError
            As `append`, or if the writer fails before the lines are written.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._put(_entry(lines, count, waiter))
        await waiter

    async def drain(self) -> None:
        """Return once everything appended so far is written.

        Raises
        ------
        LogWriteError
            If the writer fails before that.
        """
        waiter = asyncio.get_running_loop().create_future()
        self._put(_Entry(b"", 0, waiter))
        await waiter

    async def room(self) -> None:
        """Return when less than 8 MB are queued: at once, or after a `drain`.

        Raises
        ------
        LogWriteError
            If the writer has failed, or fails meanwhile.
        """
        self._check()
        if self.backlog_bytes > _QUEUED_BYTES:
            await self.drain()

    def close(self, *, seal: bool = False) -> None:
        """Write what is queued, make it last, and close the open segment; a second call is free.

        Parameters
        ----------
        seal : bool
            Whether to seal the folder too: for its only writer, or the last one to close.

        Raises
        ------
        LogWriteError
            If the writer has failed: the segment then stays open, good up to its last commit,
            and is recovered by the next writer.
        """
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()
        if self._failure is not None:
            raise _again(self._failure)
        if seal:
            write_seal(self._file.folder)

    def __enter__(self) -> LogWriter:
        """Return the writer, whose thread is running."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _put(self, entry: _Entry) -> None:
        self._check()
        self._queued_bytes += len(entry.lines)
        self._queue.put(entry)
        if self._failure is not None:
            if entry.waiter is not None:
                entry.waiter.cancel()
            raise _again(self._failure)

    def _check(self) -> None:
        if self._failure is not None:
            raise _again(self._failure)
        if self._closed:
            raise LogWriteError(self._file.path, "the writer is closed")

    # What follows runs in the thread.

    def _run(self) -> None:
        ended = False
        try:
            while self._step():
                pass
            self._file.finish()
            ended = True
        except OSError as error:
            reason = error.strerror or str(error)
            self._failure = LogWriteError(self._file.path, reason, error.errno)
        finally:
            if not ended:
                self._fail()

    def _step(self) -> bool:
        """Write what is queued, and what is due to the disk; return whether to go on."""
        going = self._take()
        parts = [entry.lines for entry in self._taken if entry.events]
        if parts:
            self._file.write(parts, sum(entry.events for entry in self._taken))
            self._written_bytes += sum(map(len, parts))
            if self._sync_at is None:
                self._sync_at = time.monotonic() + self._fsync_s
        _serve(self._taken, None)
        self._taken.clear()
        if self._sync_at is not None and time.monotonic() >= self._sync_at:
            self._file.sync()
            self._sync_at = None
        return going

    def _take(self) -> bool:
        """Fill `_taken` with one batch, waiting for its first entry; return whether to go on."""
        size = 0
        timeout = None
        if self._sync_at is not None:
            timeout = max(0.0, self._sync_at - time.monotonic())
        with contextlib.suppress(queue.Empty):
            entry = self._queue.get(timeout=timeout)
            while entry is not None:
                self._taken.append(entry)
                size += len(entry.lines)
                if size >= self._batch_bytes:
                    return True
                entry = self._queue.get_nowait()
            return False
        return True

    def _fail(self) -> None:
        if self._failure is None:
            self._failure = LogWriteError(self._file.path, "its writer's thread died")
        with contextlib.suppress(queue.Empty):
            while True:
                entry = self._queue.get_nowait()
                if entry is not None:
                    self._taken.append(entry)
        _serve(self._taken, self._failure)
        self._file.release()


def _entry(lines: bytes, count: int, waiter: Waiter | None) -> _Entry:
    newlines = lines.count(b"\n")
    if count < 1 or newlines != count or not lines.endswith(b"\n"):
        raise ValueError(
            f"{count} event lines announced and {newlines} newlines given, ending in "
            f"{lines[-1:]!r}: give whole lines and their number"
        )
    return _Entry(lines, count, waiter)


def _again(failure: LogWriteError) -> LogWriteError:
    # A new one each time: raising one object twice would chain its tracebacks.
    return LogWriteError(failure.path, failure.reason, failure.errno)


def _serve(entries: Iterable[_Entry], failure: LogWriteError | None) -> None:
    waiters = [entry.waiter for entry in entries if entry.waiter is not None]
    if waiters:
        # A closed loop means that nobody waits any more.
        with contextlib.suppress(RuntimeError):
            waiters[0].get_loop().call_soon_threadsafe(_settle, waiters, failure)


def _settle(waiters: Iterable[Waiter], failure: LogWriteError | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue
        if failure is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(_again(failure))
