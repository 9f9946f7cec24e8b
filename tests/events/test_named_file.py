"""Where a file that a person names may be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retailsim.events.named_file import InsideRun, InTheWay, check_named, check_outside

OURS = (b"<ours>",)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    for part in ("events", "inputs", "derived"):
        (folder / part).mkdir(parents=True)
    (folder / "run.toml").write_text("[run]")
    return folder


def named(file: Path, beside: Path | None = None) -> None:
    check_named(file, OURS, what="a page", advice="name another", beside=beside)


@pytest.mark.parametrize("inside", ["", "run.toml", "new.html", "events/SEAL", "derived/../x"])
def test_nothing_is_written_among_what_a_run_is_made_of(run: Path, inside: str) -> None:
    with pytest.raises(InsideRun, match="is inside the run: name a file elsewhere, or in"):
        named(run / inside)
    named(run / "derived" / "x.html")
    named(run.parent / "x.html")


def test_a_bare_log_is_a_run_and_other_folders_of_these_names_are_none(tmp_path: Path) -> None:
    for name, holds in (("bare", "0000-00000000.jsonl.open"), ("sealed", "SEAL")):
        (tmp_path / name / "events").mkdir(parents=True)
        (tmp_path / name / "events" / holds).touch()
        with pytest.raises(InsideRun):
            check_outside(tmp_path / name / "x")
    mine = tmp_path / "mine"
    (mine / "events").mkdir(parents=True)
    (mine / "events" / "visits-2026.jsonl").touch()
    check_outside(mine / "events" / "x.html")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "run.toml").touch()  # a scenario that is called so
    check_outside(tmp_path / "shop" / "x.html")


def test_links_are_followed_first(run: Path, tmp_path: Path) -> None:
    (tmp_path / "events").symlink_to(run / "events")
    (tmp_path / "link.html").symlink_to(run / "run.toml")
    with pytest.raises(InsideRun, match=r"link\.html, a link to .*run\.toml, is inside the run"):
        named(tmp_path / "link.html")
    with pytest.raises(InsideRun):
        named(tmp_path / "events" / "new.html")
    (run / "derived" / "out").symlink_to(run / "events")
    with pytest.raises(InsideRun):
        named(run / "derived" / "out" / "new.html")
    (run / "derived" / "out").unlink()
    (run / "derived").rmdir()
    (run / "derived").symlink_to(run)
    with pytest.raises(InsideRun):
        named(run / "derived" / "run.toml")


def test_only_what_was_written_there_before_is_replaced(tmp_path: Path) -> None:
    file = tmp_path / "file"
    for holds in (b"", b"<ours> and more"):
        file.write_bytes(holds)
        named(file)
    for holds in (b"mine", b"<our", b" <ours>"):
        file.write_bytes(holds)
        with pytest.raises(InTheWay, match="file exists and is not a page that this program wrote"):
            named(file)
    with pytest.raises(InTheWay, match="is a folder; name another"):
        named(tmp_path)


def test_a_device_or_a_pipe_holds_nothing_that_could_be_lost(tmp_path: Path) -> None:
    named(Path("/dev/null"))
    os.mkfifo(tmp_path / "pipe")
    named(tmp_path / "pipe")  # opened, it would wait for a writer


def test_what_goes_with_a_file_is_replaced_with_it(tmp_path: Path) -> None:
    page, chart = tmp_path / "page", tmp_path / "chart"
    named(chart, page)
    chart.write_bytes(b"\x89PNG")
    with pytest.raises(InTheWay):
        named(chart, page)
    page.write_bytes(b"<ours>")
    named(chart, page)
