"""The audience: who is told what goes on while a run is made and played."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from retailsim.sim.play.progress import Progress


class Audience(Protocol):
    """Whoever hears of a run: the terminal of a command, or a program that called for it.

    What comes of the run is no part of it: that is what the functions return.
    """

    def say(self, text: str) -> None:
        """Take one line for a person."""
        ...

    def progress(
        self, total: int, done: int = 0
    ) -> AbstractContextManager[Callable[[Progress], None]]:
        """Show how far a run is while the block runs; yields what takes the progress.

        Parameters
        ----------
        total, done : int
            Episodes of the whole run, and those that an earlier execution finished.
        """
        ...
