"""A run's folder with links out of it: nothing is written where they lead."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retailsim.sim.folder.run_folder import RunFolder
from tests.sim.runs import launched, scenario, sim

SEATS = '[products]\nper_category = 1\n[[sellers]]\nid = "s"\n[[buyers]]\nid = "b"\n'
MINE = "precious"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small run, complete."""
    folder = tmp_path_factory.mktemp("links")
    launched(folder / "run", scenario(folder, SEATS))
    return folder / "run"


@pytest.fixture
def run(whole: Path, tmp_path: Path) -> Path:
    """A copy that was never replayed."""
    copied = tmp_path / "run"
    shutil.copytree(whole, copied, ignore=shutil.ignore_patterns("derived"))
    return copied


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder of the user's with files named as a run's are."""
    folder = tmp_path / "home"
    folder.mkdir()
    for name in ("index.json", "episodes.parquet", "hashed.json", "report.html"):
        (folder / name).write_text(MINE)
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_replay_keeps_nothing_where_derived_leads_out_and_says_so(run: Path, home: Path) -> None:
    (run / "derived").symlink_to(home)
    before = contents(home)
    result = sim("replay", run)
    assert result.exit_code == 0
    assert "Conversion" in result.stdout
    assert f"{run / 'derived'} leads out of the run's folder: nothing was kept" in result.stderr
    assert contents(home) == before


def test_replay_keeps_its_tables_where_a_link_stays_in_the_folder(run: Path) -> None:
    (run / "elsewhere").mkdir()
    (run / "derived").symlink_to("elsewhere")
    result = sim("replay", run)
    assert (result.exit_code, "leads out" in result.stderr) == (0, False)
    assert (run / "elsewhere" / "index.json").exists()


def test_a_file_that_leads_out_is_replaced_by_replay_not_written_through(
    run: Path, home: Path
) -> None:
    (run / "derived").mkdir()
    for name in ("index.json", "episodes.parquet", "hashed.json"):
        (run / "derived" / name).symlink_to(home / name)
    before = contents(home)
    assert sim("replay", run).exit_code == 0
    assert contents(home) == before


def folder_out(run: Path, home: Path) -> None:
    (run / "derived").symlink_to(home)


def file_out(run: Path, home: Path) -> None:
    (run / "derived").mkdir()
    (run / "derived" / "report.html").symlink_to(home / "report.html")


@pytest.mark.slow
@pytest.mark.parametrize("planted", [folder_out, file_out])
def test_report_is_refused_where_it_leads_out_but_not_at_a_name_of_the_users(
    planted: Callable[[Path, Path], None], run: Path, home: Path, tmp_path: Path
) -> None:
    planted(run, home)
    before = contents(home)
    result = sim("report", run)
    assert result.exit_code == 2
    assert "leads out of the run's folder, and is not written to; remove the link" in result.stderr
    assert result.stderr.count("\n") == 1
    assert contents(home) == before
    assert sim("report", run, "-o", tmp_path / "mine.html").exit_code == 0


def test_annotate_and_charts_are_refused_where_derived_leads_out(run: Path, home: Path) -> None:
    (run / "derived").symlink_to(home)
    before = contents(home)
    for words in (("annotate", "export", run), ("infer", run, run, "--charts", "svg")):
        result = sim(*words)
        assert (result.exit_code, "leads out" in result.stderr) == (2, True), words
    assert contents(home) == before


@pytest.mark.parametrize("name", ["events", "telemetry", "lock"])
def test_resume_is_refused_where_it_would_write_elsewhere(
    name: str, run: Path, tmp_path: Path
) -> None:
    (run / name).rename(tmp_path / "theirs")
    (run / name).symlink_to(tmp_path / "theirs")
    result = sim("resume", run)
    assert result.exit_code == 2
    assert f"{run / name} leads out of the run's folder" in result.stderr
    assert result.stderr.count("\n") == 1


def test_resume_is_refused_where_one_segment_leads_out(run: Path, tmp_path: Path) -> None:
    [segment] = (path for path in (run / "events").iterdir() if path.name != "SEAL")
    segment.rename(tmp_path / "theirs")
    segment.symlink_to(tmp_path / "theirs")
    assert f"{segment} leads out" in sim("resume", run).stderr


def test_a_folder_of_the_users_is_not_looked_through(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[Path] = []
    rglob = Path.rglob

    def noted(self: Path, pattern: str) -> Iterator[Path]:
        looked.append(self)
        return rglob(self, pattern)

    monkeypatch.setattr(Path, "rglob", noted)
    RunFolder(run).check_places(tmp_path, run / "events")
    assert looked == [run / "events"]


@pytest.mark.slow
def test_a_name_that_climbs_out_of_the_folder_is_the_users_own(run: Path) -> None:
    assert sim("report", run, "-o", run / ".." / "mine.html").exit_code == 0
