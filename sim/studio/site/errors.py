"""What can be wrong with what the studio is asked for; each message is one line."""

from __future__ import annotations

import os
import socket
from pathlib import Path

from retailsim.sim.errors import SimError
from retailsim.sim.terminal.program_name import program_name


class NoRunsHere(SimError):
    """There is no folder to look into."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path}: there is no such folder; name a run or a folder of runs, "
            f"or make one: {program_name()} launch"
        )


class PortTaken(SimError):
    """The server cannot listen where it should."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        why = os.strerror(error.errno) if error.errno else str(error)
        super().__init__(f"cannot listen on {host} port {port}: {why}; choose another --port")


class NoSuchHost(SimError):
    """This machine has no such address."""

    def __init__(self, host: str, error: Exception) -> None:
        why = str(error)
        if isinstance(error, socket.gaierror):
            why = error.strerror or why
        elif isinstance(error, OSError) and error.errno:
            why = os.strerror(error.errno)
        super().__init__(
            f"cannot listen on {host[:100]!r}: {why}; "
            "give an address or a name of this machine as --host, or leave it out"
        )


class UnclearStudy(SimError):
    """The folder of an experiment does not say enough to measure it."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
