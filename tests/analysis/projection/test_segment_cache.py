"""What closed segments say is kept of each by itself, and used only while it is what they say."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import pytest

from retailsim.analysis.projection import loader, projection, projection_cache, segment_cache
from retailsim.analysis.projection.errors import KeptDiffers, KeptUnreadable
from retailsim.analysis.projection.loader import check_kept, keep_segment
from retailsim.analysis.projection.log_pieces import log_pieces
from retailsim.analysis.projection.packed import packed, unpacked
from retailsim.analysis.projection.protocol_tables import table_set
from retailsim.analysis.projection.registered import registered
from retailsim.analysis.projection.segment_cache import KeptTables
from retailsim.analysis.replay.replay import replay
from retailsim.events.log.reader import check
from retailsim.events.log.segment import segments
from tests.analysis.fakelog import closed, market, opened, order, review, write_run
from tests.analysis.pieces_read import parsed_since, unlike_a_fresh_one
from tests.cases import quick


@pytest.fixture(autouse=True)
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The segments that a replay parsed since; pieces of the smallest are kept."""
    monkeypatch.setattr(segment_cache, "WORTH_BYTES", 1)
    return parsed_since(monkeypatch)


def long_run(folder: Path) -> Path:
    """A run whose only episode begins in one segment and ends in another."""
    reviews = [review("product", 1 + number % 5) for number in range(9)]
    events = market("m", closed("m/e", opened(), order(2), *reviews, order(3)))
    return write_run(folder, events, batch=4, segment_bytes=900)


def grown(run: Path, name: str = "n") -> Path:
    """The run with one more market, in segments of its own."""
    return write_run(run, market(name, closed(f"{name}/e", opened(), order(4))))


@pytest.mark.slow
def test_a_log_that_grew_is_parsed_where_it_did(tmp_path: Path, parsed: list[str]) -> None:
    """Whatever an episode's events are spread over."""
    run = long_run(tmp_path / "run")
    assert replay(run).overall.units == 5
    before = [segment.path.name for segment in segments(run / "events")]
    assert len(before) > 2
    assert sorted(parsed) == before
    parsed.clear()
    assert replay(grown(run)).overall.units == 9
    assert parsed == [segments(run / "events")[-1].path.name]
    assert unlike_a_fresh_one(run) == []


def test_what_is_kept_stays_on_disk_until_it_is_merged(tmp_path: Path) -> None:
    """Memory would grow with the log; the pieces of what was parsed just now are at hand."""
    run = long_run(tmp_path / "run")
    tables = table_set()
    _, fresh = log_pieces(run / "events", tables, {}, run / "derived")
    assert all(isinstance(piece.folded, dict) for piece in fresh)
    _, kept = log_pieces(run / "events", tables, {}, run / "derived")
    closed = [one for one in segments(run / "events") if not one.is_open]
    held = [piece for piece in kept if not isinstance(piece.folded, KeptTables)]
    assert len(held) == len(kept) - len(closed) < len(kept)
    for one, other in zip(kept, fresh, strict=True):
        assert dict(one.folded) == dict(other.folded)
        assert dict(one.rows) == dict(other.rows)
        assert one.events == other.events


