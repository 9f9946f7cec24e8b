"""The writer: order, group commits, durability, and what happens when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.events.errors import LogOfAnotherRun, LogWriteError, ZstdMissing
from retailsim.events.log import disk
from retailsim.events.log.reader import check, read_batches, read_lines
from retailsim.events.log.seal import matches_seal
from retailsim.events.log.segment import segments
from retailsim.events.log.shard import ShardFile
from retailsim.events.log.writer import LogWriter
from tests.events.log_samples import lines, write_log

FIRST = "0000-00000000.jsonl"


@pytest.fixture(autouse=True, scope="module")
def no_fsync() -> Iterator[None]:
    """Nothing here survives a power cut anyway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield


def open_writer(folder: Path, **changes: object) -> LogWriter:
    return LogWriter(folder, **({"run": "r1", "shard": 0, "schema": 1} | changes))  # type: ignore[arg-type]


class Gate:
    """Holds the thread in its first write until it is opened."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        write = disk.write_all

        def held(fd: int, data: bytes) -> None:
            self.reached.set()
            assert self.opened.wait(30)
            write(fd, data)

        patch.setattr("retailsim.events.log.shard.write_all", held)


@settings(max_examples=40, deadline=None)
@given(
    appends=st.lists(st.lists(st.text(max_size=40), min_size=1, max_size=5), max_size=12),
    segment_bytes=st.integers(1, 2000),
    batch_bytes=st.integers(1, 1000),
    compress=st.booleans(),
)
def test_what_is_appended_is_read_back_in_order(
    appends: list[list[str]], segment_bytes: int, batch_bytes: int, compress: bool
) -> None:
    encoded = [
        [b'{"type":"Noted","text":%b}' % msgspec.json.encode(text) for text in texts]
        for texts in appends
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with open_writer(
            folder, segment_bytes=segment_bytes, batch_bytes=batch_bytes, compress=compress
        ) as writer:
            for chunk in encoded:
                writer.append(b"\n".join(chunk) + b"\n", len(chunk))
        everything = [line for chunk in encoded for line in chunk]
        assert list(read_lines(folder)) == everything
        assert check(folder, allow_open_tail=False).events == len(everything)
        assert {one.suffix for one in segments(folder)} <= {".zst" if compress else ""}


def test_an_append_is_never_split_over_batches(tmp_path: Path) -> None:
    with open_writer(tmp_path, batch_bytes=10, segment_bytes=10) as writer:
        writer.append(lines(0, 5), 5)
        writer.append(lines(5, 3), 3)
    assert [batch.count for batch in read_batches(tmp_path)] == [5, 3]
    assert [segment.number for segment in segments(tmp_path)] == [0, 1]


def test_queued_appends_become_one_batch_and_one_write_serves_all_waiters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)

    async def scenario() -> None:
        writer = open_writer(tmp_path)
        first = asyncio.create_task(writer.append_durable(lines(0, 1), 1))
        await asyncio.to_thread(gate.reached.wait, 30)
        rest = [asyncio.create_task(writer.append_durable(lines(n, 1), 1)) for n in range(1, 50)]
        await asyncio.sleep(0)
        assert not first.done()
        gate.opened.set()
        await asyncio.gather(first, *rest)
        writer.close()

    asyncio.run(scenario())
    assert [batch.count for batch in read_batches(tmp_path)] == [1, 49]
    assert b"\n".join(read_lines(tmp_path)) + b"\n" == lines(0, 50)


def test_a_durable_append_is_in_the_file_when_it_returns(tmp_path: Path) -> None:
    async def scenario() -> None:
        writer = open_writer(tmp_path)
        writer.append(lines(0, 2), 2)
        await writer.append_durable(lines(2, 1), 1)
        assert check(tmp_path).events == 3
        assert b"\n".join(read_lines(tmp_path)) + b"\n" == lines(0, 3)
        assert [segment.is_open for segment in segments(tmp_path)] == [True]
        writer.close()

    asyncio.run(scenario())


def test_append_never_waits_and_room_waits_for_a_full_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    monkeypatch.setattr("retailsim.events.log.writer._QUEUED_BYTES", 1000)

    async def scenario() -> None:
        writer = open_writer(tmp_path)
        writer.append(lines(0, 1), 1)
        await asyncio.wait_for(writer.room(), 30)
        writer.append(lines(1, 100), 100)
        assert writer.backlog_bytes == len(lines(0, 101))
        waiting = asyncio.create_task(writer.room())
        await asyncio.to_thread(gate.reached.wait, 30)
        assert not waiting.done()
        gate.opened.set()
        await asyncio.wait_for(waiting, 30)
        assert writer.backlog_bytes == 0
        writer.close()

    asyncio.run(scenario())


def test_a_cancelled_waiter_loses_nothing_and_disturbs_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)

    async def scenario() -> None:
        writer = open_writer(tmp_path)
        cancelled = asyncio.create_task(writer.append_durable(lines(0, 1), 1))
        other = asyncio.create_task(writer.append_durable(lines(1, 1), 1))
        await asyncio.to_thread(gate.reached.wait, 30)
        cancelled.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await cancelled
        gate.opened.set()
        await other
        writer.close()

    asyncio.run(scenario())
    assert b"\n".join(read_lines(tmp_path)) + b"\n" == lines(0, 2)


@pytest.mark.parametrize(
    ("given_lines", "count"), [(lines(0, 2), 1), (lines(0, 1)[:-1], 1), (b"\n{}", 1), (b"", 0)]
)
def test_lines_that_are_not_whole_or_not_counted_are_refused(
    tmp_path: Path, given_lines: bytes, count: int
) -> None:
    with open_writer(tmp_path) as writer, pytest.raises(ValueError, match="whole lines"):
        writer.append(given_lines, count)
    assert segments(tmp_path) == []


def test_a_closed_writer_refuses_and_closes_again_for_nothing(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    writer.append(lines(0, 1), 1)
    writer.close()
    writer.close()
    with pytest.raises(LogWriteError, match="the writer is closed"):
        writer.append(lines(1, 1), 1)
    assert check(tmp_path, allow_open_tail=False).events == 1


def test_short_writes_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: write(fd, data[:7]))
    write_log(tmp_path, [[3, 2]])
    assert check(tmp_path).events == 5


def fail_writes(patch: pytest.MonkeyPatch, error: int) -> None:
    """Let the next write take ten bytes and every later one fail."""
    real, calls = os.write, []

    def failing(fd: int, data: memoryview) -> int:
        calls.append(fd)
        if len(calls) == 1:
            return real(fd, data[:10])
        raise OSError(error, os.strerror(error))

    patch.setattr(os, "write", failing)


async def dying(writer: LogWriter, first: int) -> LogWriteError:
    """Append until the writer fails, and see that nobody waits for it from then on."""
    with pytest.raises(LogWriteError) as caught:
        await asyncio.wait_for(writer.append_durable(lines(first, 4), 4), 30)
    attempts: list[Callable[[], object]] = [lambda: writer.append(lines(0, 1), 1)]
    for attempt in (*attempts, writer.close, writer.close):
        with pytest.raises(LogWriteError) as again:
            attempt()
        assert again.value.errno == caught.value.errno
    for waits in (writer.room(), writer.drain(), writer.append_durable(lines(0, 1), 1)):
        with pytest.raises(LogWriteError):
            await asyncio.wait_for(waits, 30)
    return caught.value


def test_a_full_disk_ends_the_writer_and_the_log_is_cut_back_to_its_last_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> LogWriteError:
        writer = open_writer(tmp_path)
        await writer.append_durable(lines(0, 2), 2)
        with monkeypatch.context() as patch:
            fail_writes(patch, errno.ENOSPC)
            return await dying(writer, 2)

    error = asyncio.run(scenario())
    assert (error.errno, error.disk_full) == (errno.ENOSPC, True)
    assert error.reason == os.strerror(errno.ENOSPC)
    assert error.path == tmp_path / f"{FIRST}.open"
    assert check(tmp_path, allow_open_tail=False).events == 2
    with open_writer(tmp_path) as writer:
        writer.append(lines(2, 1), 1)
    assert b"\n".join(read_lines(tmp_path)) + b"\n" == lines(0, 3)


def test_where_cutting_back_fails_too_the_first_error_counts_and_the_tail_is_torn(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_truncate(fd: int, size: int) -> None:
        raise OSError(errno.EIO, "cannot cut")

    async def scenario() -> LogWriteError:
        writer = open_writer(tmp_path)
        await writer.append_durable(lines(0, 2), 2)
        with monkeypatch.context() as patch:
            fail_writes(patch, errno.ENOSPC)
            patch.setattr(os, "ftruncate", no_truncate)
            return await dying(writer, 2)

    assert asyncio.run(scenario()).errno == errno.ENOSPC
    assert [one.torn_bytes for one in check(tmp_path).segments] == [10]


def test_a_failed_fsync_is_fatal_even_when_nothing_is_appended_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(file: ShardFile) -> None:
        raise OSError(errno.EIO, "Input/output error")

    writer = open_writer(tmp_path, fsync_s=0.001)
    monkeypatch.setattr(ShardFile, "sync", broken)
    writer.append(lines(0, 1), 1)
    writer._thread.join(30)
    with pytest.raises(LogWriteError, match="Input/output error"):
        writer.append(lines(1, 1), 1)
    with pytest.raises(LogWriteError):
        writer.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_an_unforeseen_error_in_the_thread_fails_its_waiters_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ShardFile, "write", broken)
    error = asyncio.run(dying(open_writer(tmp_path), 0))
    assert (error.errno, error.reason) == (None, "its writer's thread died")


def test_an_fsync_follows_a_write_without_another_append(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced = threading.Event()
    sync = ShardFile.sync

    def noted(file: ShardFile) -> None:
        sync(file)
        synced.set()

    monkeypatch.setattr(ShardFile, "sync", noted)
    writer = open_writer(tmp_path, fsync_s=0.01)
    writer.append(lines(0, 1), 1)
    assert synced.wait(30)
    assert not writer._file.unsynced
    writer.close()


def test_waiters_of_a_loop_that_ended_do_not_stop_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = Gate(monkeypatch)
    writer = open_writer(tmp_path)

    async def gives_up() -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(writer.append_durable(lines(0, 1), 1), 0.001)

    asyncio.run(gives_up())
    gate.opened.set()
    writer.append(lines(1, 1), 1)
    writer.close()
    assert check(tmp_path, allow_open_tail=False).events == 2


def test_closing_with_a_seal_seals_the_folder(tmp_path: Path) -> None:
    writer = open_writer(tmp_path)
    writer.append(lines(0, 3), 3)
    writer.close(seal=True)
    assert matches_seal(tmp_path)


def test_a_writer_goes_on_where_the_shard_ended(tmp_path: Path) -> None:
    write_log(tmp_path, [[2], [1]])
    with open_writer(tmp_path) as writer:
        writer.append(lines(3, 2), 2)
    assert [segment.number for segment in segments(tmp_path)] == [0, 1, 2]
    assert b"\n".join(read_lines(tmp_path)) + b"\n" == lines(0, 5)
    last = segments(tmp_path)[-1].last_commit()
    assert last is not None
    assert last.total == 5


def test_a_writer_without_events_leaves_no_file(tmp_path: Path) -> None:
    open_writer(tmp_path / "events").close()
    assert list((tmp_path / "events").iterdir()) == []


def test_shards_are_written_side_by_side(tmp_path: Path) -> None:
    with open_writer(tmp_path, shard=0) as one, open_writer(tmp_path, shard=7) as other:
        one.append(lines(0, 1), 1)
        other.append(lines(0, 2), 2)
    assert [(s.segment.shard, s.events) for s in check(tmp_path).segments] == [(0, 1), (7, 2)]


def test_the_log_of_another_run_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, [[1]])
    with pytest.raises(LogOfAnotherRun, match="'r1', not of 'r2'"):
        open_writer(tmp_path, run="r2")


def test_a_shard_number_that_has_no_file_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="0 to 9999, not 10000"):
        open_writer(tmp_path, shard=10000)


def test_without_zstandard_a_compressing_writer_says_so_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ZstdMissing, match=r"\[zstd\]"):
        open_writer(tmp_path, compress=True)
