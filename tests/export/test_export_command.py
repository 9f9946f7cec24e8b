"""The command: formats, files that are whole or not there, and one line for whatever is wrong."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from retailsim.analysis.export import files
from retailsim.events.messages import SCHEMA_VERSION
from tests.analysis import fakelog
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.cases import quick
from tests.sim.published.test_import_measures import played, trip
from tests.sim.runs import ROOT, sim

WHAT = ("measures", "episodes", "markets", "calls", "events", "transcripts")
TABLES = WHAT[:-1]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return write_run(tmp_path / "run", market("m", closed("m/1", opened(), order())))


def refused(*arguments: object, status: int = 2) -> str:
    """What the program says, on one line, when it refuses to export."""
    result = sim("export", *arguments)
    assert result.exit_code == status, (result.stdout, result.stderr)
    assert (result.stdout, result.stderr.count("\n")) == ("", 1)
    return result.stderr


def test_folders_that_are_made_for_a_file_are_said(run: Path, tmp_path: Path) -> None:
    """Their name may be mistyped; a folder that was there is nothing to speak of."""
    made = f"made the folder {tmp_path / 'exprots' / 'may'}\n"
    for name, told in (("a.csv", made), ("b.csv", "")):
        result = sim("export", run, "markets", "--out", tmp_path / "exprots" / "may" / name)
        assert result.exit_code == 0, result.stderr
        assert result.stderr == told


def test_the_ending_says_the_format_unless_told(run: Path, tmp_path: Path) -> None:
    assert sim("export", run, "markets", "--out", tmp_path / "a.CSV").exit_code == 0
    assert sim("export", run, "markets", "--out", tmp_path / "b", "--format", "csv").exit_code == 0
    out = tmp_path / "c.csv"
    assert sim("export", run, "markets", "--out", out, "--format", "parquet").exit_code == 0
    assert (tmp_path / "a.CSV").read_bytes() == (tmp_path / "b").read_bytes()
    assert pl.read_parquet(out).height == 1


@pytest.mark.parametrize("what", TABLES)
@pytest.mark.parametrize("name", ["out.xlsx", "out", "out.json", ".csv"])
def test_other_endings_are_refused(run: Path, tmp_path: Path, what: str, name: str) -> None:
    said = refused(run, what, "--out", tmp_path / name)
    assert "name a file ending in .parquet or .csv or .jsonl" in said


@pytest.mark.parametrize("options", [["c.csv"], ["c.jsonl", "--format", "parquet"]])
def test_transcripts_are_json_lines_only(run: Path, tmp_path: Path, options: list[str]) -> None:
    name, *more = options
    said = refused(run, "transcripts", "--out", tmp_path / name, *more)
    assert "name a file ending in .jsonl" in said


@pytest.mark.parametrize("what", TABLES)
def test_as_is_for_transcripts(run: Path, tmp_path: Path, what: str) -> None:
    said = refused(run, what, "--out", tmp_path / "o.csv", "--as", "buyer")
    assert f"--as is for transcripts only; {what} have no speakers" in said


@pytest.mark.parametrize("what", WHAT)
def test_a_file_that_is_there_is_kept_unless_forced(run: Path, tmp_path: Path, what: str) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("mine")
    assert "exists: name another file, or replace it with --force" in refused(
        run, what, "--out", out
    )
    assert out.read_text() == "mine"
    assert sim("export", run, what, "--out", out, "--force").exit_code == 0
    assert out.read_text() != "mine"


def test_a_folder_is_no_file(run: Path, tmp_path: Path) -> None:
    (tmp_path / "o.csv").mkdir()
    assert "is a folder: name a file" in refused(
        run, "markets", "--out", tmp_path / "o.csv", "--force"
    )


def test_missing_folders_are_made(run: Path, tmp_path: Path) -> None:
    assert sim("export", run, "markets", "--out", tmp_path / "new" / "er" / "o.csv").exit_code == 0


@pytest.mark.parametrize("inside", ["events/0000-00000000.jsonl", "run.csv", "a/../events/x.csv"])
def test_nothing_of_the_run_is_overwritten(run: Path, inside: str) -> None:
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    assert "is inside the run" in refused(run, "events", "--out", run / inside, "--force")
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert sim("export", run, "events", "--out", run / "derived" / "x.csv").exit_code == 0


@pytest.mark.parametrize("what", WHAT)
def test_a_damaged_log_is_one_line_and_no_file(run: Path, tmp_path: Path, what: str) -> None:
    (segment,) = (run / "events").glob("*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"Rye bread", b"Dry bread", 1))
    said = refused(run, what, "--out", tmp_path / "o.jsonl")
    assert "the log is damaged" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


@pytest.mark.parametrize("what", WHAT)
def test_a_folder_that_is_no_run_is_one_line(tmp_path: Path, what: str) -> None:
    (tmp_path / "none").mkdir()
    said = refused(tmp_path / "none", what, "--out", tmp_path / "o.jsonl")
    assert "no events/ folder here; give the folder of a run" in said


@pytest.mark.parametrize("what", WHAT)
def test_a_run_of_nothing_can_be_exported(tmp_path: Path, what: str) -> None:
    run = write_run(tmp_path / "run", [])
    result = sim("export", run, what, "--out", tmp_path / "o.jsonl")
    assert result.exit_code == 0
    assert ("no episode of this run came to a decision" in result.stderr) == (what != "events")


_LIMITED = """
import resource, signal, sys
from retailsim.sim.cli import main
import retailsim.analysis.projection.loader, retailsim.analysis.export.files, polars
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20, resource.RLIM_INFINITY))
main(["export", *sys.argv[1:]])
"""


@pytest.mark.parametrize(
    ("what", "ending"),
    quick(
        2,
        [
            *((what, ending) for what in ("events", "measures") for ending in files.FORMATS),
            ("transcripts", "jsonl"),
        ],
    ),
)
def test_a_disk_that_takes_no_more_is_one_line(
    run: Path, tmp_path: Path, what: str, ending: str
) -> None:
    """A real refusal of the system to write more than 20 bytes; nothing is left behind."""
    out = tmp_path / f"o.{ending}"
    ran = subprocess.run(
        [sys.executable, "-c", _LIMITED, run, what, "--out", out],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stdout) == (3, ""), ran.stderr
    # Where the end of a Parquet file is refused, polars does not say why.
    why = "Input/output error" if (what, ending) == ("measures", "parquet") else "File too large"
    # The folder of temporary files takes no more, either, which is a warning of its own.
    errors = [line for line in ran.stderr.splitlines() if not line.startswith("warning: ")]
    assert errors == [f"error: {out}: {why}; name another file with --out"]
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_an_error_that_is_not_the_disks_is_not_called_so(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A segment that cannot be read is no reason to name another file."""

    def unreadable(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error", str(run / "events" / "0000-00000000.jsonl"))

    monkeypatch.setattr(files, "write_table", unreadable)
    said = refused(run, "events", "--out", tmp_path / "o.csv")
    assert said == f"error: {run}/events/0000-00000000.jsonl: Input/output error\n"


@pytest.mark.slow
def test_an_imported_run_is_exported_like_any_other(tmp_path: Path) -> None:
    run, _ = played(tmp_path, trip(), trip(buyer_model="C", order=None, post_cs_outcome=None))
    for what in WHAT:
        out = tmp_path / f"{what}.jsonl"
        assert sim("export", run, what, "--out", out).exit_code == 0
    episodes = pl.read_ndjson(tmp_path / "episodes.jsonl")
    assert episodes["status"].to_list() == ["closed", "failed"]
    chats = pl.read_ndjson(tmp_path / "transcripts.jsonl")
    assert chats["status"].to_list() == ["closed", "failed"]
    assert all(chats["messages"].list.len() > 0)


def test_a_log_of_mixed_versions_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both versions' events are exported, and a line says that their meaning may differ."""
    run = write_run(tmp_path / "run", market("m", closed("m/1", opened())), seal=False)
    monkeypatch.setattr(fakelog, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    later = write_run(tmp_path / "later" / "run", [], market("n", closed("n/1", opened())))
    (later / "events" / "0001-00000000.jsonl").rename(run / "events" / "0001-00000000.jsonl")
    result = sim("export", run, "episodes", "--out", tmp_path / "e.csv")
    assert (result.exit_code, result.stderr.splitlines()[0]) == (
        0,
        f"the log has events of schema {SCHEMA_VERSION + 1}, this program knows {SCHEMA_VERSION}: "
        "what a field means may differ",
    )
    assert pl.read_csv(tmp_path / "e.csv")["episode"].to_list() == ["m/1", "n/1"]


def test_an_older_log_is_told_only_where_its_lines_are_exported_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fakelog, "SCHEMA_VERSION", SCHEMA_VERSION - 1)
    run = write_run(tmp_path / "run", market("m", closed("m/1", opened())))
    episodes = sim("export", run, "episodes", "--out", tmp_path / "e.csv")
    assert (episodes.exit_code, "schema" in episodes.stderr) == (0, False)
    events = sim("export", run, "events", "--out", tmp_path / "e.jsonl")
    assert (events.exit_code, events.stderr.splitlines()[0]) == (
        0,
        f"events of schema {SCHEMA_VERSION - 1} are exported as they were written: "
        f"some fields mean something else in schema {SCHEMA_VERSION}",
    )


def test_the_package_is_cheap_to_import() -> None:
    """``import analysis`` reads no library of frames; the first `load` does."""
    code = (
        "from retailsim import analysis; import sys; "
        "print('polars' in sys.modules, callable(analysis.load))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ran.stdout == "False True\n", ran.stderr
