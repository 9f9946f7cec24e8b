"""The command `study` in a process of its own, which may be killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.sim.ports import free_port
from tests.sim.runs import ROOT
from tests.waiting import PATIENCE_S

_LINK = re.compile(rb"http://\S+/p/\S+")


@dataclass
class Served:
    """A study that is served.

    Attributes
    ----------
    link : str
        The room's.
    """

    process: subprocess.Popen[bytes]
    link: str

    def kill(self) -> None:
        """End it at once, whatever it is doing."""
        self.process.kill()
        self.process.wait(PATIENCE_S)

    def stop(self) -> int:
        """End it as Ctrl-C does; returns the exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE_S)


@contextmanager
def served(what: str | Path, port: int, *flags: str) -> Iterator[Served]:
    """Start `study`, and end it with the block."""
    words = [sys.executable, "-m", "sim", "study", str(what), "--port", str(port), *flags]
    words += ["--organisers-port", str(free_port())]
    with subprocess.Popen(
        words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        try:
            found = _LINK.search(process.stdout.readline())
            assert found is not None, process.stderr.read().decode()
            yield Served(process, found[0].decode())
        finally:
            process.kill()
