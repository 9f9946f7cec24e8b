"""Runs for tests: launched in this process or as real ones, and read back line by line."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from click.testing import CliRunner, Result

from retailsim.events.log.reader import read_lines
from retailsim.sim.cli import main

ROOT = Path(__file__).parents[2]
SMALL = ("--set", "products.per_category=1")
"""Four products: 100 episodes."""


def sim(*arguments: object) -> Result:
    """Run the program in this process; stdout and stderr are kept apart."""
    words = [str(argument) for argument in arguments]
    with beside_a_browser():
        return CliRunner().invoke(main, words, prog_name="python -m sim")


@contextmanager
def beside_a_browser() -> Iterator[None]:
    """Let an event loop be run in here: one of playwright's counts as running, though it waits."""
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(loop)


def launched(out: Path, *arguments: object) -> dict[str, Any]:
    """Launch in this process and return what --json says."""
    result = sim("launch", *arguments, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)
    return said


def small_run(out: Path) -> None:
    """Put a finished run of `SMALL` there: played once in this process, and copied.

    For tests of what is done with a run, not of how it comes to be.
    """
    shutil.copytree(_played_once(), out)


_STATE = os.environ.get("XDG_STATE_HOME")
"""What the end of the session removes, see tests/conftest.py; a test may have one of its own."""


@cache
def _played_once() -> Path:
    folder = Path(mkdtemp(prefix="played-", dir=_STATE)) / "run"
    launched(folder, *SMALL)
    return folder


def replayed(run: Path) -> dict[str, Any]:
    """What replaying a run gives, but for the name of its folder."""
    result = sim("replay", run, "--json")
    assert result.exit_code == 0, result.stderr
    said: dict[str, Any] = json.loads(result.stdout)
    said.pop("run")
    return said


def event_lines(run: Path) -> list[bytes]:
    """The event lines of a run as the contract sorts them: by market and seq."""
    keyed = []
    for line in read_lines(run / "events"):
        event = json.loads(line)
        if "seq" in event:
            keyed.append(((event["market"], event["seq"]), line))
    return [line for _, line in sorted(keyed)]


def outside_lines(run: Path) -> list[bytes]:
    """The recorded answers of a run, sorted by market, episode, source and call."""
    keyed = []
    for line in read_lines(run / "events"):
        record = json.loads(line)
        if "call" in record:
            key = (record["market"], record["episode"] or "", record["source"], record["call"])
            keyed.append((key, line))
    return [line for _, line in sorted(keyed)]


def events_of(run: Path, kind: str) -> list[dict[str, Any]]:
    """The events of one type, in the order of `event_lines`."""
    events = [json.loads(line) for line in event_lines(run)]
    return [event for event in events if event["type"] == kind]


def command(*arguments: object) -> list[str]:
    """The words that start the program as a process of its own."""
    return [sys.executable, "-m", "sim", *map(str, arguments)]


def process(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as a process of its own, to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
        timeout=120,
    )


def scenario(folder: Path, text: str, name: str = "scenario.toml") -> Path:
    """Write a scenario and return its path."""
    path = folder / name
    path.write_text(text)
    return path


def torn(run: Path, out: Path, kind: str = "ReviewPosted") -> Path:
    """Copy a run as a killed program leaves it: no seal, its one segment cut inside a line.

    The line is one of an event of this kind.
    """
    shutil.copytree(run, out, ignore=shutil.ignore_patterns("derived", "SEAL"))
    [segment] = (out / "events").iterdir()
    lines = segment.read_bytes()
    cut = lines.index(f'{{"type":"{kind}"'.encode(), len(lines) // 2) + 40
    segment.rename(segment.with_name(f"{segment.name}.open")).write_bytes(lines[:cut])
    return out
