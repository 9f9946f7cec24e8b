"""`--studio`: the page that follows a run, in a process beside the one that plays it."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import BinaryIO

import msgspec

from retailsim.events.extras import MODULES
from retailsim.sim.errors import MissingExtra
from retailsim.sim.execution.workers import worker_environment
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal

PATIENCE_S = 5.0
"""How long the page has to end when it is told to."""
BEFORE_S = 3.0
"""How long a run waits for its page before it begins, where a person watches."""
_NEEDS = ("jinja2", "altair")


class Shows(msgspec.Struct, frozen=True, kw_only=True):
    """What the page's process is told: the folder of the run that it shows."""

    run: str


class Where(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What it answers: its link once it listens, or why it does not."""

    link: str = ""
    error: str = ""


def check_page() -> None:
    """Fail where no page can be shown, before anything is played; raises `MissingExtra`."""
    for package in _NEEDS:
        if find_spec(package) is None:
            raise MissingExtra("studio", package, MODULES.get(package, "analysis"))


@contextmanager
def page_beside(run: Path, terminal: Terminal) -> Iterator[PageBeside]:
    """Show the page of a run while the block runs, and say its link once there is one."""
    page = PageBeside(run, terminal)
    try:
        if _watched():  # a bar that is shown already would break a long link into lines
            page.wait(BEFORE_S)
        yield page
    finally:
        page.end()


class PageBeside:
    """The page of a run; it ends with this process, however that ends."""

    def __init__(self, run: Path, terminal: Terminal) -> None:
        self._run = run
        self._terminal = terminal
        self._link = ""
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "retailsim.sim", "_companion"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=worker_environment(),
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(msgspec.json.encode(Shows(run=str(run))) + b"\n")
            self._process.stdin.flush()
        self._hearing = Thread(
            target=self._hear, args=(self._process.stdout,), name="page", daemon=True
        )
        self._hearing.start()

    def stay(self) -> None:
        """Leave the page to who watches until Ctrl-C; without a person there, it ends now."""
        if not _watched():
            again = f"{program_name()} studio {shlex.quote(str(self._run))}"
            self._terminal.say(f"the page ends with this; to see it again: {again}")
            return
        self.wait()
        if not self._link:
            return
        self._terminal.say(f"the page stays until Ctrl-C: {self._link}")
        with _ends_by_ctrl_c():
            self._process.wait()

    def wait(self, at_most_s: float | None = None) -> None:
        """Wait until the page can be reached, or is known not to be."""
        self._hearing.join(at_most_s)

    def end(self) -> None:
        """End the page."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._hearing.join()

    def _hear(self, answers: BinaryIO) -> None:
        with answers:
            line = answers.readline()
        try:
            where = msgspec.json.decode(line, type=Where)
        except msgspec.DecodeError:  # it was told to end before it listened, or was killed
            return
        self._link = where.link
        told = f"page: {where.link}" if where.link else f"no page is shown: {where.error}"
        self._terminal.say(told)


@contextmanager
def _ends_by_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C, or the end of the terminal, end the block and nothing else."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    previous = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        with suppress(KeyboardInterrupt):
            yield
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


def _watched() -> bool:
    """Whether a person is at the terminal, who can press Ctrl-C."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))
