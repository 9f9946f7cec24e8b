"""Tables of a projection lie in files of one's own while they are used, and nowhere afterwards."""

from __future__ import annotations

import errno
import json
import resource
import tempfile
import warnings
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from retailsim.analysis.projection import joined, key_ranges, packed, projection_cache
from retailsim.analysis.projection.errors import KeptDiffers, KeptUnreadable, TooLittleRoom
from retailsim.analysis.projection.joined import packed_rows
from retailsim.analysis.projection.loader import check_kept, load, use
from retailsim.analysis.projection.log_pieces import log_pieces
from retailsim.analysis.projection.packed import (
    in_memory,
    room,
    scanned,
    took_no_more,
    understood,
    unpacked,
)
from retailsim.analysis.projection.projection import Projection, StoredProjection
from retailsim.analysis.projection.projection_cache import _copied
from retailsim.analysis.replay.replay import replay
from retailsim.events.log.reader import check
from tests.cases import quick
from tests.sim.runs import sim, small_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A small run of which nothing is kept."""
    path = tmp_path / "run"
    small_run(path)
    forget(path)
    return path


@pytest.fixture
def own_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files go."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(place))
    return place


def forget(run: Path) -> None:
    for kept in (run / "derived").glob("*.parquet"):
        kept.unlink()


def same(one: Projection, other: Projection) -> bool:
    return all(
        getattr(one, name).equals(getattr(other, name)) for name in ("episodes", "markets", "calls")
    )


@pytest.mark.parametrize("kept", [False, True])
def test_they_are_in_a_folder_that_is_gone_afterwards(
    run: Path, own_place: Path, kept: bool
) -> None:
    if kept:
        load(run)

    def seen(stored: StoredProjection) -> list[Path]:
        files = [file for one in stored.contents.values() if isinstance(one, tuple) for file in one]
        assert all(one.is_relative_to(own_place) and one.exists() for one in files)
        return files

    files = use(run, seen)
    assert {"episodes.parquet", "markets.parquet"} <= {one.name for one in files}
    assert list(own_place.iterdir()) == []


def test_they_are_gone_after_an_error_too(run: Path, own_place: Path) -> None:
    def fails(stored: StoredProjection) -> None:
        assert list(own_place.iterdir())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        use(run, fails)
    assert list(own_place.iterdir()) == []


def test_without_a_place_for_them_they_are_in_memory(
    run: Path, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, held = replay(run), load(run)
    monkeypatch.setattr(tempfile, "tempdir", str(own_place / "not there"))
    for _ in ("made anew", "kept"):
        contents = use(run, lambda stored: stored.contents)
        assert all(isinstance(one, bytes) for one in contents.values())
        assert replay(run) == told
        assert same(load(run), held)
        forget(run)


def test_where_their_disk_is_full_they_are_in_memory(
    run: Path, own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, files = replay(run), []

    def full(parts: Iterator[pl.DataFrame], file: Path | None = None) -> Any:
        if file is None:
            return packed_rows(parts)
        files.append(file)
        next(iter(parts))
        raise OSError(28, "No space left on device", str(file))

    forget(run)
    monkeypatch.setattr("retailsim.analysis.projection.projection.packed_rows", full)
    with pytest.warns(TooLittleRoom, match="too little room") as warned:
        assert replay(run) == told
    assert len(files) == 1, "the disk was not tried"
    assert [str(own_place) in str(one.message) for one in warned] == [True]


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO])
def test_what_is_kept_is_held_in_memory_where_it_cannot_be_copied(
    run: Path, own_place: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """And the log is not read for it, unless something else is wrong."""
    told, read = replay(run), []

    def copied(path: Path, new: Path | None) -> str:
        if new is not None and new.is_relative_to(own_place):
            raise OSError(code, "said by the system")
        return _copied(path, new)

    def pieces(*words: Any) -> Any:
        read.append(words)
        return log_pieces(*words)

    monkeypatch.setattr(projection_cache, "_copied", copied)
    monkeypatch.setattr("retailsim.analysis.projection.loader.log_pieces", pieces)
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        assert replay(run) == told
    full = code != errno.EIO
    assert [one.category for one in warned] == [TooLittleRoom] * full
    assert bool(read) == (not full)


def test_the_library_says_in_words_that_a_disk_is_full(own_place: Path) -> None:
    """A limit on the size of files stands for a small disk; the words end alike."""
    rows = pl.DataFrame({"a": range(100_000)})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with room() as place, pytest.raises(KeptUnreadable) as error, understood():
        assert place is not None
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
        try:
            packed_rows([rows], place / "rows.parquet")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert place is not None
    with pytest.warns(TooLittleRoom, match=str(own_place)):
        assert took_no_more(place, error.value.__cause__)
    assert not took_no_more(place, OSError(errno.EIO, "bad disk"))
    assert not took_no_more(place, pl.exceptions.ComputeError("not a parquet file"))


@pytest.mark.filterwarnings("default::UserWarning")
def test_a_command_says_it_on_one_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, new: Path | None) -> str:
        if new is not None:
            raise OSError(errno.ENOSPC, "No space left on device")
        warnings.warn("of a library", stacklevel=1)
        return _copied(path, new)

    replay(run)
    monkeypatch.setattr(projection_cache, "_copied", full)
    said = sim("replay", run, "--json")
    assert said.exit_code == 0 and json.loads(said.stdout)
    ours = [line for line in said.stderr.splitlines() if "too little room" in line]
    assert ours == [f"warning: {TooLittleRoom(Path(tempfile.gettempdir()))}"]
    assert "UserWarning: of a library" in said.stderr


def test_what_is_in_use_is_not_what_others_write_meanwhile(run: Path) -> None:
    expected = load(run)
    kept = run / "derived" / "episodes.parquet"

    def after_another_wrote(stored: StoredProjection) -> tuple[pl.DataFrame, Projection]:
        kept.write_bytes(b"no table")
        return stored.lazy().episodes.collect(), stored.load()

    scanned_rows, loaded = use(run, after_another_wrote)
    assert scanned_rows.equals(expected.episodes)
    assert same(loaded, expected)


def test_rows_are_read_some_at_a_time_wherever_they_lie(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(joined, "ROWS_AT_ONCE", 10)
    monkeypatch.setattr(packed, "_SCANNED_AT_ONCE", 30)
    frame = pl.DataFrame({"a": range(100), "b": [f"text {n % 7}" for n in range(100)]})
    in_file = packed_rows(iter([frame[:55], frame[55:]]), tmp_path / "some.parquet")
    assert in_file == (tmp_path / "some.parquet",)
    monkeypatch.setattr(joined, "_ROWS_OF_A_FILE", 20)
    parts = [frame[at : at + 11] for at in range(0, 100, 11)]
    in_files = packed_rows(iter(parts), tmp_path / "more.parquet")
    heights = [pl.read_parquet(one).height for one in in_files if isinstance(one, Path)]
    assert heights == [22, 22, 22, 22, 12]
    odd = pl.col("a") % 2 == 1
    for stored in (in_file, in_memory(in_file), in_files, in_memory(in_files)):
        rows = scanned(stored)
        assert rows.collect().equals(frame)
        assert rows.head(42).collect().equals(frame.head(42))
        assert rows.filter(odd).select("b").collect().equals(frame.filter(odd).select("b"))
        assert rows.filter(odd).head(42).collect().equals(frame.filter(odd).head(42))
        sums = rows.group_by("b").agg(pl.col("a").sum()).sort("b").collect(engine="streaming")
        assert sums.equals(frame.group_by("b").agg(pl.col("a").sum()).sort("b"))
        assert unpacked(stored, ["b"]).equals(frame.select("b"))
    lengths: list[int] = []
    whole = pl.LazyFrame.slice

    def sliced(rows: pl.LazyFrame, at: int, length: int) -> pl.LazyFrame:
        lengths.append(length)
        return whole(rows, at, length)

    monkeypatch.setattr(pl.LazyFrame, "slice", sliced)
    assert scanned(in_file).select(pl.col("a").sum()).collect().item() == sum(range(100))
    assert lengths == [30, 30, 30, 10]


ROWS = 35
"""Of a file, at least, where there are more."""


@pytest.fixture
def large(run: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run, kept as if it had very many episodes."""
    (run / "derived" / "episodes.parquet").write_bytes(b"of when the run was smaller")
    monkeypatch.setattr(joined, "_ROWS_OF_A_FILE", ROWS)
    monkeypatch.setattr(key_ranges, "_CELLS_AT_ONCE", 1)
    monkeypatch.setattr(key_ranges, "_SAMPLES", 10)
    load(run)
    return run


