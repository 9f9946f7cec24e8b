"""Commands find the studio that runs, and no studio that was killed."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import msgspec
import pytest

from retailsim.sim.folder import open_studios as module
from retailsim.sim.folder.open_studios import (
    OpenStudio,
    announced,
    answers,
    open_studios,
    tell_compared,
    tell_study,
)
from retailsim.sim.folder.run_keys import key_in, name_of
from retailsim.sim.studio.site.runs import run_folders
from retailsim.sim.terminal.terminal import Terminal
from tests.sim.runs import SMALL, sim, small_run


class Healthy(BaseHTTPRequestHandler):
    """Answers like a studio."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - named so there
        """Say nothing."""


@contextmanager
def healthy() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "retailsim" / "studios"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("first", "study/01-0", "study/02-1"):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.toml").touch()
    return tmp_path / "runs"


def test_a_result_below_the_root_has_its_link_while_the_studio_runs(
    runs: Path, state: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arm, outside = runs / "study" / "02-1", tmp_path / "elsewhere"
    with healthy() as address:
        studio = OpenStudio(address=address, root=str(runs), token="secret")
        with announced(studio):
            (file,) = state.iterdir()
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            tell_compared(Terminal(), runs / "first", arm)
            tell_study(Terminal(), arm.parent)
            said = capsys.readouterr()
            # Nobody watches here, so the token is left out.
            assert said.err == (
                f"studio: {address}/compare?a=first&b=study~02-1\n"
                f"studio: {address}/studies/study/\n"
            )
            assert said.out == ""
            tell_compared(Terminal(), runs / "first", outside)
            tell_study(Terminal(), outside)
            tell_compared(Terminal(json=True), runs / "first", arm)
            tell_study(Terminal(json=True), arm.parent)
            assert capsys.readouterr().err == ""
        assert not [*state.iterdir()]
        tell_study(Terminal(), arm.parent)
        assert capsys.readouterr().err == ""


def test_the_token_is_in_the_link_where_a_person_watches(
    runs: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        healthy() as address,
        announced(OpenStudio(address=address, root=str(runs), token="secret")),
    ):
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        tell_study(Terminal(), runs / "study")
        assert capsys.readouterr().err == f"studio: {address}/studies/study/?token=secret\n"


@pytest.mark.parametrize("left", [b"{}", b"\xff", b"", b"[" * 20_000])
def test_what_a_killed_studio_left_is_removed_unasked(
    left: bytes, runs: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "answers", lambda _: pytest.fail("asked the address of the dead"))
    state.mkdir(parents=True)
    (state / "1-dead.json").write_bytes(left)
    dead = OpenStudio(address="http://127.0.0.1:1", root=str(runs), token="x")
    (state / "2-dead.json").write_bytes(msgspec.json.encode(dead))
    tell_study(Terminal(), runs / "study")
    assert not [*open_studios()]
    assert not [*state.iterdir()]


def test_a_studio_that_does_not_answer_is_not_named_and_not_waited_for_without_an_end(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as mute:
        studio = OpenStudio(
            address=f"http://127.0.0.1:{mute.getsockname()[1]}", root=str(runs), token="x"
        )
        with announced(studio):
            began = time.monotonic()
            tell_study(Terminal(), runs / "study")
            assert time.monotonic() - began >= module.PATIENCE_S  # and not without an end
            assert capsys.readouterr().err == ""
    for address in ("http://127.0.0.1:1", "nonsense", "http://127.0.0.1:x"):
        assert not answers(OpenStudio(address=address, root="", token=""))


def test_where_no_state_can_be_kept_the_studio_serves_all_the_same(
    runs: Path, tmp_path: Path
) -> None:
    (tmp_path / "state").write_text("a file")
    with announced(OpenStudio(address="http://x", root=str(runs), token="x")):
        assert not [*open_studios()]


def test_a_folder_has_the_key_that_the_studio_finds_it_by(runs: Path, tmp_path: Path) -> None:
    found = run_folders(runs)
    assert {key_in(runs, path): path for path in found.values()} == found
    alone = runs / "first"
    assert {key_in(alone, alone): alone} == run_folders(alone)
    deep = runs / "a" / "b" / "c" / "d"
    for path in (deep, tmp_path, runs / ".hidden" / "run"):
        assert key_in(runs, path) is None
    link = tmp_path / "link"
    link.symlink_to(runs)
    assert key_in(link, runs / "first") == key_in(runs, link / "first") == "first"


def test_no_two_runs_have_one_key(tmp_path: Path) -> None:
    """Of two with one key, the pages would show one as the other."""
    runs = tmp_path / "runs"
    places = ["a/b", "a~b", "a~/b", "a/~b", "a/~/b", "~", "a~~b", "a~.b", "a%7Eb"]
    for place in [*places, os.fsdecode(b"not\xffutf")]:
        (runs / place).mkdir(parents=True)
        (runs / place / "run.toml").touch()
    found = run_folders(runs)
    assert len(found) == len(places) + 1
    assert {key_in(runs, path): path for path in found.values()} == found
    names = {str(path.relative_to(runs)).replace("/", " / ") for path in found.values()}
    assert {name_of(key) for key in found} ^ names == {"not\\udcffutf", "not\udcffutf"}
    assert {"a~b": "a~.b", "a/b": "a~b"}.items() <= {
        str(path.relative_to(runs)): key for key, path in found.items()
    }.items()


@pytest.mark.slow
def test_the_program_says_the_link_while_its_studio_runs_and_not_once_it_was_killed(
    tmp_path: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One real server: `compare` names it; killed, it is forgotten at once."""
    monkeypatch.setattr(module, "PATIENCE_S", 10.0)  # others use this machine, too
    runs = tmp_path / "played"
    for name in ("one", "two"):
        small_run(runs / name)
    command = [sys.executable, "-m", "sim", "studio", str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().partition("/?token=")[0]
            result = sim("compare", runs / "one", runs / "two")
            assert f"studio: {address}/compare?a=one&b=two\n" in result.stderr
            assert "studio:" not in sim("compare", runs / "one", runs / "two", "--json").output
            swept = ("sweep", "pairwise", "design.discount=0,0.1", "--out", runs / "s", *SMALL)
            assert f"studio: {address}/studies/s/\n" in sim(*swept).stderr
        finally:
            os.kill(server.pid, signal.SIGKILL)
    assert len([*state.iterdir()]) == 1
    assert "studio:" not in sim("compare", runs / "one", runs / "two").output
    assert not [*state.iterdir()]
