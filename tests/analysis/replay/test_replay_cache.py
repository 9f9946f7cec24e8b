"""The kept projection is used while it fits the log, and made anew otherwise."""

from __future__ import annotations

import io
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim.analysis.projection import loader, log_pieces, projection_cache
from retailsim.analysis.projection.errors import KeptDiffers
from retailsim.analysis.projection.loader import check_kept, load
from retailsim.analysis.projection.packed import packed
from retailsim.analysis.replay.replay import replay
from retailsim.events import messages as m
from retailsim.events.errors import LogDamaged
from retailsim.events.log import reader
from retailsim.events.log.reader import check
from retailsim.events.log.segment import Segment
from tests.analysis.fakelog import closed, market, opened, order, write_run

FRAMES = [
    f"{name}.parquet" for name in ("episodes", "markets", "calls", "episode_calls", "answerers")
]


def one_market(name: str = "m") -> list[m.Event]:
    return market(name, closed(f"{name}/e", opened(), order(2)))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run that was replayed once."""
    folder = write_run(tmp_path / "run", one_market())
    replay(folder)
    return folder


@pytest.fixture
def projected(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were hashed and parsed since."""
    folders: list[Path] = []
    reading = log_pieces.log_pieces

    def counting(folder: Path, *more: Any) -> Any:
        folders.append(folder)
        return reading(folder, *more)

    monkeypatch.setattr(loader, "log_pieces", counting)
    return folders


def test_a_second_replay_reads_only_what_is_kept(run: Path, projected: list[Path]) -> None:
    """And says the same."""
    assert replay(run).overall.units == 2
    assert projected == []


def test_a_log_that_grew_is_projected_again(run: Path, projected: list[Path]) -> None:
    """Sizes and last commits are compared."""
    write_run(run, one_market("n"))
    assert replay(run).overall.units == 4
    assert replay(run).overall.units == 4
    assert len(projected) == 1


def test_another_log_with_the_same_names_is_projected_again(
    run: Path, tmp_path: Path, projected: list[Path]
) -> None:
    """A folder copied over another is not the one that was replayed."""
    other = write_run(tmp_path / "other" / "run", market("m", closed("m/e", opened(), order(7))))
    for file in (other / "events").iterdir():
        file.replace(run / "events" / file.name)
    assert replay(run).overall.units == 7
    assert len(projected) == 1


@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize(
    "how",
    [
        "flip",
        "remove",
        pytest.param("cut", marks=pytest.mark.slow),
        pytest.param("empty", marks=pytest.mark.slow),
    ],
)
def test_a_damaged_kept_file_is_made_anew(
    run: Path, projected: list[Path], name: str, how: str
) -> None:
    """Nothing is believed because it can be read."""
    path = run / "derived" / name
    content = path.read_bytes()
    middle = len(content) // 2
    match how:
        case "flip":
            path.write_bytes(
                content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
            )
        case "cut":
            path.write_bytes(content[:middle])
        case "remove":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
    assert replay(run).overall.units == 2
    assert len(projected) == 1
    assert path.read_bytes() == content


SPOILT = (b"", b"{", b"[]", b'{"version":1}', b"\xff", b'{"log":"\xe0x"}', b'{"x":' + b"[" * 9_999)
"""The sixth was found by the campaign: derived tables, seed 0, damage 14."""


@pytest.mark.slow
@pytest.mark.parametrize("content", SPOILT)
def test_a_damaged_index_is_made_anew(run: Path, projected: list[Path], content: bytes) -> None:
    """An index that cannot be read fits no log."""
    (run / "derived" / "index.json").write_bytes(content)
    assert replay(run).overall.units == 2
    assert len(projected) == 1


