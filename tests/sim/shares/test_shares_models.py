"""Runs in shares with language models: what was answered is not asked, nor paid for, again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retailsim.sim.shares.attempts import attempts
from retailsim.sim.shares.commits import share_folder
from retailsim.sim.shares.spending import spent_before
from tests.sim.budget.test_estimate import MODELS
from tests.sim.modelserver import serving
from tests.sim.runs import event_lines, launched, outside_lines, scenario
from tests.sim.shares.test_shares import gather, planned, play

_CALLED = b'{"type":"ModelCalled"'


@pytest.mark.slow
def test_an_attempt_that_was_killed_is_gone_on_with_by_its_answers(tmp_path: Path) -> None:
    with serving() as server:
        text = MODELS.format(url=server.url, products=1).replace("requests_per_minute = 120", "")
        path = scenario(tmp_path, text)
        run = planned(tmp_path / "run", path, "--budget", 5, shares=2)
        play(run, 0), play(run, 1)
        whole = len(server.bodies)
        [killed] = attempts(run, 1)
        [segment] = killed.events.glob("*.jsonl")
        lines = segment.read_bytes()
        torn = segment.with_suffix(".jsonl.open")
        segment.rename(torn).write_bytes(lines[: len(lines) // 2])
        (killed.events / "SEAL").unlink()
        (share_folder(run, 1) / "COMMIT").unlink()
        paid = spent_before(run.read(), killed)
        assert paid == prices(committed(lines[: len(lines) // 2])) > 0
        assert "goes on from attempt a1-" in play(run, 1, attempt=2)
        asked_again = len(server.bodies) - whole
        gather(run)
        assert len(outside_lines(run.path)) == whole  # each answer is there once
        lost = calls(lines) - calls(committed(lines[: len(lines) // 2]))
        assert 0 < lost == asked_again < calls(lines)
        launched(tmp_path / "whole", path)
        assert event_lines(run.path) == event_lines(tmp_path / "whole")


def calls(lines: bytes) -> int:
    """How many answers of models there are among lines."""
    return sum(line.startswith(_CALLED) for line in lines.splitlines())


def prices(lines: bytes) -> int:
    """What the answers among lines cost, in billionths of a dollar."""
    called = (json.loads(line) for line in lines.splitlines() if line.startswith(_CALLED))
    return sum(one["input_tokens"] * 1000 + one["output_tokens"] * 2000 for one in called)


def committed(lines: bytes) -> bytes:
    """The lines up to the last commit, which is all that counts of a torn segment."""
    return lines[: lines.rindex(b'{"commit":')]


def test_the_lines_are_told_apart() -> None:
    line = json.dumps({"type": "ModelCalled"}, separators=(",", ":")).encode()
    assert calls(line + b"\n{}\n" + line) == 2
    assert committed(b'a\n{"commit":1}\nb') == b"a\n"
