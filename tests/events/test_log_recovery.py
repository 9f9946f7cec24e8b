"""Continuing a log whose writer was interrupted, wherever that happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from retailsim.events.errors import LogDamaged
from retailsim.events.log.reader import check, read_batches, read_lines
from retailsim.events.log.recovery import recover, recover_shard
from retailsim.events.log.seal import SEAL, write_seal
from retailsim.events.log.segment import segments
from tests.events.log_samples import lines, shard_file, write_log

OPEN = "0000-00000001.jsonl.open"


@pytest.fixture(autouse=True, scope="module")
def no_fsync() -> Iterator[None]:
    """Nothing here survives a power cut anyway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield


def events(folder: Path) -> bytes:
    return b"".join(line + b"\n" for line in read_lines(folder))


def ends_of_batches(path: Path) -> list[int]:
    """Return where each batch of the segment ends."""
    ends, at = [], 0
    for line in path.read_bytes().splitlines(keepends=True):
        at += len(line)
        if line.startswith(b'{"commit":'):
            ends.append(at)
    return ends


@pytest.mark.slow
def test_a_segment_cut_at_any_byte_is_recovered_to_its_last_commit(tmp_path: Path) -> None:
    """Readers see the same events before and after, and the next writer goes on from there."""
    source = tmp_path / "source"
    write_log(source, [[2], [1, 2, 1]], leave_open=True)
    closed = (source / "0000-00000000.jsonl").read_bytes()
    data = (source / OPEN).read_bytes()
    ends = ends_of_batches(source / OPEN)
    for size in range(len(data) + 1):
        folder = tmp_path / str(size)
        folder.mkdir()
        (folder / "0000-00000000.jsonl").write_bytes(closed)
        (folder / OPEN).write_bytes(data[:size])
        whole = sum(end <= size for end in ends)
        kept = 2 + sum([1, 2, 1][:whole])
        assert events(folder) == lines(0, kept)
        assert check(folder).events == kept
        good = ends[whole - 1] if whole else 0
        assert recover(folder) == size - good
        assert recover(folder) == 0
        file = shard_file(folder)
        file.write([lines(kept, 1)], 1)
        file.finish()
        assert check(folder, allow_open_tail=False).events == kept + 1
        assert events(folder) == lines(0, kept + 1)


def test_a_tail_without_a_commit_is_damage_where_no_tail_is_allowed(tmp_path: Path) -> None:
    write_log(tmp_path, [[2, 1]], leave_open=True)
    path = tmp_path / "0000-00000000.jsonl.open"
    size = path.stat().st_size
    with path.open("ab") as file:
        file.write(lines(3, 1))
    assert check(tmp_path).segments[0].torn_bytes == len(lines(3, 1))
    with pytest.raises(LogDamaged, match=f"byte {size}: .* without a whole commit line"):
        check(tmp_path, allow_open_tail=False)


@pytest.mark.parametrize("tail", [b"\0" * 5000, b"{", b'\n{"commit":', b"x" * 3_000_000])
def test_any_tail_without_a_valid_commit_is_cut(tmp_path: Path, tail: bytes) -> None:
    write_log(tmp_path, [[2, 1]], leave_open=True)
    with (tmp_path / "0000-00000000.jsonl.open").open("ab") as file:
        file.write(tail)
    assert events(tmp_path) == lines(0, 3)
    assert recover(tmp_path) == len(tail)
    assert check(tmp_path, allow_open_tail=False).events == 3


def test_a_bad_batch_before_a_valid_one_is_not_cut(tmp_path: Path) -> None:
    write_log(tmp_path, [[1], [1, 1, 1]], leave_open=True)
    path = tmp_path / OPEN
    first, second, _ = ends_of_batches(path)
    data = bytearray(path.read_bytes())
    data[first + 5] ^= 1
    path.write_bytes(data)
    for attempt in (recover, check, lambda folder: recover_shard(folder, 0)):
        with pytest.raises(LogDamaged, match=f"{OPEN}, byte {first}"):
            attempt(tmp_path)
    assert path.read_bytes() == data
    path.write_bytes(data[:second])
    assert recover(tmp_path) == second - first