def test_a_newer_projection_replaces_the_kept_one(
    run: Path, projected: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Code that folds differently must not read what older code folded."""
    monkeypatch.setattr(projection_cache, "VERSION", projection_cache.VERSION + 1)
    replay(run)
    replay(run)
    assert len(projected) == 1


def test_a_folder_that_cannot_be_written_is_replayed(tmp_path: Path) -> None:
    """Nothing is kept, and nothing is said about it."""
    run = write_run(tmp_path / "run", one_market())
    (run / "derived").write_text("in the way")
    assert replay(run).overall.units == 2
    assert replay(run).overall.units == 2
    assert (run / "derived").read_text() == "in the way"


def test_keeping_leaves_no_other_files(run: Path) -> None:
    """Temporary names are gone, and the event log is untouched."""
    kept = {path.name for path in (run / "derived").iterdir()}
    assert kept == {
        "index.json",
        "hashed.json",
        "episodes.parquet",
        "markets.parquet",
        "calls.parquet",
        "episode_calls.parquet",
        "answerers.parquet",
        "claims.parquet",
        "readings.parquet",
        "choices.parquet",
    }
    assert {path.suffix for path in (run / "events").iterdir()} == {"", ".jsonl"}


def test_a_log_that_grows_while_it_is_read_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was read belongs to neither of the two states."""
    run = write_run(tmp_path / "run", one_market(), seal=False)
    marks = iter(["before", "after"])
    monkeypatch.setattr(loader, "fingerprint", lambda folder: next(marks))
    assert replay(run).overall.units == 2
    assert not (run / "derived").exists()


@pytest.fixture
def touched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were hashed since."""
    names: list[str] = []
    hashing = reader._check_segment

    def counting(segment: Segment, **options: Any) -> reader.SegmentCheck:
        names.append(segment.path.name)
        return hashing(segment, **options)

    monkeypatch.setattr(reader, "_check_segment", counting)
    return names


FIRST, SECOND = "0000-00000000.jsonl", "0001-00000000.jsonl"


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """A finished run of two segments that was replayed once."""
    folder = write_run(tmp_path / "run", one_market("m"), one_market("n"))
    replay(folder)
    return folder


def test_files_that_nobody_touched_are_not_hashed_again(shards: Path, touched: list[str]) -> None:
    assert replay(shards).overall.units == 4
    assert touched == []


@pytest.mark.parametrize("how", ["touch", "copy"])
def test_a_file_that_was_touched_is_hashed_again_and_its_projection_kept(
    how: str, shards: Path, touched: list[str], projected: list[Path]
) -> None:
    """Once: then it is known again."""
    file = shards / "events" / SECOND
    if how == "touch":
        os.utime(file, ns=(1, 1))
    else:
        shutil.copy2(file, shards / "copy")
        (shards / "copy").replace(file)
    for _ in range(2):
        assert replay(shards).overall.units == 4
    assert (touched, projected) == ([SECOND], [])


def test_damage_behind_a_kept_projection_is_named(shards: Path, touched: list[str]) -> None:
    """The size and the last commit are as they were, so the projection still fits."""
    file = shards / "events" / FIRST
    content = file.read_bytes()
    file.write_bytes(content.replace(b"Rye bread", b"Ryf bread", 1))
    with pytest.raises(LogDamaged, match=FIRST):
        replay(shards)
    assert touched == [FIRST]


@pytest.mark.parametrize("gone", ["one", "all, and the seal"])
def test_a_log_that_was_hashed_and_is_gone_is_damaged(shards: Path, gone: str) -> None:
    """Nothing else in the folder says that there were events: it was 0 of 0 episodes."""
    files = sorted((shards / "events").glob("*.jsonl"))
    (shards / "events" / "SEAL").unlink()
    load(shards)
    for path in files if gone != "one" else files[:1]:
        path.unlink()
    with pytest.raises(LogDamaged, match=f"{files[0].name}.*the segment is missing"):
        load(shards)
    shutil.rmtree(shards / "derived")
    load(shards)  # so it is the record that tells


@pytest.mark.parametrize("content", [b"", b"{", b'{"version":2,"segments":{}}', b"\xff"])
def test_without_a_record_everything_is_hashed(
    content: bytes, shards: Path, touched: list[str]
) -> None:
    (shards / "derived" / "hashed.json").write_bytes(content)
    replay(shards)
    assert sorted(touched) == [FIRST, SECOND]


def test_it_is_known_since_when_files_are_trusted(shards: Path) -> None:
    load(shards)
    first = load(shards).log
    os.utime(shards / "events" / SECOND, ns=(1, 1))
    second = load(shards).log
    assert first is not None and second is not None
    assert all(one.hashed_at is not None for one in first.segments)
    assert [one.hashed_at for one in second.segments] == [first.segments[0].hashed_at, None]


@pytest.mark.parametrize("name", ["episodes", "claims"])
def test_what_is_kept_is_compared_with_the_log(name: str, run: Path) -> None:
    """A file and its digest in the index that were changed together fit each other."""
    check_kept(run, check(run / "events"))
    file, index = run / "derived" / f"{name}.parquet", run / "derived" / "index.json"
    before = file.read_bytes()
    frame = pl.read_parquet(io.BytesIO(before))
    changed = packed(pl.concat([frame, frame]) if len(frame) else frame.clear(1))
    file.write_bytes(changed)
    old, new = (sha256(content).hexdigest() for content in (before, changed))
    index.write_text(index.read_text().replace(old, new))
    with pytest.raises(KeptDiffers, match=rf"{name}\.parquet: it is not what the log says"):
        check_kept(run, check(run / "events"))


def test_what_fits_no_log_is_not_compared(run: Path) -> None:
    (run / "derived" / "episodes.parquet").write_bytes(b"changed alone, so never read")
    check_kept(run, check(run / "events"))
