"""``telemetry/progress.json``: said as a run goes on, and never more than said."""

from __future__ import annotations

import errno
import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.sim.execution import progress_file as module
from retailsim.sim.execution.progress_file import ProgressFile
from retailsim.sim.execution.runner import RunControl
from retailsim.sim.folder.run_progress import (
    MOST_BYTES,
    Doing,
    RunProgress,
    progress_place,
    read_progress,
    understood,
)
from retailsim.sim.play.progress import ModelUsage, Progress
from retailsim.sim.run.launch import make, play_prepared, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.audience import Nobody
from tests.sim.runs import SMALL, event_lines, launched

USAGE = ModelUsage(
    calls=40, retries=2, in_flight=8, input_tokens=900, output_tokens=70, nanousd=None
)
SAID: dict[str, Any] = {
    "format": 1,
    "state": "running",
    "total": 100,
    "done": 40,
    "failed": 3,
    "per_s": 2.5,
    "models": {
        "calls": 40,
        "per_s": 10.0,
        "retries": 2,
        "in_flight": 8,
        "input_tokens": 900,
        "output_tokens": 70,
        "nanousd": 1_500_000_000,
    },
    "budget_usd": 3.0,
    "started": "2026-11-29T04:00:00Z",
    "written": "2026-11-29T04:01:00Z",
}
NOW = datetime(2026, 11, 29, 5, tzinfo=UTC)


def said(run: Path, text: str | bytes) -> RunProgress | None:
    """Read what a run's file says that holds this text."""
    place = progress_place(run)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_progress(run, NOW)


def test_a_run_says_how_far_it_is_and_how_it_ended(tmp_path: Path) -> None:
    seconds = [0.0]
    with ProgressFile(tmp_path, 100, 10, 3.0, lambda: seconds[0]) as told:
        first = read_progress(tmp_path)
        assert first is not None
        assert (first.state, first.total, first.done, first.models) == ("running", 100, 10, None)
        told.latest = Progress(episodes=30, failed=2, usage=USAGE)
        seconds[0] = 4.0
    last = read_progress(tmp_path)
    assert last is not None
    assert (last.state, last.done, last.failed, last.per_s) == ("stopped", 40, 2, 7.5)
    assert last.models is not None
    assert (last.models.calls, last.models.per_s, last.models.nanousd) == (40, 10.0, None)
    assert (last.budget_usd, last.started) == (3.0, first.started)
    with ProgressFile(tmp_path, 100, 40, None) as told:
        told.latest, told.finished = Progress(episodes=60), True
    done = read_progress(tmp_path)
    assert done is not None
    assert (done.state, done.done, done.budget_usd) == ("finished", 100, None)


def test_it_is_renewed_while_the_event_loop_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[tuple[str, int]] = []

    async def main() -> None:
        often = anyio.Event()

        def write(told: ProgressFile, state: str) -> None:
            written.append((state, told.latest.episodes))
            told.latest.episodes += 1
            if len(written) == 3:
                often.set()

        with monkeypatch.context() as changed:
            changed.setattr(module, "EVERY_S", 0.0)
            changed.setattr(ProgressFile, "_write", write)
            async with ProgressFile(tmp_path, 9, 0, None).renewed():
                await often.wait()

    anyio.run(main)
    assert written[:3] == [("running", 0), ("running", 1), ("running", 2)]


