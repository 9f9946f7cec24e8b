"""The audience: who is told what goes on while a run is made and played."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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


class Nobody:
    """An audience that is told nothing: for work within other work."""

    def say(self, text: str) -> None:
        """Leave it out."""

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Show nothing."""
        yield lambda progress: None
