"""What a page tells its reader to do: files to write, commands to type, and what they then see."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tests.sim.runs import ROOT

GAP = "[...]"
"""Stands on a page for lines that are left out."""

_FENCE = re.compile(r"```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:(?<=\n\n)|\A)((?: {4}.*\n|\n(?= {4}))+)")
_NAMED = re.compile(r"`([\w./-]+)`:\s*\Z")
_HEADED = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class FileStep:
    """A block that is a file: named by the line above it and a colon, or by its first comment."""

    name: str
    text: str


@dataclass(frozen=True)
class CommandStep:
    """Indented lines, and the block right below them: what they print."""

    lines: tuple[str, ...]
    shown: str | None


def steps(page: str) -> Iterator[FileStep | CommandStep]:
    """Yield the steps of a page in their order; other blocks are no steps."""
    at, pending = 0, None
    for match in _blocks(page):
        between = page[at : match.start()]
        at = match.end()
        fenced = match.re is _FENCE
        if pending is not None:
            bare = fenced and not match[1] and not between.strip()
            yield CommandStep(pending, match[2] if bare else None)
            pending = None
            if bare:
                continue
        if not fenced:
            pending = typed(match[1])
        elif named := _NAMED.search(between) or _HEADED.match(match[2]):
            yield FileStep(named[1], match[2])
    if pending is not None:
        yield CommandStep(pending, None)


def _blocks(page: str) -> Iterator[re.Match[str]]:
    fences = list(_FENCE.finditer(page))
    inside = [range(one.start(), one.end()) for one in fences]
    indented = [
        one for one in _INDENTED.finditer(page) if not any(one.start() in part for part in inside)
    ]
    yield from sorted([*fences, *indented], key=lambda one: one.start())


def typed(block: str) -> tuple[str, ...]:
    """Return the commands of an indented block; one that ends in a backslash goes on below."""
    text = re.sub(r"\\\n\s*", "", re.sub(r"^ {4}", "", block, flags=re.MULTILINE))
    return tuple(line for line in text.splitlines() if line.strip())


class Attempts:
    """Names attempts at shares, which are drawn anew each time, by the order they are named in."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def numbered(self, text: str) -> str:
        """Return a text in which the same attempt has the same number, and another one another."""
        return re.sub(r"\ba1-[0-9a-f]{8}\b", self._number, text)

    def _number(self, found: re.Match[str]) -> str:
        return f"a1-#{self._numbers.setdefault(found[0], len(self._numbers))}"


class Printed(NamedTuple):
    """What a command says: the lines of its result, and what it warns of beside them."""

    text: str
    warnings: tuple[str, ...]

    def unheard(self, page: str) -> list[str]:
        """Return the warnings that a page does not show its reader."""
        there = " ".join(page.split())
        return [one for one in self.warnings if " ".join(one.split()) not in there]


def warnings_in(text: str) -> list[str]:
    """Return the lines of a command's words to the person that warn, ours and Python's."""
    return [line for line in text.splitlines() if re.search(r"\bwarning: |Warning: ", line)]


class Reader:
    """Somebody who does what a page says, in a folder of their own beside the project's examples.

    A command that ends in ``&`` is left running until `leave`; what it serves at port 8080 on the
    page is at `port` here.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._folder, self._port = folder, port
        self._running: list[subprocess.Popen[str]] = []
        (folder / "examples").symlink_to(ROOT / "examples")

    def write(self, step: FileStep) -> None:
        path = self._folder / step.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self._here(step.text), encoding="utf-8")

    def type(self, line: str) -> Printed:
        """Return what a command prints; it must end well."""
        if line.endswith(" &"):
            self._start(self._here(line[:-2]))
            return Printed("", ())
        done = subprocess.run(
            ["bash", "-o", "pipefail", "-c", self._here(line)],
            cwd=self._folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return Printed(self._there(done.stdout), tuple(warnings_in(self._there(done.stderr))))

    def leave(self) -> None:
        """End what is still running."""
        for process in self._running:
            process.terminate()
            process.communicate()

    def _start(self, line: str) -> None:
        words = [*shlex.split(line), "--port", str(self._port)]
        process = subprocess.Popen(
            words, cwd=self._folder, env=self._environment(), stdout=subprocess.PIPE, text=True
        )
        self._running.append(process)
        assert process.stdout is not None and process.stdout.readline(), line

    def _there(self, text: str) -> str:
        """Return what was printed as a page shows it."""
        return text.replace(f"{self._folder}/", "").replace(str(self._port), "8080")

    def _here(self, text: str) -> str:
        return text.replace(":8080/", f":{self._port}/")

    def _environment(self) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "80"}
        state = {"XDG_STATE_HOME": str(self._folder / ".state")}
        return os.environ | own | state


def differs(shown: str, printed: str) -> str | None:
    """Return the first line that a page shows and a command does not print; None if there is none.

    Lines follow one another but where the page has `GAP`; blank ones and ends of lines count not.
    """
    there = _said(printed)
    at, anywhere = 0, False
    for line in _said(shown):
        if line == GAP:
            anywhere = True
            continue
        found = there.index(line, at) if anywhere and line in there[at:] else at
        if found >= len(there) or there[found] != line:
            return line
        at, anywhere = found + 1, False
    return None if anywhere or at == len(there) else f"{there[at]} (printed, and not shown)"


def _said(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]
