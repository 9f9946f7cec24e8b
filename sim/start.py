"""Where the program begins: Ctrl-C while its modules are imported is one line, as it is later.

A `KeyboardInterrupt` inside an import may come out as another error, or be lost in a callback, so
the signal itself ends the program; nothing is begun yet that would have to be cleared away. What
comes before, Python's own start and the name of the package, is not ours to catch.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
from contextlib import suppress
from types import FrameType

STATUS = 3
"""Of work that was interrupted."""


def main() -> None:
    """Import the program, and run it with the words of the command line."""
    kept = signal.getsignal(signal.SIGINT)
    if kept is signal.default_int_handler:  # else it is ignored, or somebody else's
        signal.signal(signal.SIGINT, _nothing_begun)
    from retailsim.sim.cli import main as program

    signal.signal(signal.SIGINT, kept)
    ended: list[int] = []
    atexit.register(_with_status, ended)
    try:
        program()
    except SystemExit as end:
        if end.code == STATUS:
            ended.append(STATUS)
        raise


def _nothing_begun(number: int, frame: FrameType | None) -> None:
    with suppress(OSError):
        os.write(2, b"interrupted: nothing was begun\n")
    os._exit(STATUS)


def _with_status(ended: list[int]) -> None:
    """End with the status of interrupted work, after all else that is done at exit.

    Commands import what they need when they run. Where Ctrl-C meets an `eval` there, as named
    tuples and dataclasses make, Python would end by the signal, whoever caught it.
    """
    if ended:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(ended[0])
