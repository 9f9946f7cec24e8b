"""Displays: how far a run is, on a terminal, in a notebook, or nowhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol

from retailsim.sim.play.progress import Progress
from retailsim.sim.terminal.progress_bar import bar

EVERY_S = 0.2
"""Seconds between two pictures in a notebook, at least."""
LINES_S = 5.0
"""Seconds between two lines where nobody can see a bar, at least."""

ProgressWish = bool | Callable[[int, int], None]
"""What a caller may say of progress: whether it is shown, or what takes (done, total) episodes."""


class Display(Protocol):
    """Shows how far a run is; always called from one thread."""

    def show(self, done: int, total: int, progress: Progress) -> None:
        """Show that `done` of `total` episodes are over."""
        ...

    def close(self) -> None:
        """Show no more."""
        ...


def display_for(wish: ProgressWish) -> Display:
    """Return what shows the progress as the caller wishes, where it is now."""
    if callable(wish):
        return CallerDisplay(wish)
    if not wish:
        return CallerDisplay(lambda done, total: None)
    if in_notebook():
        return NotebookDisplay()
    if sys.stderr is None:
        return CallerDisplay(lambda done, total: None)
    return BarDisplay() if sys.stderr.isatty() else LinesDisplay()


def in_notebook() -> bool:
    """Whether the program is a notebook's kernel; imports nothing to find out."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


class CallerDisplay:
    """Hands the numbers to the caller."""

    def __init__(self, take: Callable[[int, int], None]) -> None:
        self._take = take
        self._last = (-1, 0)

    def show(self, done: int, total: int, progress: Progress) -> None:
        """Hand them on, if they have changed."""
        if (done, total) != self._last:
            self._last = done, total
            self._take(done, total)

    def close(self) -> None:
        """Do nothing: the last numbers were handed on."""


class BarDisplay:
    """The command line's bar on a terminal."""

    def __init__(self) -> None:
        self._bar: AbstractContextManager[Callable[[Progress], None]] | None = None
        self._update: Callable[[Progress], None] = lambda progress: None
        self._last = (0, 0)

    def show(self, done: int, total: int, progress: Progress) -> None:
        """Draw the bar, which begins when a run does: an experiment has several."""
        if self._bar is None or self._last[1] != total or self._last[0] > done:
            self.close()
            self._bar = bar(total, done - progress.episodes)
            self._update = self._bar.__enter__()
        self._last = done, total
        self._update(progress)

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.__exit__(None, None, None)


class LinesDisplay:
    """A line on stderr now and then, and one at the end."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = clock() + LINES_S
        self._line = self._said = ""

    def show(self, done: int, total: int, progress: Progress) -> None:
        """Say it if the last line is long enough ago."""
        self._line = told(done, total, progress)
        if self._clock() >= self._next:
            self._next = self._clock() + LINES_S
            self._say()

    def close(self) -> None:
        """Say how far it came."""
        self._say()

    def _say(self) -> None:
        if self._line != self._said:
            self._said = self._line
            sys.stderr.write(f"{self._line}\n")
            sys.stderr.flush()


class NotebookDisplay:
    """A bar below the cell, drawn anew in its place."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = 0.0
        self._handle: Any = None
        self._picture: BarPicture | None = None

    def show(self, done: int, total: int, progress: Progress) -> None:
        """Draw it if the last picture is long enough ago."""
        self._picture = BarPicture(done, total, told(done, total, progress))
        if self._clock() >= self._next:
            self._next = self._clock() + EVERY_S
            self._draw()

    def close(self) -> None:
        """Draw the last picture."""
        if self._picture is not None:
            self._draw()

    def _draw(self) -> None:
        if self._handle is None:
            display = sys.modules["IPython"].display.display
            self._handle = display(self._picture, display_id=True)
        else:
            self._handle.update(self._picture)


class BarPicture:
    """A bar as a notebook shows it, and as text."""

    def __init__(self, done: int, total: int, text: str) -> None:
        self._done, self._total, self._text = done, total, text

    def __repr__(self) -> str:
        """Return the numbers."""
        return self._text

    def _repr_html_(self) -> str:
        return f'<progress value="{self._done}" max="{self._total}"></progress> {self._text}'


def told(done: int, total: int, progress: Progress) -> str:
    """Say how far a run is: numbers alone, nothing that would have to be escaped."""
    failed = f", {progress.failed:,} failed" if progress.failed else ""
    return f"{done:,} of {total:,} episodes{failed}"
