"""Telemetry tells what a run did, and can fail without anybody noticing but its reader."""

from __future__ import annotations

import io
import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retailsim.events.diagnostics import (
    MOST_LINES,
    Silent,
    TelemetryFile,
    diagnostics,
    timestamp,
)


def notes(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_notes_are_lines_of_json_with_time_and_level(tmp_path: Path) -> None:
    path = tmp_path / "telemetry" / "shard.jsonl"
    with TelemetryFile(path) as file:
        told = diagnostics(file)
        told.info("shard begins", shard=3)
        told.warning("watchdog", says='"blocked"\n')
    first, second = notes(path)
    assert (first["event"], first["level"], first["shard"]) == ("shard begins", "info", 3)
    assert (second["event"], second["level"]) == ("watchdog", "warning")
    assert second["says"] == '"blocked"\n'
    said = str(first["timestamp"])
    assert said.endswith("Z")
    assert datetime.fromisoformat(said) <= datetime.now(UTC)


def test_what_is_told_later_says_itself_when_it_was(tmp_path: Path) -> None:
    with TelemetryFile(tmp_path / "t.jsonl") as file:
        diagnostics(file).info("attempt", timestamp=timestamp(1.5))
    assert notes(tmp_path / "t.jsonl")[0]["timestamp"] == "1970-01-01T00:00:01.500000Z"


def test_a_second_execution_adds_to_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "shard.jsonl"
    for number in range(2):
        with TelemetryFile(path) as file:
            diagnostics(file).info("again", number=number)
    assert [note["number"] for note in notes(path)] == [0, 1]


def test_a_terminal_reads_what_the_file_keeps(tmp_path: Path) -> None:
    terminal = io.StringIO()
    with TelemetryFile(tmp_path / "t.jsonl") as file:
        diagnostics(file, terminal).info("shard begins", shard=3)
    said = terminal.getvalue()
    assert "shard begins" in said
    assert "shard=3" in said
    assert "\x1b" not in said, "no colours where there is no terminal"
    assert len(notes(tmp_path / "t.jsonl")) == 1


def test_a_folder_that_cannot_be_made_costs_the_lines_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with TelemetryFile(tmp_path / "file" / "t.jsonl") as file:
        diagnostics(file).info("unheard")
    assert (tmp_path / "file").read_text() == ""


def test_a_full_disk_costs_the_lines_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "t.jsonl"

    def full(fd: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    with TelemetryFile(path) as file:
        with monkeypatch.context() as patch:
            patch.setattr(os, "write", full)
            diagnostics(file).info("lost")
        diagnostics(file).info("kept")
    assert [note["event"] for note in notes(path)] == ["kept"]


def test_nobody_reading_the_terminal_ends_no_run(tmp_path: Path) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    with TelemetryFile(tmp_path / "t.jsonl") as file:
        diagnostics(file, Gone()).info("kept")
    assert [note["event"] for note in notes(tmp_path / "t.jsonl")] == ["kept"]


def test_what_is_told_after_the_end_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    file = TelemetryFile(path)
    told = diagnostics(file)
    file.close()
    told.info("too late")
    file.close()
    assert path.read_text() == ""


def test_what_json_does_not_know_is_written_all_the_same(tmp_path: Path) -> None:
    """Half a surrogate pair, alone and beside a value that is told by its name only."""
    path = tmp_path / "t.jsonl"
    with TelemetryFile(path) as file:
        told = diagnostics(file)
        told.info("half \ud83d")
        told.info("odd", path=path, number=1.5)
        told.info("both", text="\ud83d", path=path)
    half, odd, both = notes(path)
    assert (half["event"], odd["path"], odd["number"]) == ("half \ud83d", repr(path), 1.5)
    assert (both["text"], both["path"]) == ("\ud83d", repr(path))


def test_lines_are_gathered_until_a_warning_many_of_them_or_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, clock = tmp_path / "t.jsonl", [0.0]
    monkeypatch.setattr("retailsim.events.diagnostics.monotonic", lambda: clock[0])

    def written() -> list[object]:
        return [note["event"] for note in notes(path)]

    with TelemetryFile(path) as file:
        told = diagnostics(file)
        told.info("first")
        told.info("second")
        assert written() == ["first"]
        told.warning("third")
        assert written() == ["first", "second", "third"]
        told.info("fourth")
        clock[0] = 1.0
        told.info("fifth")
        assert written()[3:] == ["fourth", "fifth"]
        for number in range(MOST_LINES):
            assert len(written()) == 5
            told.info(f"{number}")
        assert len(written()) == 5 + MOST_LINES
        told.info("last")
    assert written()[-1] == "last"


def test_silence_keeps_nothing() -> None:
    Silent().info("a", b=1)
    Silent().warning("a", b=1)
