"""What is kept of an index misleads nobody: not damaged, not another log's, not a forged one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from retailsim.analysis.lookup import index as index_module
from retailsim.analysis.lookup import kept, segment_lines
from retailsim.analysis.lookup.checking import check_kept_index
from retailsim.analysis.lookup.index import LogIndex
from retailsim.analysis.lookup.segment_lines import SegmentLines
from retailsim.analysis.lookup.stretches import SCHEMA, stretches
from retailsim.analysis.projection.errors import KeptDiffers, LogUnreadable
from retailsim.events.errors import LogDamaged
from retailsim.events.log.reader import check
from retailsim.events.log.scan import Batch
from retailsim.events.log.segment import Segment, segments
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.analysis.lookup.test_log_index import agrees

MARKETS = ("a", "b", "c")


@pytest.fixture(autouse=True)
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The segments that were looked through since."""
    monkeypatch.setattr(kept, "WORTH_BYTES", 1)
    names: list[str] = []

    def noted(segment: str, batches: Iterable[Batch]) -> pl.DataFrame:
        names.append(segment)
        return stretches(segment, batches)

    monkeypatch.setattr(index_module, "stretches", noted)
    return names


def a_run(folder: Path, quantity: int = 2, **how: Any) -> Path:
    """A run of three markets, in several segments unless `how` says otherwise."""
    markets = [
        event
        for name in MARKETS
        for event in market(name, closed(f"{name}/e", opened(), order(quantity)))
    ]
    return write_run(folder, markets, **{"batch": 3, "segment_bytes": 900, **how})


def kept_files(run: Path) -> list[Path]:
    """Return the files of the kept index."""
    return sorted((run / "derived" / "lookup").iterdir())


def test_what_is_kept_is_not_made_again(tmp_path: Path, read: list[str]) -> None:
    run = a_run(tmp_path / "run")
    assert agrees(LogIndex.open(run), run)
    assert sorted(read) == [segment.path.name for segment in segments(run / "events")]
    assert len(read) > 2
    read.clear()
    # Not asked for markets that are not there: those make it look again.
    assert all(LogIndex.open(run).lines(name) for name in MARKETS)
    assert read == []


def test_a_damaged_file_is_made_again(tmp_path: Path) -> None:
    """Whichever byte of it; what is said of another digest is not used either."""
    run = a_run(tmp_path / "run")
    LogIndex.open(run)
    file, segment = kept_files(run)[1], one_of(run)
    content, commit = file.read_bytes(), segment.last_commit()
    assert commit is not None
    spoilt = [b"", content[:40], content[:-1], content + b"\0", sha256(b"\xc1").digest() + b"\xc1"]
    spoilt += [
        content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        for at in range(0, len(content), len(content) // 40)
    ]
    for damaged in spoilt:
        file.write_bytes(damaged)
        assert kept.read(run / "derived", segment, commit.digest) is None
    assert agrees(LogIndex.open(run), run)
    assert file.read_bytes() == content
    assert kept.read(run / "derived", segment, commit.digest) is not None
    assert kept.read(run / "derived", segment, "0" * 64) is None


def test_of_small_segments_nothing_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "WORTH_BYTES", 1 << 20)
    run = a_run(tmp_path / "run")
    assert agrees(LogIndex.open(run), run)
    assert not (run / "derived").exists()


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    LogIndex.open(run)
    kept_files(run)[0].unlink()
    os.mkfifo(run / "derived" / "lookup" / "0000-00000000.stretches")
    assert agrees(LogIndex.open(run), run)


def test_the_index_of_another_log_is_not_used(tmp_path: Path) -> None:
    run, other = a_run(tmp_path / "run"), a_run(tmp_path / "other" / "run", 31)
    LogIndex.open(other)
    shutil.copytree(other / "derived", run / "derived")
    assert agrees(LogIndex.open(run), run)


def columns(rows: pl.DataFrame) -> dict[str, Any]:
    """What is kept of stretches."""
    return {f"{name}s": rows[name].to_list() for name in rows.columns}


def forge(run: Path, change: Callable[[pl.DataFrame], pl.DataFrame | dict[str, Any]]) -> None:
    """Change what is kept of each segment, with everything that says that it is right."""
    for file in kept_files(run):
        said = msgspec.msgpack.decode(file.read_bytes()[32:])
        rows = pl.DataFrame([said[f"{name}s"] for name in SCHEMA], SCHEMA)
        changed = change(rows)
        new = changed if isinstance(changed, dict) else columns(changed)
        body = msgspec.msgpack.encode({"version": said["version"], "digest": said["digest"], **new})
        file.write_bytes(sha256(body).digest() + body)


def nth(market: str, number: int) -> pl.Expr:
    """Which stretch is a market's so-manieth."""
    return (pl.col("market") == market) & ((pl.col("market") == market).cum_sum() == number + 1)