@pytest.mark.slow
def test_what_is_gone_when_it_is_merged_is_parsed(
    tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes or replaces kept files meanwhile: the log says the same."""
    run = long_run(tmp_path / "run")
    assert replay(run).overall.units == 5
    folder = run / "derived" / segment_cache.FOLDER
    (run / "derived" / "index.json").unlink()
    merging = projection.merged

    def after_the_loss(*given: Any) -> Any:
        shutil.rmtree(folder, ignore_errors=True)
        return merging(*given)

    monkeypatch.setattr(loader, "merged", after_the_loss)
    parsed.clear()
    assert replay(run).overall.units == 5
    assert len(parsed) >= len(segments(run / "events"))


def test_an_open_segment_is_parsed_and_not_kept(tmp_path: Path, parsed: list[str]) -> None:
    """It grows yet."""
    run = long_run(tmp_path / "run")
    last = segments(run / "events")[-1].path
    (run / "events" / "SEAL").unlink()
    last.rename(opened_name := last.with_name(f"{last.name}.open"))
    replay(run)
    kept = sorted(path.stem for path in (run / "derived" / "segments").iterdir())
    assert kept == [segment.path.stem for segment in segments(run / "events")[:-1]]
    parsed.clear()
    (run / "derived" / "index.json").unlink()
    replay(run)
    assert parsed == [opened_name.name]


def spoilt(content: bytes) -> Iterator[bytes]:
    """A kept file that is damaged in one way or another."""
    yield b""
    yield content[:40]
    yield content[:-1]
    yield sha256(b"").digest()
    yield sha256(b"\xc1").digest() + b"\xc1"
    yield content + b"\0"
    for at in range(0, len(content), len(content) // 12):
        yield content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def test_a_damaged_piece_is_parsed_again(tmp_path: Path, parsed: list[str]) -> None:
    """However it is damaged, it is not read, and the next replay makes it anew."""
    run = long_run(tmp_path / "run")
    replay(run)
    protocol, segment = registered(run), segments(run / "events")[1]
    tables = table_set(protocol.name, protocol.tables)
    file = run / "derived" / segment_cache.name_of(segment)
    content = file.read_bytes()
    for damaged in spoilt(content):
        file.write_bytes(damaged)
        assert segment_cache.read(run / "derived", segment, tables) is None
    parsed.clear()
    (run / "derived" / "index.json").unlink()
    assert replay(run).overall.units == 5
    assert parsed == [segment.path.name]
    assert segment_cache.read(run / "derived", segment, tables) is not None


def test_a_piece_of_another_log_is_not_used(tmp_path: Path) -> None:
    """It is whole and of the same name, but of another digest."""
    run, other = tmp_path / "run", tmp_path / "other" / "run"
    write_run(run, market("m", closed("m/e", opened(), order(2))))
    write_run(other, market("m", closed("m/e", opened(), order(7))))
    replay(other)
    shutil.copytree(other / "derived", run / "derived")
    assert replay(run).overall.units == 2
    (run / "derived" / "index.json").unlink()
    assert replay(run).overall.units == 2


@pytest.mark.slow
def test_a_piece_for_other_tables_or_of_another_version_is_not_used(
    tmp_path: Path, parsed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = long_run(tmp_path / "run")
    replay(run)
    monkeypatch.setattr(projection_cache, "VERSION", projection_cache.VERSION + 1)
    parsed.clear()
    replay(run)
    assert len(parsed) == len(segments(run / "events"))
    parsed.clear()
    (run / "run.toml").write_text('[scenario.design]\nprotocol = "csales"\n')
    replay(run)
    assert len(parsed) == len(segments(run / "events"))


@pytest.mark.slow
def test_a_forged_piece_is_found_by_a_check(tmp_path: Path) -> None:
    """One whose own digest was made anew, too; nothing else tells that it is not the log's."""
    run = long_run(tmp_path / "run")
    replay(run)
    check_kept(run, check(run / "events"))
    file = sorted((run / "derived" / "segments").iterdir())[0]
    kept = msgspec.msgpack.decode(file.read_bytes()[32:], type=segment_cache.KeptPieces)
    rows = unpacked(kept.folded["episodes"]).with_columns(units=pl.col("units") + 1)
    forged = msgspec.structs.replace(kept, folded=kept.folded | {"episodes": packed(rows)})
    body = msgspec.msgpack.encode(forged)
    file.write_bytes(sha256(body).digest() + body)
    with pytest.raises(KeptDiffers, match=rf"segments/{file.name}: it is not what the log says"):
        check_kept(run, check(run / "events"))


def test_of_a_damaged_segment_nothing_is_kept(tmp_path: Path) -> None:
    """Also if it is restored later: what was read of it then was not what it says."""
    run = long_run(tmp_path / "run")
    segment = segments(run / "events")[0]
    content = segment.path.read_bytes()
    segment.path.write_bytes(content.replace(b"Rye bread", b"Ryf bread", 1))
    keep_segment(run, segment)
    assert not (run / "derived").exists()
    segment.path.write_bytes(content)
    keep_segment(run, segment)
    assert (run / "derived" / segment_cache.name_of(segment)).exists()


def test_nothing_is_kept_behind_a_link(tmp_path: Path) -> None:
    run = long_run(tmp_path / "run")
    (tmp_path / "elsewhere").mkdir()
    (run / "derived").mkdir()
    (run / "derived" / "segments").symlink_to(tmp_path / "elsewhere")
    assert replay(run).overall.units == 5
    assert list((tmp_path / "elsewhere").iterdir()) == []


def _forged(run: Path, change: Callable[[dict[str, Any]], None]) -> int:
    """Change what is kept of each segment, with the right digest; returns of how many."""
    files = sorted((run / "derived" / "segments").glob("*.pieces"))
    for file in files:
        told = msgspec.msgpack.decode(file.read_bytes()[32:])
        change(told)
        body = msgspec.msgpack.encode(told)
        file.write_bytes(sha256(body).digest() + body)
    (run / "derived" / "index.json").unlink(missing_ok=True)
    return len(files)


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    quick(
        3,
        [
            lambda told: told["folded"].pop("episodes"),
            lambda told: told["rows"].clear(),
            lambda told: told["folded"].update(more=b""),
            lambda told: told["folded"].update(episodes=b"not a table"),
            lambda told: told["folded"].update(episodes=packed(pl.DataFrame({"a": [1]}))),
            lambda told: told["rows"].update(dict.fromkeys(told["rows"], b"PAR1")),
        ],
    ),
)
def test_what_was_forged_with_the_right_digest_is_read_from_the_log_again(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    run = long_run(tmp_path / "run")
    assert replay(run).overall.units == 5
    assert _forged(run, change) > 1
    assert replay(run).overall.units == 5


def test_a_panic_of_the_library_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = long_run(tmp_path / "run")
    replay(run)

    def panic(*args: object, **kwargs: object) -> pl.DataFrame:
        raise pl.exceptions.PanicException("index out of bounds")

    with monkeypatch.context() as patch:
        patch.setattr(pl, "read_parquet", panic)
        with pytest.raises(KeptUnreadable, match="remove that folder"):
            unpacked(b"")
