"""Ctrl-C while the program's modules are imported: one line and the status of interrupted work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import click
import pytest

from tests.sim.runs import ROOT, sim

PRESSED = """
import signal, sys

class Pressed:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            sys.meta_path.remove(self)
            {press}

sys.meta_path.insert(0, Pressed())
"""
"""Python runs it at its start: Ctrl-C comes when this module is about to be imported."""
PRESS = "signal.raise_signal(signal.SIGINT)"
LAUNCHER = str(ROOT / "launcher" / "sim" / "__main__.py")
PROGRAMS = {
    "python -m sim": ("-m", "sim"),
    "retailsim": ("-c", "import sys; from retailsim.sim.start import main; sys.exit(main())"),
    "installed python -m sim": (
        *("-c", "import runpy; runpy.run_path(__import__('sys').argv.pop(1), run_name='__main__')"),
        LAUNCHER,
    ),
}
BEFORE = ("retailsim.sim.cli", "click", "retailsim.sim.cli.study_commands")
LATER = ("retailsim.sim.run.launch", "msgspec")


def pressed(
    folder: Path, module: str, *words: str, press: str = PRESS, ignored: bool = False
) -> subprocess.CompletedProcess[str]:
    """Start Python with these words, and press Ctrl-C when it is about to import the module."""
    (folder / "sitecustomize.py").write_text(PRESSED.format(module=module, press=press))
    path = os.pathsep.join((str(folder), str(ROOT)))
    kept = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignored else None
    try:  # a child begins with what is ignored here
        return subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        if kept is not None:
            signal.signal(signal.SIGINT, kept)


def launch(folder: Path) -> tuple[str, ...]:
    return ("launch", "--set", "products.per_category=1", "--out", str(folder / "run"))


@pytest.mark.parametrize("module", BEFORE)
@pytest.mark.parametrize("program", PROGRAMS)
def test_before_the_command_is_known(tmp_path: Path, program: str, module: str) -> None:
    ended = pressed(tmp_path, module, *PROGRAMS[program], *launch(tmp_path))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == "interrupted: nothing was begun\n"
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("module", LATER)
def test_while_the_command_imports_what_it_needs(tmp_path: Path, module: str) -> None:
    ended = pressed(tmp_path, module, *PROGRAMS["python -m sim"], *launch(tmp_path))
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "", "interrupted\n")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_when_the_run_is_complete_it_is_said(tmp_path: Path) -> None:
    """And by which command its tables are shown."""
    words = (*PROGRAMS["python -m sim"], *launch(tmp_path))
    ended = pressed(tmp_path, "retailsim.analysis.replay.replay", *words)
    assert (ended.returncode, ended.stdout) == (3, "")
    run = tmp_path / "run"
    assert ended.stderr.splitlines()[-1] == (
        "error: interrupted: the run is complete; what came out of it says: "
        f"python -m sim replay {run}"
    )
    assert sim("replay", run).exit_code == 0 and (run / "events" / "SEAL").exists()


@pytest.mark.parametrize("module", ["click", "retailsim.sim.run.launch"])
def test_the_status_is_ours_where_python_would_end_by_the_signal(
    tmp_path: Path, module: str
) -> None:
    """It does once Ctrl-C has broken off an `eval`, whoever caught it."""
    press = f"eval({PRESS!r}, globals())"
    ended = pressed(tmp_path, module, *PROGRAMS["python -m sim"], *launch(tmp_path), press=press)
    assert ended.returncode == 3
    assert ended.stderr.startswith("interrupted") and ended.stderr.count("\n") == 1


@pytest.mark.parametrize("module", ["click", "retailsim.sim.scenario.schema"])
def test_a_signal_that_is_ignored_stays_so(tmp_path: Path, module: str) -> None:
    words = (*PROGRAMS["python -m sim"], "schema")
    ended = pressed(tmp_path, module, *words, ignored=True)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_the_control_has_no_beginning_of_ours(tmp_path: Path) -> None:
    """Straight from the module of commands, Python says where it was."""
    words = ("-c", "from retailsim.sim.cli import main; main()", *launch(tmp_path))
    assert "Traceback" in pressed(tmp_path, "click", *words).stderr


def test_while_the_words_of_the_command_line_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*words: object, **more: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(click.Group, "make_context", interrupted)
    ended = sim("schema")
    assert (ended.exit_code, ended.stderr) == (3, "interrupted: nothing was begun\n")
