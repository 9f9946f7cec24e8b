"""The kept projection is used while it fits the log, and made anew otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.projection import loader, projection_cache
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.protocol_tables import TableSet
from retailsim.analysis.replay.replay import replay
from retailsim.events import messages as m
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
    project = loader.project

    def counting(folder: Path, tables: TableSet) -> Projection:
        folders.append(folder)
        return project(folder, tables)

    monkeypatch.setattr(loader, "project", counting)
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
@pytest.mark.parametrize("how", ["flip", "cut", "remove", "empty"])
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


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":1}', b"\xff"])
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