def test_an_open_tail_that_does_not_continue_its_shard_is_damage(tmp_path: Path) -> None:
    write_log(tmp_path / "one", [[1], [1]], leave_open=True)
    write_log(tmp_path / "two", [[2], [1]], leave_open=True)
    (tmp_path / "two" / OPEN).replace(tmp_path / "one" / OPEN)
    for attempt in (recover, check, events):
        with pytest.raises(LogDamaged, match="does not continue the segment before it"):
            attempt(tmp_path / "one")


def test_recovering_leaves_no_file_open(tmp_path: Path) -> None:
    write_log(tmp_path, [[1], [1]], leave_open=True)
    before = len([*Path("/dev/fd").iterdir()])
    recover(tmp_path)
    assert len([*Path("/dev/fd").iterdir()]) == before


def test_recovering_closes_the_tails_of_all_shards_and_changes_no_finished_log(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, [[1], [1]], shard=0, leave_open=True)
    write_log(tmp_path, [[1]], shard=3, leave_open=True)
    assert recover(tmp_path) == 0
    assert [segment.is_open for segment in segments(tmp_path)] == [False] * 3
    write_seal(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    recover(tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_resumed_shard_removes_the_seal_with_its_first_batch_only(tmp_path: Path) -> None:
    write_log(tmp_path, [[1]])
    write_seal(tmp_path)
    file = shard_file(tmp_path)
    assert (tmp_path / SEAL).exists()
    file.write([lines(1, 1)], 1)
    assert not (tmp_path / SEAL).exists()
    file.finish()
    assert check(tmp_path, allow_open_tail=False).events == 2


def test_a_closed_shard_whose_end_is_cut_cannot_be_continued(tmp_path: Path) -> None:
    write_log(tmp_path, [[1, 1]])
    path = tmp_path / "0000-00000000.jsonl"
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(LogDamaged, match="does not end with a commit"):
        shard_file(tmp_path)


def test_what_an_interrupted_compression_left_is_finished(tmp_path: Path) -> None:
    """Killed before the rename there is a half-made file, after it there are two whole ones."""
    write_log(tmp_path, [[2], [1]], compress=True)
    packed = tmp_path / "0000-00000000.jsonl.zst"
    write_log(tmp_path / "plain", [[2]])
    (tmp_path / "plain" / "0000-00000000.jsonl").replace(tmp_path / "0000-00000000.jsonl")
    half = tmp_path / ".0000-00000001.jsonl.zst.tmp"
    half.write_bytes(b"half")
    other_shard = tmp_path / ".0001-00000000.jsonl.zst.tmp"
    other_shard.write_bytes(b"being written")
    assert events(tmp_path) == lines(0, 3)
    assert check(tmp_path).events == 3
    shard_file(tmp_path, compress=True)
    assert [segment.suffix for segment in segments(tmp_path)] == [".zst", ".zst"]
    assert (packed.exists(), half.exists(), other_shard.exists()) == (True, False, True)
    assert not (tmp_path / "0000-00000000.jsonl").exists()
    assert events(tmp_path) == lines(0, 3)


CHILD = """
import asyncio, sys
from pathlib import Path
from retailsim.events.log.writer import LogWriter

async def main(folder, first):
    writer = LogWriter(folder, run="r1", shard=0, schema=1, segment_bytes=4000, batch_bytes=300)
    for seq in range(first, first + 100_000):
        line = LINE % seq
        await writer.append_durable(line, 1)
        print(seq, flush=True)

LINE = {line!r}
asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


@pytest.mark.slow
def test_a_killed_writer_loses_nothing_it_confirmed(tmp_path: Path) -> None:
    """Killed again and again, the log holds a gapless prefix with everything confirmed."""
    from tests.events.log_samples import LINE

    root = Path(__file__).parents[2]
    draw = random.Random(7)
    kept = 0
    for _ in range(8):
        command = [sys.executable, "-c", CHILD.replace("{line!r}", repr(LINE)), str(tmp_path)]
        with subprocess.Popen(
            [*command, str(kept)], stdout=subprocess.PIPE, text=True, cwd=root
        ) as child:
            assert child.stdout is not None
            for _ in range(draw.randrange(1, 400)):
                confirmed = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            confirmed = max([confirmed, *map(int, child.stdout.read().split())])
        found = events(tmp_path)
        kept = found.count(b"\n")
        assert found == lines(0, kept)
        assert kept > confirmed
        assert check(tmp_path).events == sum(batch.count for batch in read_batches(tmp_path))