_NOWHERE = pl.lit(None, pl.Int64())

FORGED: dict[str, Callable[[pl.DataFrame], pl.DataFrame | dict[str, Any]]] = {
    "shifted": lambda rows: rows.with_columns(pl.col("offset") + 1),
    "longer": lambda rows: rows.with_columns(pl.col("length") * 3),
    "with a commit": lambda rows: rows.with_columns(
        length=pl.col("offset").shift(-1, fill_value=9)
    ),
    "too short": lambda rows: rows.with_columns(pl.col("length") - 1),
    "beyond the end": lambda rows: rows.with_columns(pl.col("offset") + (1 << 40)),
    "huge": lambda rows: rows.with_columns(length=pl.lit((1 << 48) - 1)),
    "huge at its end": lambda rows: pl.concat(
        [rows[:-1], rows[-1:].with_columns(length=pl.lit((1 << 48) - 1))]
    ),
    "overflowing": lambda rows: rows.with_columns(length=pl.lit((1 << 63) - 1)),
    "below zero": lambda rows: rows.with_columns(pl.col("offset") * -1),
    "the file's beginning": lambda rows: rows.with_columns(
        offset=pl.when(nth("a", 0)).then(pl.lit(0, pl.Int64())).otherwise("offset")
    ),
    "before it": lambda rows: rows.with_columns(
        offset=pl.when(nth("a", 0)).then(pl.lit(-9, pl.Int64())).otherwise("offset")
    ),
    "exchanged names": lambda rows: rows.with_columns(
        pl.col("market").replace({"a": "b", "b": "c", "c": "a"})
    ),
    "without a market": lambda rows: rows.filter(pl.col("market") != "b"),
    "without a part": lambda rows: rows.filter(~nth("b", 1)),
    "without an end": lambda rows: rows[:-1],
    "without a beginning": lambda rows: rows.filter(~nth("b", 0)),
    "twice": lambda rows: pl.concat([rows, rows]).sort("offset"),
    "nameless": lambda rows: rows.with_columns(market=pl.lit(None, pl.String())),
    "nowhere": lambda rows: rows.with_columns(
        offset=pl.when(nth("b", 1)).then(_NOWHERE).otherwise("offset")
    ),
    "empty": lambda rows: rows.clear(),
    "other columns": lambda rows: rows.rename({"market": "marked"}),
    "other types": lambda rows: rows.cast({"offset": pl.Float64()}),
    "other lengths": lambda rows: columns(rows) | {"markets": rows["market"].to_list()[:-1]},
    "no lists": lambda rows: columns(rows) | {"offsets": {"1": 2}},
    "larger than 64 bits": lambda rows: columns(rows) | {"lengths": [(1 << 64) - 1] * len(rows)},
}


PLACED = ("shifted", "longer", "beyond the end", "huge", "huge at its end", "exchanged names")
"""Where what is wrong shows itself when the segment is read."""


