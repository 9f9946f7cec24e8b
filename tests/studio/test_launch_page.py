"""`launch --studio`: a page follows the run, and ends with it however that ends."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.request import HTTPCookieProcessor, build_opener

import pytest

from retailsim.sim.errors import MissingExtra
from retailsim.sim.run import page_beside as module
from retailsim.sim.run.page_beside import check_page, page_beside
from retailsim.sim.terminal.terminal import Terminal
from tests.sim.runs import ROOT, SMALL, command, event_lines, launched, sim

ENDLESS = ("--set", "design.replications=1000")
"""3,000,000 episodes."""


@contextmanager
def started(
    *words: object, stdin: int | None = None, stdout: int | None = None, stderr: int = PIPE
) -> Iterator[Popen[str]]:
    with Popen(
        command(*words), cwd=ROOT, text=True, stdin=stdin, stdout=stdout, stderr=stderr
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def link_in(said: IO[str] | None) -> str:
    """Return the page's link as soon as it is said."""
    assert said is not None
    for line in said:
        if line.startswith("page: "):
            return line.removeprefix("page: ").strip()
    raise AssertionError("it ended before it said a link")


def seen(link: str) -> str:
    """Return what a browser shows that follows a link."""
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    with browser.open(link, timeout=60) as page:
        assert "token" not in page.url
        return str(page.read().decode())


def gone(link: str) -> bool:
    """Wait until the page that a link leads to is no more."""
    while True:
        try:
            seen(link)
        except HTTPError as error:
            error.close()
            assert error.code == 401  # another studio took the port
            return True
        except URLError as error:
            if isinstance(error.reason, ConnectionRefusedError):
                return True
        except OSError:  # it is just ending
            continue


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 3)]
)
def test_a_page_follows_a_run_and_ends_with_it(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with started("launch", "--studio", *ENDLESS, "--out", tmp_path / "endless") as process:
        link = link_in(process.stderr)
        assert "of 3,000,000 episodes" in seen(link)
        process.send_signal(number)
        assert process.wait() == status
    assert gone(link)


@pytest.mark.slow
def test_where_nobody_watches_the_page_ends_with_the_run_whose_output_and_log_are_the_same(
    tmp_path: Path,
) -> None:
    run = tmp_path / "run"
    with started(*("launch", "--studio", "--json", *SMALL, "--out", run), stdout=PIPE) as process:
        out, said = process.communicate()
    assert process.returncode == 0, said
    assert json.loads(out)["run"] == str(run)
    assert out.count("\n") == 1
    assert f"to see it again: python -m sim studio {run}" in said
    if "page: " in said:  # else the run was over before the page could be reached
        assert gone(link_in(io.StringIO(said)))
    launched(tmp_path / "alone", *SMALL)
    assert event_lines(run) == event_lines(tmp_path / "alone")


@pytest.mark.slow
def test_on_a_terminal_the_page_stays_until_ctrl_c_also_of_a_resume(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, *SMALL)
    master, terminal = pty.openpty()
    streams = {"stdin": terminal, "stdout": PIPE, "stderr": terminal}
    with started("resume", run, "--studio", **streams) as process:
        os.close(terminal)
        with os.fdopen(master, newline="") as said:
            link = link_in(said)
            assert any("until Ctrl-C" in line for line in said)
            assert "100 of 100 episodes" in seen(link)
            assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert process.wait() == 0
    assert gone(link)


@pytest.mark.slow
def test_why_no_page_is_shown_is_said_and_the_run_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with page_beside(tmp_path / "nowhere", Terminal()) as page:
        page.wait()
        page.stay()
    said = capsys.readouterr().err
    assert "no page is shown: " in said
    assert "there is no such folder" in said


def test_what_a_page_needs_is_asked_for_before_anything_is_played(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "jinja2" else object())
    with pytest.raises(MissingExtra, match="jinja2"):
        check_page()
    for words in (("launch", "--out", tmp_path / "run"), ("resume", tmp_path / "run")):
        result = sim(*words, "--studio")
        assert result.exit_code == 2
        assert "jinja2" in result.stderr
    assert not (tmp_path / "run").exists()
    with suppress(MissingExtra):
        monkeypatch.undo()
        check_page()