@pytest.mark.slow
def test_of_very_many_episodes_several_files_are_kept(large: Path) -> None:
    kept = sorted((large / "derived").glob("episodes*"))
    assert [one.name for one in kept] == [f"episodes.part{n}.parquet" for n in (1, 2, 3)]
    heights = [pl.read_parquet(one).height for one in kept]
    assert min(heights[:2]) >= ROWS
    assert sum(heights) == load(large).episodes.height
    told, held = replay(large), load(large)
    forget(large)
    assert replay(large) == told
    assert same(load(large), held)


@pytest.mark.slow
@pytest.mark.parametrize("part", quick(1, [1, 2, 3]))
@pytest.mark.parametrize("change", ["gone", "spoilt"])
def test_where_one_of_them_is_not_as_it_was_all_are_made_anew(
    large: Path, part: int, change: str
) -> None:
    held, file = load(large), large / "derived" / f"episodes.part{part}.parquet"
    content = file.read_bytes()
    if change == "gone":
        file.unlink()
    else:
        file.write_bytes(content[:-9] + b"#" + content[-8:])
    assert same(load(large), held)
    assert file.read_bytes() == content


@pytest.mark.slow
def test_what_was_kept_otherwise_before_does_not_stay(
    large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody shall take a table of before, or a part of one, for all of it."""
    derived = large / "derived"
    (derived / "mine.parquet").write_bytes(b"a person's own")
    monkeypatch.setattr(joined, "_ROWS_OF_A_FILE", 1_000)
    (derived / "index.json").unlink()
    load(large)
    assert [one.name for one in derived.glob("episodes*")] == ["episodes.parquet"]
    assert (derived / "mine.parquet").exists()


def test_verify_tells_other_types_from_the_same_numbers(run: Path) -> None:
    held = load(run)
    log, derived = check(run / "events"), run / "derived"
    check_kept(run, log)
    other = derived / "episodes.parquet"
    held.episodes.with_columns(pl.col(pl.Int64).cast(pl.Float64)).write_parquet(other)
    told = json.loads((derived / "index.json").read_bytes())
    told["sha256"]["episodes"] = sha256(other.read_bytes()).hexdigest()
    (derived / "index.json").write_text(json.dumps(told))
    with pytest.raises(KeptDiffers):
        check_kept(run, log)


@pytest.mark.slow
def test_what_is_too_large_to_be_kept_by_us_is_neither_held_nor_copied(
    run: Path, own_place: Path
) -> None:
    held = load(run)
    for name in ("index.json", "episodes.parquet"):
        with (run / "derived" / name).open("r+b") as file:
            file.truncate(200 << 20)
        assert same(load(run), held)
        assert (run / "derived" / name).stat().st_size < 1 << 20
    assert list(own_place.iterdir()) == []


def test_a_killed_process_leaves_nothing_for_long(own_place: Path) -> None:
    left = own_place / ".retailsim.new-1-0123abcd"
    left.mkdir()
    (left / "episodes.parquet").write_bytes(b"of who was killed")
    theirs = own_place / ".other.new-1-0123abcd"
    theirs.mkdir()
    with room() as one, room() as other:
        assert one is not None
        assert other is not None
        assert {one, other, theirs} == set(own_place.iterdir()), "what is in use stays"
    assert list(own_place.iterdir()) == [theirs]


def test_verify_compares_each_of_them_with_the_log(large: Path) -> None:
    log = check(large / "events")
    check_kept(large, log)
    index = large / "derived" / "index.json"
    other = large / "derived" / "episodes.part2.parquet"
    changed = pl.read_parquet(other).with_columns(orders=pl.col("orders") + 1)
    changed.write_parquet(other)
    told = json.loads(index.read_bytes())
    told["sha256"]["episodes.part2"] = sha256(other.read_bytes()).hexdigest()
    index.write_text(json.dumps(told))
    with pytest.raises(KeptDiffers):
        check_kept(large, log)


def test_a_file_that_is_no_table_is_said_to_be_none(tmp_path: Path) -> None:
    spoilt = tmp_path / "spoilt.parquet"
    spoilt.write_bytes(b"no table")
    for read in (scanned, unpacked):
        with pytest.raises(KeptUnreadable):
            read((spoilt,))
    with pytest.raises(KeptUnreadable):
        in_memory((tmp_path / "not there",))


def test_a_room_is_a_folder_for_oneself_alone(own_place: Path) -> None:
    with room() as place:
        assert place is not None
        assert place.parent == own_place
        assert place.stat().st_mode & 0o077 == 0
    assert not place.exists()
