"""The seal, and the quick look that stands in for hashing everything."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from retailsim.events.errors import LogDamaged
from retailsim.events.log import segment
from retailsim.events.log.format import parse_commit
from retailsim.events.log.reader import check
from retailsim.events.log.seal import (
    SEAL,
    check_quickly,
    fingerprint,
    matches_seal,
    read_seal,
    remove_seal,
    write_seal,
)
from retailsim.events.log.segment import segments
from tests.events.log_samples import lines, shard_file, write_log


@pytest.mark.parametrize("compress", [False, True])
def test_a_seal_says_what_a_full_check_finds(tmp_path: Path, compress: bool) -> None:
    write_log(tmp_path, [[2, 1], [4]], compress=compress)
    write_log(tmp_path, [[5]], shard=2, compress=compress)
    seal = write_seal(tmp_path)
    assert read_seal(tmp_path) == seal
    assert matches_seal(tmp_path)
    found = check(tmp_path)
    assert seal.events == found.events == 12
    assert [(shard.shard, shard.events) for shard in seal.shards] == [(0, 7), (2, 5)]
    rows = [row for shard in seal.shards for row in shard.segments]
    assert [(row.events, row.bytes, row.digest) for row in rows] == [
        (one.events, one.good_bytes, one.digest) for one in found.segments
    ]


def test_compressing_changes_no_seal(tmp_path: Path) -> None:
    write_log(tmp_path / "plain", [[2, 1], [4]])
    write_log(tmp_path / "packed", [[2, 1], [4]], compress=True)
    assert write_seal(tmp_path / "plain") == write_seal(tmp_path / "packed")


def test_a_log_with_an_open_segment_is_not_sealed(tmp_path: Path) -> None:
    write_log(tmp_path, [[2], [1]], leave_open=True)
    with pytest.raises(LogDamaged, match=r"00000001\.jsonl\.open.* still open"):
        write_seal(tmp_path)
    assert read_seal(tmp_path) is None


def test_a_commit_that_just_fits_the_bytes_that_are_looked_at_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_log(tmp_path, [[2]])
    (listed,) = segments(tmp_path)
    last = listed.path.read_bytes().splitlines(keepends=True)[-1]
    monkeypatch.setattr(segment, "_TAIL_BYTES", len(last) + 1)
    assert listed.last_commit() == parse_commit(last) is not None


def test_an_empty_log_can_be_sealed_and_an_unsealed_one_matches_nothing(tmp_path: Path) -> None:
    assert not matches_seal(tmp_path)
    assert write_seal(tmp_path).shards == ()
    assert matches_seal(tmp_path)
    remove_seal(tmp_path)
    remove_seal(tmp_path)
    assert not matches_seal(tmp_path)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("shards", 0, "segments", 1, "bytes"), 1),
        (("shards", 0, "segments", 0, "events"), 9),
        (("shards", 0, "segments", 1, "digest"), "0" * 64),
        (("shards", 0, "events"), 1),
        (("shards", 0, "digest"), "0" * 64),
        (("events",), 0),
    ],
)
def test_a_seal_that_says_anything_else_is_damage(
    tmp_path: Path, path: tuple[str | int, ...], wrong: object
) -> None:
    write_log(tmp_path, [[2], [1]])
    write_seal(tmp_path)
    seal = json.loads((tmp_path / SEAL).read_text())
    inner = seal
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = wrong
    (tmp_path / SEAL).write_text(json.dumps(seal))
    assert not matches_seal(tmp_path)
    with pytest.raises(LogDamaged, match="the seal"):
        check(tmp_path)


def test_a_quick_check_names_what_a_full_one_does_unless_a_bit_within_was_flipped(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, [[2, 1], [4]], leave_open=True)
    check_quickly(tmp_path)  # not sealed
    shutil.rmtree(tmp_path)
    write_log(tmp_path, [[2, 1], [4]])
    write_seal(tmp_path)
    check_quickly(tmp_path)
    first, last = (tmp_path / f"0000-0000000{number}.jsonl" for number in (0, 1))
    whole = last.read_bytes()
    for path, spoilt, what in (
        (last, None, "the segment is missing"),
        (first, None, "segment 0 is missing"),
        (last, whole[:-1], "it does not end with a commit"),
        (last, whole.replace(b'"t":0', b'"t":00', 1), "it holds 4 events in"),
    ):
        before = path.read_bytes()
        path.unlink() if spoilt is None else path.write_bytes(spoilt)
        with pytest.raises(LogDamaged, match=what):
            check_quickly(tmp_path)
        path.write_bytes(before)
    last.write_bytes(whole.replace(b'"t":0', b'"t":1', 1))
    check_quickly(tmp_path)
    with pytest.raises(LogDamaged):
        check(tmp_path)


def test_a_seal_that_is_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / SEAL)
    with pytest.raises(LogDamaged, match="the seal is no file"):
        check_quickly(tmp_path)


@pytest.mark.parametrize("text", ["", "{", '{"seal":1}', '{"seal":2,"events":0,"shards":[]}'])
def test_a_seal_that_cannot_be_read_is_damage(tmp_path: Path, text: str) -> None:
    write_log(tmp_path, [[2]])
    (tmp_path / SEAL).write_text(text)
    for look in (read_seal, check, matches_seal):
        with pytest.raises(LogDamaged, match=f"{SEAL}, byte 0: .* the seal"):
            look(tmp_path)


def test_a_fingerprint_changes_whenever_the_log_grows(tmp_path: Path) -> None:
    write_log(tmp_path, [[2]])
    seen = {fingerprint(tmp_path)}
    assert fingerprint(tmp_path) in seen
    file = shard_file(tmp_path)
    for seq in range(2, 5):
        file.write([lines(seq, 1)], 1)
        seen.add(fingerprint(tmp_path))
    file.finish()
    seen.add(fingerprint(tmp_path))
    write_log(tmp_path, [[1]], shard=1)
    seen.add(fingerprint(tmp_path))
    assert len(seen) == 6


def test_a_fingerprint_tells_logs_of_equal_size_apart(tmp_path: Path) -> None:
    write_log(tmp_path / "one", [[2]], run="r1")
    write_log(tmp_path / "two", [[2]], run="r2")
    assert fingerprint(tmp_path / "one") != fingerprint(tmp_path / "two")
