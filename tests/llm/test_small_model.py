"""A real language model on this machine: its run is killed, resumed and verified, offline.

What a model of 135 million parameters says is no matter here, only what becomes of it. `make slow`
installs the model.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from examples.small_model import demo, server
from tests.sim.runs import ROOT, events_of, outside_lines, sim

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]


def calls(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in outside_lines(run)]


def test_a_killed_run_is_resumed_and_verified(tmp_path: Path) -> None:
    """All of it in one test: the model computes for a minute, once."""
    for package in ("xllamacpp", server.PACKAGE):
        if find_spec(package) is None:
            pytest.skip(f"{package} is not installed: make slow does it")
    run = tmp_path / "run"
    words = [sys.executable, "examples/small_model/demo.py", "--threads", "1", "--out", str(run)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    nothing_was_asked_twice(run, done.stdout)
    answers_are_of_the_kind_asked_for(run)
    assert done.stdout.rstrip().endswith("every event is the same")
    verified = sim("verify", run)  # the server has ended
    assert verified.exit_code == 0, verified.stderr


def nothing_was_asked_twice(run: Path, said: str) -> None:
    """The log has what it had when the run was killed, and what the demonstration counted."""
    [killed] = re.findall(r"^killed: (\d+) answers", said, re.M)
    [(more, again)] = re.findall(r"^resumed: (\d+) more answers, (\d+) of them", said, re.M)
    assert int(killed) >= demo.ANSWERS_BEFORE_KILL
    assert int(more) > 0
    assert int(again) == 0
    assert len(calls(run)) == int(killed) + int(more) == len(demo.answers(run))


def answers_are_of_the_kind_asked_for(run: Path) -> None:
    """The grammar of the one reply holds; every episode ends, as closed or as failed."""
    asked = calls(run)
    whole = [call for call in asked if call["finish"] == "stop"]
    assert whole
    for call in whole:
        assert json.loads(call["answer"])["reply"]["kind"] == call["task"]
    assert {call["answered_by"]["model"] for call in asked} == {"smollm2"}
    assert {call["role"] for call in asked} == {"seller", "buyer"}
    ended = [len(events_of(run, kind)) for kind in ("EpisodeClosed", "EpisodeFailed")]
    assert sum(ended) == 2


def test_without_the_weights_the_server_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "PACKAGE", "no_such_package")
    with pytest.raises(SystemExit, match="make demo-model installs it"):
        server.weights()
