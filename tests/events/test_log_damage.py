"""Whatever happens to a written log, it is found and its place is named."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from retailsim.events.errors import LogDamaged, ZstdMissing
from retailsim.events.log import scan
from retailsim.events.log.reader import check, read_batches, read_lines
from retailsim.events.log.seal import fingerprint, matches_seal, write_seal
from retailsim.events.log.segment import segments
from retailsim.events.log.zstd import open_stream
from retailsim.events.log.zstd_frames import check_frames
from tests.events.log_samples import lines, shard_file, write_log

NAMES = [f"0000-0000000{number}.jsonl" for number in range(3)]


@pytest.fixture(autouse=True, scope="module")
def no_fsync() -> Iterator[None]:
    """Nothing here survives a power cut anyway."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda fd: None)
        yield


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A closed log of three segments, the outer ones with two batches."""
    write_log(tmp_path, [[2, 1], [2], [1, 2]])
    return tmp_path


def read(folder: Path) -> None:
    for _ in read_batches(folder):
        pass


def found_at(folder: Path, look: Callable[[Path], object] = read) -> tuple[str, int]:
    with pytest.raises(LogDamaged) as caught:
        look(folder)
    return caught.value.path.name, caught.value.offset


def batch_starts(path: Path) -> list[int]:
    starts, at = [0], 0
    for line in path.read_bytes().splitlines(keepends=True):
        at += len(line)
        if line.startswith(b'{"commit":'):
            starts.append(at)
    return starts[:-1]


@pytest.mark.slow
def test_a_flipped_bit_anywhere_is_found_in_its_batch(log: Path) -> None:
    for name in NAMES:
        path = log / name
        data = path.read_bytes()
        starts = batch_starts(path)
        for at in range(len(data)):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
            assert found_at(log) == (name, max(start for start in starts if start <= at))
        path.write_bytes(data)
    read(log)


@pytest.mark.slow
@pytest.mark.parametrize("length", [1, 60, 4096])
def test_zeros_anywhere_are_found(log: Path, length: int) -> None:
    for name in NAMES:
        path = log / name
        data = path.read_bytes()
        for at in range(len(data)):
            zeros = bytes(min(length, len(data) - at))
            path.write_bytes(data[:at] + zeros + data[at + len(zeros) :])
            assert found_at(log)[0] == name
        path.write_bytes(data)


@pytest.mark.slow
def test_a_closed_segment_cut_anywhere_is_found_and_at_a_commit_by_what_follows(log: Path) -> None:
    """The last segment, cut exactly behind a commit, is found by the seal alone."""
    write_seal(log)
    for name in NAMES:
        path = log / name
        data, starts = path.read_bytes(), batch_starts(path)
        for size in range(len(data)):
            path.write_bytes(data[:size])
            assert found_at(log, check)[0] == name or size in starts
            assert not matches_seal(log)
        path.write_bytes(data)
    assert check(log).events == 8


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_segment_is_found_without_a_seal(log: Path, missing: int) -> None:
    (log / NAMES[missing]).unlink()
    for look in (check, read, segments, fingerprint):
        assert found_at(log, look) == (NAMES[missing], 0)


@pytest.mark.parametrize("missing", [0, 1, 2])
def test_a_missing_segment_is_found_by_the_seal(log: Path, missing: int) -> None:
    write_seal(log)
    (log / NAMES[missing]).unlink()
    assert found_at(log, check) == (NAMES[missing], 0)
    assert not matches_seal(log)


def test_a_missing_shard_is_found_by_the_seal(log: Path) -> None:
    write_log(log, [[1]], shard=1)
    write_seal(log)
    assert check(log).events == 9
    (log / "0001-00000000.jsonl").unlink()
    assert found_at(log, check) == ("0001-00000000.jsonl", 0)


def test_a_segment_the_seal_does_not_know_is_found(log: Path) -> None:
    write_log(log, [[1]], shard=1)
    held = (log / "0001-00000000.jsonl").rename(log / "held")
    write_seal(log)
    held.rename(log / "0001-00000000.jsonl")
    assert found_at(log, check) == ("0001-00000000.jsonl", 0)
    with pytest.raises(LogDamaged, match="the seal does not name this segment"):
        check(log)
    assert not matches_seal(log)


def test_swapped_segments_of_equal_size_are_found(tmp_path: Path) -> None:
    write_log(tmp_path, [[2], [2], [2]])
    one, two = tmp_path / NAMES[1], tmp_path / NAMES[2]
    assert one.stat().st_size == two.stat().st_size
    one.rename(tmp_path / "kept")
    two.rename(one)
    (tmp_path / "kept").rename(two)
    assert found_at(tmp_path) == (NAMES[1], 0)
    assert found_at(tmp_path, check) == (NAMES[1], 0)


def test_a_segment_of_another_log_is_found_by_the_chain(tmp_path: Path) -> None:
    """Header, numbers and size fit; only the digest before differs."""
    write_log(tmp_path / "one", [[2], [1]])
    write_log(tmp_path / "two", [[3], [1]])
    (tmp_path / "two" / NAMES[1]).replace(tmp_path / "one" / NAMES[1])
    for look in (check, read):
        assert found_at(tmp_path / "one", look) == (NAMES[1], 0)


def test_a_shard_of_another_run_is_found(tmp_path: Path) -> None:
    write_log(tmp_path, [[1]], shard=0)
    write_log(tmp_path, [[1]], shard=1, run="r2")
    with pytest.raises(LogDamaged, match="belongs to run 'r2', not 'r1'"):
        check(tmp_path)


def test_a_segment_both_open_and_closed_is_found(log: Path) -> None:
    shutil.copy(log / NAMES[2], log / f"{NAMES[2]}.open")
    assert found_at(log) == (f"{NAMES[2]}.open", 0)


def test_an_open_segment_before_another_must_be_whole(log: Path) -> None:
    path = (log / NAMES[1]).rename(log / f"{NAMES[1]}.open")
    assert check(log).events == 8
    path.write_bytes(path.read_bytes()[:-1])
    for look in (check, read):
        assert found_at(log, look) == (path.name, 0)


@pytest.mark.parametrize("compress", [False, True])
def test_a_log_can_be_read_while_its_writer_closes_segments(tmp_path: Path, compress: bool) -> None:
    file = shard_file(tmp_path, compress=compress)
    file.write([lines(0, 2)], 2)
    (listed,) = segments(tmp_path)
    file.finish()
    assert not listed.path.exists()
    assert [batch.count for batch in read_batches(listed)] == [2]
    for path in tmp_path.iterdir():
        path.unlink()
    with pytest.raises(LogDamaged, match=r", byte 0: .*the segment is missing"):
        list(read_batches(listed))


def test_an_empty_closed_segment_and_a_missing_folder_are_damage(tmp_path: Path) -> None:
    (tmp_path / NAMES[0]).touch()
    assert found_at(tmp_path) == (NAMES[0], 0)
    assert found_at(tmp_path / "absent") == ("absent", 0)


def test_a_folder_in_the_place_of_a_segment_is_damage(log: Path) -> None:
    (log / NAMES[1]).unlink()
    (log / NAMES[1]).mkdir()
    with pytest.raises(LogDamaged, match="the segment is no file"):
        segments(log)


def test_a_batch_that_is_longer_than_its_commit_says_is_told_in_bytes(log: Path) -> None:
    path = log / NAMES[1]
    held = len(lines(0, 2))
    path.write_bytes(path.read_bytes().replace(b'"bytes":%d,' % held, b'"bytes":%d,' % (held - 9)))
    with pytest.raises(
        LogDamaged, match=f"{held} bytes of events where the commit says {held - 9}"
    ):
        read(log)


def test_a_log_of_a_later_format_says_so(log: Path) -> None:
    path = log / NAMES[0]
    path.write_bytes(path.read_bytes().replace(b'"format":1', b'"format":2', 1))
    with pytest.raises(LogDamaged, match="its format is 2; this version reads 1"):
        check(log)


def test_the_first_damage_is_named_whatever_the_threads(log: Path) -> None:
    for name in NAMES[1:]:
        path = log / name
        path.write_bytes(path.read_bytes().replace(b"Noted", b"noted", 1))
    for threads in (1, 3):
        assert found_at(log, partial(check, threads=threads)) == (NAMES[1], 0)


def test_batches_are_cut_right_wherever_the_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path, [[1, 30, 2], [5]], leave_open=True)
    for block in range(1, 700):
        monkeypatch.setattr(scan, "_BLOCK", block)
        assert [batch.count for batch in read_batches(tmp_path)] == [1, 30, 2, 5]


def test_a_batchs_offset_is_where_its_lines_stand(log: Path) -> None:
    for batch in read_batches(log):
        data = batch.segment.path.read_bytes()
        assert data[batch.offset :].startswith(batch.lines)
    one = segments(log)[2]
    assert b"\n".join(read_lines(one)) + b"\n" == lines(5, 3)


@pytest.mark.slow
def test_a_flipped_bit_in_a_compressed_segment_is_found_or_harmless(tmp_path: Path) -> None:
    """A few bits of a zstd header change nothing of the text; the text is what counts."""
    write_log(tmp_path, [[2], [2, 1]], compress=True)
    write_seal(tmp_path)
    path = tmp_path / f"{NAMES[1]}.zst"
    data = path.read_bytes()
    harmless = 0
    for at in range(len(data) * 8):
        flipped = bytearray(data)
        flipped[at // 8] ^= 1 << at % 8
        path.write_bytes(flipped)
        matches_seal(tmp_path)
        try:
            kept = list(read_lines(tmp_path))
        except LogDamaged as damage:
            assert damage.path == path
        else:
            assert b"\n".join(kept) + b"\n" == lines(0, 5)
            harmless += 1
    assert harmless < 80


def test_a_compressed_segment_cut_before_its_last_checksum_is_found(tmp_path: Path) -> None:
    write_log(tmp_path, [[2, 1]], compress=True)
    write_seal(tmp_path)
    path = tmp_path / f"{NAMES[0]}.zst"
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        assert not matches_seal(tmp_path)
        if size < len(data) - 4:
            assert found_at(tmp_path)[0] == path.name


def test_what_no_zstd_frame_is_begins_at_the_first_byte(tmp_path: Path) -> None:
    write_log(tmp_path, [[2]], compress=True)
    (listed,) = segments(tmp_path)
    listed.path.write_bytes(listed.path.read_bytes() + b"more")
    assert found_at(tmp_path) == (listed.path.name, 0)


def test_damage_within_a_compressed_segment_is_where_reading_ended(tmp_path: Path) -> None:
    """Its first frame is spoilt at its checksum, so that its content comes out before."""
    write_log(tmp_path, [[2]], compress=True)
    (listed,) = segments(tmp_path)
    packed = bytearray(listed.path.read_bytes())
    packed[packed.index(b"\x28\xb5\x2f\xfd", 4) - 1] ^= 1
    listed.path.write_bytes(packed)
    with listed.path.open("rb") as file:
        assert check_frames(file) is None
    came, stream = 0, open_stream(listed.path)
    with pytest.raises(LogDamaged, match="not valid zstd") as caught:
        while block := stream.read(16):
            came += len(block)
    stream.close()
    assert caught.value.offset == came


def test_reading_a_compressed_segment_without_zstandard_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path, [[2]], compress=True)
    monkeypatch.setitem(sys.modules, "zstandard", None)
    with pytest.raises(ZstdMissing, match=r"\[zstd\]") as caught:
        read(tmp_path)
    assert caught.value.path == segments(tmp_path)[0].path