@pytest.mark.parametrize(
    ("what", "held"),
    [
        *(pytest.param(what, None, id=what) for what in FORGED),
        *(
            pytest.param(what, held, id=f"{what}, {how}", marks=pytest.mark.slow)
            for held, how in ((True, "zst"), (False, "large zst"))
            for what in PLACED
        ),
    ],
)
def test_a_forged_index_is_made_again(
    tmp_path: Path, what: str, held: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although its digests are right, and whichever market is asked for first; then for good."""
    if held is False:
        monkeypatch.setattr(segment_lines, "MOST_WHOLE", 10)
    run = a_run(tmp_path / "run", compress=held is not None, batch=1, segment_bytes=9_999)
    honest = LogIndex.open(run)
    assert agrees(honest, run)
    told = {name: honest.lines(name) for name in ("a", "c", "b")}
    for name in told:
        forge(run, FORGED[what])
        assert LogIndex.open(run).lines(name) == told[name] != []
    LogIndex.open(run).lines("b")
    with monkeypatch.context() as patched:
        patched.setattr(LogIndex, "_distrust", None)  # what is kept now needs no second look
        assert LogIndex.open(run).lines("b") == told["b"]


def test_what_a_line_holds_is_no_line(tmp_path: Path) -> None:
    """Something within a line that looks like a line of another market."""
    inner = {"type": "Noted", "market": "b", "seq": 0}
    run = write_run(tmp_path / "run", [{"type": "Noted", "market": "a", "seq": 0, "of": inner}])
    content = (run / "events" / "0000-00000000.jsonl").read_bytes()
    LogIndex.open(run)
    inside = msgspec.json.encode(inner)
    row = {"market": ["b"], "offset": [content.index(inside)], "length": [len(inside)]}
    forge(run, lambda rows: pl.DataFrame(row, SCHEMA))
    assert LogIndex.open(run).lines("b") == []
    forge(run, lambda rows: pl.DataFrame({**row, "length": [len(inside) + 1]}, SCHEMA))
    assert LogIndex.open(run).lines("b") == []


def test_few_compressed_segments_are_held(tmp_path: Path) -> None:
    """And read again as they were."""
    run = a_run(tmp_path / "run", compress=True)
    several = segments(run / "events")
    assert len(several) > 3
    reader = SegmentLines(most_held=2)
    for _ in range(2):
        for one in several:
            with closing(one.open()) as stream:
                header, *lines = stream.read(1 << 20).splitlines()
            behind = len(header) + 1
            assert list(reader.at(one, [(behind, one.size() - behind)])) == lines
            assert reader.holds <= 2


def test_a_log_in_place_of_another_is_looked_through(tmp_path: Path, read: list[str]) -> None:
    run, other = a_run(tmp_path / "run"), a_run(tmp_path / "other" / "run", 3)
    index = LogIndex.open(run)
    shutil.rmtree(run / "events")
    shutil.copytree(other / "events", run / "events")
    read.clear()
    index.refresh()
    assert sorted(read) == [segment.path.name for segment in segments(run / "events")]
    assert agrees(index, run)


def test_an_open_segment_in_place_of_another_is_looked_through(tmp_path: Path) -> None:
    """It does not go on where the other one was."""
    run = a_run(tmp_path / "run", segment_bytes=9_999)
    other = a_run(tmp_path / "o" / "run", segment_bytes=9_999, batch=1)
    for folder in (run, other):
        path = segments(folder / "events")[0].path
        path.rename(path.with_name(f"{path.name}.open"))
    index = LogIndex.open(run)
    name = "0000-00000000.jsonl.open"
    (other / "events" / name).replace(run / "events" / name)
    index.refresh()
    assert agrees(index, run)


def test_a_check_finds_what_no_look_could(tmp_path: Path) -> None:
    """That a market of an unfinished run goes on: what is told of it lacks nothing between."""
    run = a_run(tmp_path / "run", seal=False)
    whole = len(LogIndex.open(run).lines("c"))
    check_kept_index(run, check(run / "events"))
    file = kept_files(run)[-1]
    before = {one: one.read_bytes() for one in kept_files(run)}
    forge(run, lambda rows: rows[:-1])
    for one in before.keys() - {file}:
        one.write_bytes(before[one])
    assert 0 < len(LogIndex.open(run).lines("c")) < whole
    with pytest.raises(KeptDiffers, match=rf"lookup/{file.name}: it is not what the log says"):
        check_kept_index(run, check(run / "events"))


def one_of(run: Path) -> Segment:
    """Return a segment from the middle of the log."""
    return segments(run / "events")[1]


@pytest.mark.parametrize("again", [False, True], ids=["opened before", "opened again"])
def test_a_truncated_segment_is_told(tmp_path: Path, again: bool) -> None:
    run = a_run(tmp_path / "run")
    index = LogIndex.open(run)
    path = one_of(run).path
    content = path.read_bytes()
    path.write_bytes(content[:-300])
    for _ in range(2):
        with pytest.raises(LogDamaged, match=path.name):
            for name in MARKETS:
                (LogIndex.open(run) if again else index).lines(name)
    path.write_bytes(content)
    assert agrees(LogIndex.open(run) if again else index, run)


def test_a_segment_that_changed_is_not_read_for_another(tmp_path: Path) -> None:
    """One byte more in its first line moves all that follows; its end stays as it was."""
    run = a_run(tmp_path / "run")
    index = LogIndex.open(run)
    path = one_of(run).path
    path.write_bytes(path.read_bytes().replace(b'"type":', b'"type" :', 1))
    with pytest.raises(LogDamaged, match="261 bytes of events where the commit says 260"):
        for name in MARKETS:
            index.lines(name)


def test_a_damaged_segment_is_told_and_nothing_kept_of_it(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    path = one_of(run).path
    path.write_bytes(path.read_bytes().replace(b'"market":"a"', b'"market":"z"', 1))
    with pytest.raises(LogDamaged, match="the sha256 of a batch"):
        LogIndex.open(run)
    assert f"{path.stem}.stretches" not in [file.name for file in kept_files(run)]


def test_a_line_that_is_no_event_is_told(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", [{"type": "Noted", "market": 7}])
    with pytest.raises(LogUnreadable, match=r"0000-00000000\.jsonl: a line is not an event"):
        LogIndex.open(run)


def test_nothing_is_kept_behind_a_link_or_where_nothing_can_be(tmp_path: Path) -> None:
    run = a_run(tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    (run / "derived").mkdir()
    (run / "derived" / "lookup").symlink_to(tmp_path / "elsewhere")
    assert agrees(LogIndex.open(run), run)
    assert list((tmp_path / "elsewhere").iterdir()) == []
    (run / "derived" / "lookup").unlink()
    (run / "derived" / "lookup").touch()
    assert agrees(LogIndex.open(run), run)
