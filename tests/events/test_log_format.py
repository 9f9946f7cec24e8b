"""The lines of a segment that are not events, and the errors' messages."""

from __future__ import annotations

import errno
import hashlib
import json
import zlib
from pathlib import Path

import pytest

from retailsim.events.errors import (
    EventsError,
    LogDamaged,
    LogOfAnotherRun,
    LogWriteError,
    RunInUse,
    ZstdMissing,
)
from retailsim.events.extras import how_to_install
from retailsim.events.log.format import (
    GENESIS,
    Header,
    frame,
    parse_commit,
    parse_header,
    parse_name,
    segment_name,
)
from retailsim.events.log.reader import check, read_lines
from tests.events.log_samples import lines, write_log


def test_a_log_can_be_verified_with_nothing_but_the_documented_rule(tmp_path: Path) -> None:
    write_log(tmp_path, [[2, 3], [1]])
    digest, total = GENESIS, 0
    for path in sorted(tmp_path.glob("*.jsonl")):
        covered = events = b""
        for line in path.read_bytes().splitlines(keepends=True):
            if not line.startswith(b'{"commit":'):
                covered += line
                events += line if line.startswith(b'{"type":') else b""
                continue
            commit = json.loads(line)
            covered += line[: line.index(b',"sha256"')]
            digest = hashlib.sha256(digest.encode() + covered).hexdigest()
            total += events.count(b"\n")
            assert commit == {
                "commit": events.count(b"\n"),
                "bytes": len(events),
                "crc32": f"{zlib.crc32(events):08x}",
                "total": total,
                "sha256": digest,
            }
            covered = events = b""
        assert covered == b""


def test_the_documented_segment_is_a_whole_log(tmp_path: Path) -> None:
    """The example in docs/log-format.md verifies, digests included."""
    text = (Path(__file__).parents[2] / "docs" / "log-format.md").read_text()
    example = text.split("```jsonl\n")[1].split("```")[0]
    (tmp_path / "0000-00000000.jsonl").write_text(example)
    found = check(tmp_path)
    assert found.events == 3
    assert [json.loads(line)["type"] for line in read_lines(tmp_path)] == [
        "MarketOpened",
        "OrderPlaced",
        "MarketClosed",
    ]


def test_neither_header_nor_commit_line_has_a_key_of_an_event(tmp_path: Path) -> None:
    write_log(tmp_path, [[1]])
    header, _, commit = map(json.loads, (tmp_path / "0000-00000000.jsonl").read_text().splitlines())
    assert not {"type", "episode", "market"} & (header.keys() | commit.keys())
    assert list(header) == ["log", "format", "schema", "run", "shard", "segment", "previous"]
    assert header["previous"] == GENESIS


def test_a_header_is_read_back_with_unknown_keys_ignored() -> None:
    header = Header(schema=3, run='a "b"', shard=2, segment=1, previous=GENESIS)
    assert parse_header(header.line()) == header
    assert parse_header(header.line()[:-2] + b',"more":1}\n') == header


@pytest.mark.parametrize(
    "line", [b"", b"{}\n", b'{"log":"other"}\n', b"\xff\n", lines(0, 1), b'{"log":"retailsim"\n']
)
def test_what_is_no_header_is_none(line: bytes) -> None:
    assert parse_header(line) is None


def test_a_commit_line_is_read_exactly_or_not_at_all() -> None:
    data, digest = frame(GENESIS, b"", [lines(0, 1), lines(1, 2)], 3, 7)
    line = data.splitlines(keepends=True)[-1]
    commit = parse_commit(line)
    assert commit is not None
    assert (commit.count, commit.size, commit.total) == (3, len(lines(0, 3)), 7)
    assert (commit.crc32, commit.digest) == (zlib.crc32(lines(0, 3)), digest)
    for wrong in (line[:-1], b" " + line, line + b"\n", line.replace(b":3,", b":-3,")):
        assert parse_commit(wrong) is None


@pytest.mark.parametrize("suffix", ["", ".open", ".zst"])
def test_a_segments_name_is_read_back(suffix: str) -> None:
    assert parse_name(segment_name(12, 345, suffix)) == (12, 345, suffix)


@pytest.mark.parametrize(
    "name",
    ["SEAL", ".0000-00000000.jsonl.zst.tmp", "0000-00000000.jsonl.tmp", "0-0.jsonl", "notes.jsonl"],
)
def test_other_files_are_no_segments(name: str) -> None:
    assert parse_name(name) is None


PATH = Path("RUN/events/0000-00000000.jsonl")


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (LogDamaged(PATH, 17, "a batch is bad"), [f"{PATH}, byte 17", "a batch is bad", "Restore"]),
        (LogWriteError(PATH, "No space left", errno.ENOSPC), [str(PATH), "disk full", "resume"]),
        (LogWriteError(PATH, "Input/output error", errno.EIO), ["Input/output error", "the disk"]),
        (LogOfAnotherRun(PATH, "a", "b"), ["'a'", "'b'", "a folder of its own"]),
        (ZstdMissing(PATH), [str(PATH), how_to_install("zstd")]),
        (RunInUse(Path("RUN/lock")), ["RUN/lock", "another process"]),
    ],
)
def test_a_message_is_one_line_and_says_where_what_and_what_to_do(
    error: EventsError, says: list[str]
) -> None:
    text = str(error)
    assert "\n" not in text
    assert [part for part in says if part not in text] == []


def test_only_want_of_space_is_a_full_disk() -> None:
    assert LogWriteError(PATH, "full", errno.EDQUOT).disk_full
    assert not LogWriteError(PATH, "broken", errno.EIO).disk_full
    assert LogWriteError(PATH, "broken", errno.EIO).errno == errno.EIO