@pytest.mark.slow
def test_an_end_of_a_market_writes_nothing_and_events_are_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty markets end; the file is written at the beginning and at the end."""
    written: list[str] = []
    write = ProgressFile._write

    def counted(told: ProgressFile, state: Doing) -> None:
        written.append(state)
        write(told, state)

    monkeypatch.setattr(module, "EVERY_S", 1e6)
    monkeypatch.setattr(ProgressFile, "_write", counted)
    launched(tmp_path / "a", *SMALL)
    assert written == ["running", "finished"]
    monkeypatch.setattr(ProgressFile, "_write", lambda *told: None)
    launched(tmp_path / "b", *SMALL)
    assert read_progress(tmp_path / "b") is None
    assert event_lines(tmp_path / "a") == event_lines(tmp_path / "b")


def test_a_full_disk_costs_what_would_be_said_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(place: Path, data: bytes) -> None:
        os.close(os.open(place, os.O_WRONLY | os.O_CREAT))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with ProgressFile(tmp_path, 2, 0, None) as told:
        monkeypatch.setattr(Path, "write_bytes", full)
        told.finished = True
    left = read_progress(tmp_path)
    assert left is not None
    assert left.state == "running"
    assert [path.name for path in (tmp_path / "telemetry").iterdir()] == ["progress.json"]


@pytest.mark.parametrize("what", ["a file", "no folder", "a folder in its place", "a link"])
def test_a_telemetry_that_cannot_be_written_ends_no_run(tmp_path: Path, what: str) -> None:
    run, elsewhere = tmp_path / "run", tmp_path / "elsewhere"
    elsewhere.mkdir()
    if what != "no folder":
        run.mkdir()
    match what:
        case "a file":
            (run / "telemetry").write_text("")
        case "a folder in its place":
            (run / "telemetry" / "progress.json" / "full").mkdir(parents=True)
        case "a link":
            (run / "telemetry").symlink_to(elsewhere)
    with ProgressFile(run, 2, 0, None) as told:
        told.finished = True
    assert read_progress(run) is None
    assert list(elsewhere.iterdir()) == []


@pytest.mark.slow
def test_workers_are_one_run(tmp_path: Path) -> None:
    launched(tmp_path / "run", *SMALL, "--workers", "2")
    found = read_progress(tmp_path / "run")
    assert found is not None
    assert (found.state, found.total, found.done) == ("finished", 100, 100)


@pytest.mark.slow
def test_a_run_that_stops_says_so(tmp_path: Path) -> None:
    control, prepared = RunControl(), prepare(Options(out=tmp_path / "run"), Nobody())
    control.stop.request()
    outcome = play_prepared(prepared, make(prepared), Nobody(), control)
    found = read_progress(tmp_path / "run")
    assert found is not None
    assert (found.state, found.total, found.done) == ("stopped", 3_000, 0)
    assert not outcome.finished


def test_what_makes_sense_is_taken_and_of_more_fields_those_that_are_known(tmp_path: Path) -> None:
    found = said(tmp_path, json.dumps({**SAID, "later": [1]}))
    assert found is not None
    assert (found.done, found.written) == (40, datetime(2026, 11, 29, 4, 1, tzinfo=UTC))
    assert found.models is not None
    assert found.models.nanousd == 1_500_000_000


@pytest.mark.parametrize(
    "changed",
    [
        {"format": 2},
        {"state": "dancing"},
        {"total": -1},
        {"total": 1e30},
        {"total": 10**40},
        {"done": True},
        {"done": "40"},
        {"done": 101},
        {"failed": 41},
        {"per_s": 1e300},
        {"per_s": None},
        {"models": []},
        {"models": {**SAID["models"], "nanousd": -1}},
        {"models": {**SAID["models"], "calls": 2**70}},
        {"budget_usd": -0.5},
        {"started": "2026-11-29T04:00:00"},
        {"started": "2026-11-29T04:01:01Z"},
        {"written": "2026-11-30T05:00:00Z"},
        {"written": "tomorrow"},
    ],
    ids=lambda changed: json.dumps(changed)[:40],
)
def test_what_makes_no_sense_is_not_taken(tmp_path: Path, changed: dict[str, Any]) -> None:
    assert said(tmp_path, json.dumps({**SAID, **changed})) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[" * 50_000,
        json.dumps(SAID)[:-1],
        json.dumps(SAID).replace("2.5", "NaN"),
        b"\xff\xfe",
        json.dumps(SAID) + " " * MOST_BYTES,
    ],
    ids=["empty", "half", "null", "deep", "cut", "NaN", "no text", "large"],
)
def test_no_text_is_too_strange(tmp_path: Path, text: str | bytes) -> None:
    assert said(tmp_path, text) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.text(), inside, max_size=3),
    max_leaves=5,
)


@pytest.mark.slow
@given(st.dictionaries(st.sampled_from(sorted(SAID)), JSON, max_size=3))
def test_whatever_stands_in_fields_is_taken_whole_or_not_at_all(changed: dict[str, Any]) -> None:
    found = understood(json.dumps({**SAID, **changed}).encode(), NOW)
    if found is not None:
        assert 0 <= found.failed <= found.done <= found.total <= 10**15
        assert found.started <= found.written < NOW + timedelta(days=1)


@pytest.mark.parametrize("what", ["a pipe", "a link out", "a folder", "nothing"])
def test_what_is_no_file_of_the_run_is_not_read(tmp_path: Path, what: str) -> None:
    run, place = tmp_path / "run", progress_place(tmp_path / "run")
    place.parent.mkdir(parents=True)
    match what:
        case "a pipe":
            os.mkfifo(place)
        case "a link out":
            (tmp_path / "theirs.json").write_text(json.dumps(SAID))
            place.symlink_to(tmp_path / "theirs.json")
        case "a folder":
            place.mkdir()
    assert read_progress(run, NOW) is None
