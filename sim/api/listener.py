"""The listener: hears of a run in whichever thread plays it, and shows it in the caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from retailsim.sim.api.displays import Display
from retailsim.sim.play.progress import Progress


class Listener:
    """The audience of a run that a program called for.

    Nothing is printed; what the command line would say is kept.

    Parameters
    ----------
    display : Display
        Where the progress is shown.
    own_thread : bool
        Whether the run is played in the thread that shows it, so that it is shown as it comes;
        else whoever waits for the run calls `show` now and then.

    Attributes
    ----------
    notes : list of str
        Lines for a person: warnings, above all.
    """

    def __init__(self, display: Display, *, own_thread: bool) -> None:
        self.notes: list[str] = []
        self._display = display
        self.own_thread = own_thread
        self._total: int | None = None
        self._done = 0
        self._latest: Progress | None = None

    def say(self, text: str) -> None:
        """Keep a line."""
        self.notes.append(text)

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Yield what takes the progress of a run."""
        self._total, self._done = total, done
        yield self._take

    def _take(self, progress: Progress) -> None:
        self._latest = progress
        if self.own_thread:
            self.show()

    def show(self) -> None:
        """Show how far the run is."""
        if self._total is not None and self._latest is not None:
            self._display.show(self._done + self._latest.episodes, self._total, self._latest)
