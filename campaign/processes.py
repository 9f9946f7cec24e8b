"""Programs to be killed: forked from a process that has imported everything, so that one is cheap.

The process that forks must not have used Polars, whose threads do not survive a fork.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

IMPORTED = (
    "polars",
    "retailsim.sim.cli",
    "retailsim.sim.run.launch",
    "retailsim.sim.run.resume",
    "retailsim.sim.run.verify",
    "retailsim.sim.execution.workers",
    "retailsim.sim.experiments.experiment",
    "retailsim.analysis.replay.terminal_tables",
    "retailsim.analysis.replay.replay",
)


class Program:
    """A command of ours in a forked process, the head of a session of its own.

    Parameters
    ----------
    words : sequence of str
        The command line, without the program's name.
    said : Path
        A file that gets what it prints.
    environment : mapping
        Variables beside those of this process.
    """

    def __init__(
        self, words: Sequence[object], said: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        for module in IMPORTED:
            import_module(module)
        self.said = said
        said.touch()  # it may be killed before it opens it
        self.status: int | None = None
        self.began = time.monotonic()
        sys.stdout.flush()
        sys.stderr.flush()
        self.pid = os.fork()
        if self.pid == 0:
            _become([str(word) for word in words], said, environment or {})

    def wait(self, seconds: float) -> bool:
        """Wait so long for its end; returns whether it has ended."""
        end = self.began + seconds
        while self.status is None:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= end:
                return False
            else:
                time.sleep(0.002)
        return True

    def kill(self, group: bool) -> None:
        """End it without a warning, alone or with all that it has started."""
        if group:
            with suppress(ProcessLookupError):  # so young that it has no session of its own yet
                os.killpg(self.pid, signal.SIGKILL)
        os.kill(self.pid, signal.SIGKILL)  # not waited for yet, so it is still there
        self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    @property
    def text(self) -> str:
        """What it has printed."""
        return self.said.read_text(errors="replace")


def _become(words: list[str], said: Path, environment: Mapping[str, str]) -> None:
    """Be the program, and end as it does."""
    status = 70
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        out = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for fd, ours in ((nothing, 0), (out, 1), (out, 2)):
            os.dup2(fd, ours)
        os.environ.update(environment)
        sys.argv[:] = ["sim", *words]
        from retailsim.sim.cli import main

        main(words, prog_name="python -m sim")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        os._exit(status)
