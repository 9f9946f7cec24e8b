r"""Paths of Windows in a scenario: TOML takes their backslashes for escapes, and WSL has its own.

``"C:\Used"`` is no TOML (``\U`` begins a number), ``"C:\new"`` holds a line break, and
``'C:\new'`` is no path where this program runs.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from retailsim.sim.scenario.scenario import Scenario

_LINE = re.compile(r"\(at line (\d+),")
_QUOTED = re.compile(r'"[^"]*\\[^"]*"')
_DRIVE = re.compile(r"(?:^|[/\"])([A-Za-z]:)\\(.*)")

ADVICE = "write the path with / instead of \\, or in single quotes: 'C:\\shop.csv'"


def escaped(text: str, error: tomllib.TOMLDecodeError) -> str:
    """Return what to do about a backslash in the line that is no TOML; empty where none is."""
    at = _LINE.search(str(error))
    lines = text.splitlines()
    if at is None or int(at[1]) > len(lines):
        return ""
    quoted = _QUOTED.search(lines[int(at[1]) - 1])
    return f"; a backslash in {quoted[0]} is taken for an escape: {ADVICE}" if quoted else ""


def unfit_path(scenario: Scenario, folder: Path) -> tuple[str, str] | None:
    """Return the first key with a path that cannot be meant, and what to do; None: all are fit.

    Files that are there can be named as they like.
    """
    for place, path in _paths(scenario):
        if (folder / path).exists():
            continue
        if not path.isprintable():
            return place, f"{path!r} holds a line break, a tab or the like: {ADVICE}"
        if (drive := _DRIVE.search(path)) is not None:
            letter, below = drive[1], drive[2].strip('"')
            there = PureWindowsPath("/mnt", letter[0].lower(), below).as_posix()
            return place, f"{letter}\\{below} is a path of Windows; in WSL write {there}"
    return None


def _paths(scenario: Scenario) -> Iterator[tuple[str, str]]:
    yield "products.catalog", scenario.products.catalog
    yield "profiles.file", scenario.profiles.file
    yield "behavioral.parameters", str(scenario.behavioral.parameters or "")
    for role in ("seller", "buyer"):
        for seat in scenario.seats(role):
            yield f"{role}s.{seat.id}.pitch_file", seat.pitch_file or ""
