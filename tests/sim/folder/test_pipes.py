"""A pipe where a file should be is named at once, and never waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cases import quick
from tests.sim.runs import sim, small_run


@pytest.fixture
def run(tmp_path: Path) -> Path:
    small_run(tmp_path / "run")
    return tmp_path / "run"


@pytest.mark.parametrize("command", quick(3, ["verify", "replay", "resume", "report"]))
@pytest.mark.parametrize("where", ["run.toml", "events/0000-00000000.jsonl"])
def test_a_pipe_in_a_run_folder_is_named(run: Path, where: str, command: str) -> None:
    (run / where).unlink()
    os.mkfifo(run / where)
    result = sim(command, run)
    if (where, command) == ("run.toml", "replay"):
        assert result.exit_code == 0, "what the log says can still be told"
    else:
        assert result.exit_code == 2
        assert "is no file" in result.stderr
        assert result.stderr.count("\n") == 1
