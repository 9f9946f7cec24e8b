"""A session of pytest that has collected the tests of a package, and forks for each mutant.

So a trial costs what its tests cost: nothing is imported or collected twice.
"""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

FAILED, BROKEN = 1, 3
"""Statuses of a process: a test failed; the mutant could not be put there."""


class Session:
    """A plugin that does not run the tests, but some work that may run some of them in forks.

    Parameters
    ----------
    work : callable
        What is done when all is collected; it gets this session.
    now : Path
        A file in which forks name the test that they are at.
    """

    def __init__(self, work: Callable[[Session], None], now: Path) -> None:
        self.now = now
        self._work = work
        self._items: dict[str, pytest.Item] = {}
        self._forked = False

    def pytest_configure(self) -> None:
        """Set it up for mutants."""
        set_up()

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do the work."""
        self._items = {item.nodeid: item for item in session.items}
        self._work(self)
        return True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say which test a fork is at."""
        if self._forked:
            self.now.write_text(nodeid, encoding="utf-8")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End a fork with the first test that fails."""
        if self._forked and report.failed:
            os._exit(FAILED)

    def run(self, names: Sequence[str], begin: Callable[[], bool], seconds: float) -> int | None:
        """Run tests in a fork until one fails.

        Parameters
        ----------
        names : sequence of str
            Their node ids, in order.
        begin : callable
            Called in the fork before them; returns whether it can go on.
        seconds : float
            When it is ended.

        Returns
        -------
        int or None
            0: all pass, `FAILED`, `BROKEN`, negative: the signal that it died of, None: no time.
        """
        self.now.unlink(missing_ok=True)
        pid = os.fork()
        if pid == 0:
            self._become(names, begin)
        end = time.monotonic() + seconds
        try:
            return ended(pid, end)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)  # also what a test has left behind

    def _become(self, names: Sequence[str], begin: Callable[[], bool]) -> None:
        status = BROKEN
        try:
            os.setsid()
            self._forked = True
            items = [self._items[name] for name in names]
            if begin():
                status = FAILED  # whatever the mutant may bring about from here
                for item, following in zip(items, [*items[1:], None], strict=False):
                    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
                status = 0
        except BaseException:  # noqa: BLE001 - whoever forked it sees the status
            traceback.print_exc()
        finally:
            os._exit(status)


class Chosen:
    """A plugin for a process of one mutant: runs some tests in their order, until one fails.

    Parameters
    ----------
    names : sequence of str
        Their node ids.
    now : Path
        A file in which it names the test that it is at.
    """

    def __init__(self, names: Sequence[str], now: Path) -> None:
        self._order = {name: place for place, name in enumerate(names)}
        self._now = now
        now.unlink(missing_ok=True)

    def pytest_configure(self) -> None:
        """Set it up for mutants."""
        set_up()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keep the tests that were chosen."""
        items[:] = [one for one in items if one.nodeid in self._order]
        items.sort(key=lambda one: self._order[one.nodeid])

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """Say which test it is at."""
        self._now.write_text(nodeid, encoding="utf-8")


def set_up() -> None:
    """Leave no bytecode of mutants; look for no smallest example, which takes long."""
    from hypothesis import Phase, settings

    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    phases = (Phase.explicit, Phase.generate)
    settings.register_profile("mutants", settings(), phases=phases, database=None)
    settings.load_profile("mutants")


def ended(pid: int, end: float) -> int | None:
    """Wait for a process until a moment, and end it then; returns its status, or None."""
    pause = 0.002
    try:
        while time.monotonic() < end:
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                return os.waitstatus_to_exitcode(status)
            time.sleep(pause)  # nothing else tells that a child has ended, and has an end itself
            pause = min(0.05, pause * 1.5)
    except KeyboardInterrupt:  # which does not reach a group of its own
        _kill(pid)
        raise
    _kill(pid)
    return None


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
