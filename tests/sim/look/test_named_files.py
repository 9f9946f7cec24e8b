"""Commands that write where they are told: nothing of the user's, and no run, is overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.sim.runs import sim, small_run

MINE = "id,title\n1,precious\n"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs in a folder."""
    folder = tmp_path_factory.mktemp("named")
    small_run(folder / "a")
    small_run(folder / "b")
    return folder


def contents(*folders: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for one in folders for path in one.rglob("*") if path.is_file()}


def refused(words: Sequence[object]) -> str:
    result = sim(*words)
    assert result.exit_code == 2, words
    assert result.stderr.count("\n") == 1, result.stderr
    return result.stderr


WRITE = {
    "report": ("report", "a", "--out", "FILE"),
    "compare": ("compare", "a", "b", "--html", "FILE"),
    "export": ("export", "a", "measures", "--force", "--format", "csv", "--out", "FILE"),
    "calibrate": ("calibrate", "published", "--out", "FILE"),
    "cells": ("calibrate", "published", "--cells", "FILE"),
    "of people": ("calibrate", "a", "--out", "FILE"),
    "learn": ("policy", "learn", "csales", "--out", "FILE"),
    "new": ("new", "--yes", "--out", "FILE"),
    "forms": ("annotate", "export", "a", "--out", "FILE"),
    "rate": ("annotate", "rate", "forms", "--model", "openai/x", "--out", "FILE"),
    "profiles": ("profiles", "build", "reviews.jsonl", "--out", "FILE"),
}


@pytest.mark.parametrize("inside", ["b/events/new.html", "a/events/new", "link"])
@pytest.mark.parametrize("name", WRITE)
def test_nothing_is_written_into_a_run(
    runs: Path, monkeypatch: pytest.MonkeyPatch, name: str, inside: str
) -> None:
    monkeypatch.chdir(runs)
    link = runs / "link"
    link.unlink(missing_ok=True)
    link.symlink_to("b/inputs/new")
    before = contents(runs / "a", runs / "b")
    said = refused([inside if word == "FILE" else word for word in WRITE[name]])
    assert "is inside the run: name a file elsewhere, or in" in said
    assert contents(runs / "a", runs / "b") == before


@pytest.mark.parametrize("name", ["report", "compare", "calibrate", "cells", "of people"])
def test_what_stands_in_a_file_is_kept(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(runs)
    file = tmp_path / "mine"
    file.write_text(MINE)
    said = refused([file if word == "FILE" else word for word in WRITE[name]])
    assert f"{file} exists and is not a" in said
    assert "that this program wrote: it is not overwritten; name another file with --" in said
    assert file.read_text() == MINE


def test_the_log_of_the_run_in_this_folder_is_kept(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(runs / "a")
    said = refused(("report", ".", "--out", "events/SEAL"))
    assert said == ("error: events/SEAL is inside the run: name a file elsewhere, or in derived\n")
    assert sim("verify", ".").exit_code == 0


@pytest.mark.slow
def test_a_page_that_was_written_is_written_again(runs: Path, tmp_path: Path) -> None:
    """Whichever it was, and of whichever run; and what lies in ``derived`` by itself."""
    file = tmp_path / "page.html"
    file.touch()
    for words in (
        ("report", runs / "a", "--out", file),
        ("compare", runs / "a", runs / "b", "--html", file),
        ("report", runs / "b", "--out", file),
        ("report", runs / "b"),
        ("report", runs / "b"),
    ):
        before = file.read_bytes()
        result = sim(*words)
        assert result.exit_code in (0, 1), result.stderr  # 1: two alike have nothing to compare
        if file in words:
            assert file.read_bytes() != before


@pytest.mark.slow
def test_charts_replace_only_those_beside_their_page(runs: Path, tmp_path: Path) -> None:
    chart = tmp_path / "sellers.svg"
    chart.write_text("mine")
    words = ("report", runs / "a", "--charts", "svg", "--out")
    said = sim(*words, tmp_path / "r.html").stderr
    assert f"{chart} exists and is not a chart beside a page" in said
    assert [path.name for path in tmp_path.iterdir()] == ["sellers.svg"], "no page either"
    chart.unlink()
    for _ in range(2):
        assert sim(*words, tmp_path / "r.html").exit_code == 0
    assert "name a page in another folder" in sim(*words, tmp_path / "other.html").stderr


def test_a_sweep_keeps_what_is_called_as_its_page(tmp_path: Path) -> None:
    words = ("sweep", "pairwise", "design.discount=0,0.3", "--out", tmp_path / "out", "--html")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sweep.html").write_text(MINE)
    assert "exists and is not a page that this program wrote" in refused(words)
    assert contents(tmp_path) == {tmp_path / "out" / "sweep.html": MINE.encode()}
