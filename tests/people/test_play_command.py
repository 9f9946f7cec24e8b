"""`play` as people type it: the link, the page behind it, Ctrl-C, and going on."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from retailsim.sim.folder.run_folder import RunFolder
from tests.people.played import RETAIL, text_of
from tests.sim.runs import ROOT, launched, scenario, sim

PATIENCE_S = 60


@contextmanager
def started(*words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `play`; yields the process and the link that it prints."""
    line = (sys.executable, "-m", "sim", "play", *map(str, words))
    process = subprocess.Popen(
        line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        link = process.stdout.readline().strip()
        assert link.startswith("http://127.0.0.1:"), link
        yield process, link
    finally:
        process.kill()
        process.communicate()


@contextmanager
def program(*words: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start `play`; yields the process and the page behind the link that it prints."""
    with (
        started(*words) as (process, link),
        build_opener(HTTPCookieProcessor(CookieJar())).open(link) as answer,
    ):
        yield process, answer.read().decode()


def interrupted(process: subprocess.Popen[str]) -> str:
    """Press Ctrl-C once; return what the program says, which ends with status 3."""
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 3, said
    return said


@pytest.mark.slow
def test_a_run_is_begun_stopped_and_gone_on_with(tmp_path: Path) -> None:
    run = tmp_path / "run"
    with program("--as", "seller", "--seed", 5, "--out", run) as (process, page):
        assert "You are the seller" in page
        said = interrupted(process)
    assert f"play {run}" in said and "Traceback" not in said
    with program(run) as (process, page):
        assert "You are the seller" in page
        interrupted(process)
    made = RunFolder(run).read().scenario
    assert [seat.agent for seat in made.sellers] == ["person"] and made.run.seed == 5
    assert len(made.buyers) == 1 and made.products.per_category == 1


def test_what_cannot_be_played_is_one_line(tmp_path: Path) -> None:
    both = RETAIL.format(seller='agent = "person"', buyer='agent = "person"')
    path = scenario(tmp_path, both)
    refused(
        [path, "--as", "buyer"],
        "take seller:shop, buyer:ann; let an agent take the others, or use `study`",
    )
    refused([path, "--buyers", "model"], "as buyer you take that seat yourself")
    refused(["no-such-scenario"], "no scenario 'no-such-scenario'")
    launched(
        tmp_path / "run",
        scenario(tmp_path, text_of(RETAIL, "buyer").replace("person", "behavioral")),
    )
    refused([tmp_path / "run"], "no person takes a seat")
    refused([tmp_path / "run", "--seed", 3], "--seed: ")


def refused(words: list[object], line: str) -> None:
    result = sim("play", *words)
    assert result.exit_code == 2 and line in result.stderr, result.stderr
    assert result.stderr.count("\n") == 1
