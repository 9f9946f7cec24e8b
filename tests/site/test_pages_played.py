"""Pages whose commands take long, need files of the reader's or are forms: each is done small."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from tests.sim.ports import free_port
from tests.sim.runs import ROOT, sim
from tests.site.page_plays import PLAYS, SERVES, Play, named, smaller
from tests.site.page_steps import FileStep, steps
from tests.site.test_page_commands import PAGES, commands
from tests.test_first_model_run import serving

STOPPED = (0, 3)
"""Statuses of what was stopped by Ctrl-C: pages that are closed, and work that can go on."""
LINK = re.compile(r"http://127\.0\.0\.1:\d+/\S*")
PATIENCE_S = 120


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the reader is: the project's examples are there, and modules are found."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(1800)  # a dozen commands or two, which take minutes where every core is busy
@pytest.mark.parametrize("page", PLAYS)
def test_each_command_of_a_page_can_be_given(folder: Path, page: str) -> None:
    play, port = PLAYS[page], free_port()
    model = {f"127.0.0.1:{one}": f"127.0.0.1:{port}" for one in (8080, 11434)}
    names = {**play.names, **model}
    for name, text in files(page, play):
        (folder / name).write_text(named(text, names), encoding="utf-8")
    with ExitStack() as server:
        if any(one in PAGES[page] for one in model):
            server.enter_context(serving(port))
        for command in play.first:
            assert sim(*shlex.split(command)).exit_code == 0, command
        done = [typed(command, play, names) for command in commands(page)]
    assert any(done)


def files(page: str, play: Play) -> Iterator[tuple[str, str]]:
    """Yield the files that a reader of a page has: its own, and others that it speaks of."""
    for name, text in play.files.items():
        yield name, text()
    for step in steps(PAGES[page]):
        if isinstance(step, FileStep):
            yield step.name, step.text


def typed(command: str, play: Play, names: dict[str, str]) -> bool:
    """Do a command, unless it is left out; it has to end as it should."""
    if any(command.startswith(one) for one in play.left):
        return False
    words = smaller(named(command, names))
    if SERVES.match(command):
        visit(words)
        return True
    status = next((end for one, end in play.ends.items() if command.startswith(one)), 0)
    result = sim(*words)
    assert result.exit_code == status, f"{command}\n{words}\n{result.stdout}\n{result.stderr}"
    return True


def visit(words: list[str]) -> None:
    """Start what serves a page, open the page by the link that is printed, and press Ctrl-C."""
    if words[0] == "studio":
        words = [*words, "--port", str(free_port())]
    process = subprocess.Popen(
        [sys.executable, "-m", "sim", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT), "BROWSER": "true"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = []
    try:
        assert process.stdout is not None
        link = None
        for line in process.stdout:
            said.append(line)
            link = LINK.search(line)
            if link:
                break
        assert link is not None, said
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        with browser.open(link[0], timeout=PATIENCE_S) as answer:
            assert answer.status == 200
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode in STOPPED, (process.returncode, said, rest)
        assert "Traceback" not in rest
    finally:
        process.kill()
        process.communicate()


def test_whatever_is_left_out_is_there_and_has_a_reason() -> None:
    for page, play in PLAYS.items():
        there = [*commands(page)]
        for beginning, why in play.left.items():
            assert why and any(one.startswith(beginning) for one in there), (page, beginning)
            test = re.search(r"tests/\S+", why)
            assert test is None or (ROOT / test[0]).exists(), why
        assert all(any(one.startswith(b) for one in there) for b in play.ends), page


def test_a_command_is_made_smaller() -> None:
    assert smaller("launch --set products.per_category=10 --workers 4") == [
        *("launch", "--set", "products.per_category=1", "--workers", "1")
    ]
    assert smaller("launch csales --set profiles.count=30")[-1] == "profiles.count=3"
    assert smaller("launch csales")[-2:] == ["--set", "profiles.count=8"]
    assert smaller("launch a.toml")[-2:] == ["--set", "products.per_category=1"]
    assert smaller("policy learn csales --conversations 6000") == [
        *("policy", "learn", "csales", "--conversations", "1000")
    ]
    assert smaller("replay runs/mine") == ["replay", "runs/mine"]


def test_names_stand_for_whole_words() -> None:
    names = {"RUN": "runs/a", "RUN --more": "b", "shop.toml": "c.toml", "{}": "0"}
    assert named("x RUN --more RUNS RUN my/shop.toml shop.toml {}", names) == (
        "x b RUNS runs/a my/shop.toml c.toml 0"
    )
    assert named("x", {}) == "x"


@pytest.mark.slow
def test_a_command_that_fails_fails_its_page(folder: Path) -> None:
    with pytest.raises(AssertionError, match="nothing-there"):
        typed("replay nothing-there", Play(), {})
    with pytest.raises(AssertionError):
        typed("studio nothing-there", Play(), {})
    assert not typed("replay nothing-there", Play(left={"replay": "why"}), {})
