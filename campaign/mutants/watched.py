"""Which lines of a package each of its tests runs, so that a mutant meets those that can see it.

Each file of tests is watched in a process of its own: what a test finds made by one before it, in a
fixture of the module or a cache, was made by a test of the same file.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Any

import msgspec
import pytest

from campaign.mutants import forked
from campaign.mutants.packages import Package
from campaign.mutants.progress import Progress

STARTS = frozenset({"subprocess.Popen", "os.fork", "os.posix_spawn", "os.exec"})
"""Audit events of a process that is started: what that runs is not seen."""

MOST_SECONDS = 900.0


class Seen(msgspec.Struct, frozen=True):
    """A test that passes.

    Parameters
    ----------
    name : str
        Its node id.
    seconds : float
        How long it took while it was watched.
    starts : bool
        Whether it started another process.
    lines : dict of str to list of int
        Module to the lines that it ran.
    """

    name: str
    seconds: float
    starts: bool
    lines: dict[str, list[int]]


class Kept(msgspec.Struct, frozen=True):
    """The tests of one file, with the digest of all that they were watched with."""

    digest: str
    tests: list[Seen]


def digest(place: Path, files: Sequence[str]) -> str:
    """Return a digest of some files of a tree; one that is not there has no content."""
    total = sha256()
    for name in files:
        total.update(f"{name}\0".encode())
        total.update((place / name).read_bytes() if (place / name).is_file() else b"")
    return total.hexdigest()[:16]


def watched(
    place: Path, package: Package, work: Path, packages: Iterable[Package] = ()
) -> list[Seen]:
    """Return the tests of a package; those of a file that was watched before are kept.

    Parameters
    ----------
    place : Path
        The tree, without a mutant.
    work : Path
        A folder for what is kept.
    packages : iterable of Package
        Others, whose code is watched as well in tests that are theirs, too.
    """
    of_others = [(one.modules(place), {*one.test_files(place)}) for one in packages]
    own, found, files = package.modules(place), [], package.test_files(place)
    progress = Progress(sys.stderr, len(files))
    for file in files:
        others = {path for modules, tests in of_others if file in tests for path in modules}
        modules = sorted({*own, *others})
        state = f"{digest(place, modules)}/{digest(place, [file])}"
        progress.begin(file)
        found += _of_file(place, file, modules, state, work)
    progress.end()
    return found


def _of_file(place: Path, file: str, modules: Sequence[str], state: str, work: Path) -> list[Seen]:
    kept = work / f"{file.replace('/', '.')}.{sha256(repr(modules).encode()).hexdigest()[:6]}.json"
    if kept.is_file():
        before = msgspec.json.decode(kept.read_bytes(), type=Kept)
        if before.digest == state:
            return before.tests
    kept.unlink(missing_ok=True)
    said = work / "watched.txt"
    status = forked.tests(place, [file], Watch(place, modules, state, kept), said, MOST_SECONDS)
    if status not in (0, 5) or not kept.is_file():
        raise SystemExit(f"{file} fails without a mutant ({status}):\n{said.read_text()[-3000:]}")
    return msgspec.json.decode(kept.read_bytes(), type=Kept).tests


class Watch:
    """A plugin that notes which lines of some modules each test runs."""

    def __init__(self, place: Path, modules: Sequence[str], state: str, kept: Path) -> None:
        self._place, self._modules, self._state, self._kept = place, set(modules), state, kept
        self._names: dict[str, str | None] = {}
        self._lines: dict[str, set[int]] = {}
        self._starts = False
        self._seconds: dict[str, float] = {}
        self._failed: set[str] = set()
        self._tests: list[Seen] = []

    def pytest_sessionstart(self) -> None:
        """Notice processes that are started."""
        sys.addaudithook(self._audit)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Watch one test, with what is made for it and cleared away."""
        self._lines, self._starts = {}, False
        threading.settrace(self._enter)
        sys.settrace(self._enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)
            if item.nodeid not in self._failed:
                lines = {name: sorted(seen) for name, seen in self._lines.items() if seen}
                seconds = round(self._seconds.get(item.nodeid, 0.0), 3)
                self._tests.append(Seen(item.nodeid, seconds, self._starts, lines))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep how long it took, and that it failed or was skipped."""
        name = report.nodeid
        self._seconds[name] = self._seconds.get(name, 0.0) + report.duration
        if not report.passed:
            self._failed.add(name)

    def pytest_sessionfinish(self) -> None:
        """Hand it to who has forked this process."""
        half = self._kept.with_suffix(".half")
        half.write_bytes(msgspec.json.encode(Kept(self._state, self._tests)))
        half.replace(self._kept)

    def _audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTS:
            self._starts = True

    def _enter(self, frame: FrameType, event: str, argument: Any) -> Any:
        file = frame.f_code.co_filename
        try:
            name = self._names[file]
        except KeyError:
            name = self._names[file] = self._module(file)
        if name is None:
            return None
        seen = self._lines.setdefault(name, set())

        def step(inner: FrameType, event: str, argument: Any) -> Any:
            seen.add(inner.f_lineno)
            return step

        return step

    def _module(self, file: str) -> str | None:
        path = os.path.relpath(os.path.realpath(file), self._place)
        return path if path in self._modules else None
