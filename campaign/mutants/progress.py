"""How far it is: one line that changes on a terminal, elsewhere a line of its own now and then."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TextIO

EVERY_S = 30.0
"""Time between two lines where they stay, as in the log of a machine that builds."""

WIDTH = 79


class Progress:
    """Says how many of some things are done.

    Parameters
    ----------
    out : TextIO
        Where it is said.
    total : int
        How many there are.
    now : callable
        The time in seconds.
    """

    def __init__(self, out: TextIO, total: int, now: Callable[[], float] = time.monotonic) -> None:
        self._out, self._total, self._now = out, total, now
        self._changes = out.isatty()
        self._done, self._said = 0, now()

    def begin(self, what: str) -> None:
        """Say what is begun; where lines stay, only if the last one was said a while ago."""
        text = f"  watched: {self._done} of {self._total} files, now {what}"
        self._done += 1
        if self._changes:
            print(f"\r{text[:WIDTH]:<{WIDTH}}", end="", file=self._out, flush=True)
        elif self._now() - self._said >= EVERY_S:
            self._said = self._now()
            print(text, file=self._out, flush=True)

    def end(self) -> None:
        """Take away the line that changes."""
        if self._changes:
            print(f"\r{'':{WIDTH}}", end="\r", file=self._out, flush=True)
