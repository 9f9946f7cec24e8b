"""The terminal: a progress bar where one can be seen, tables in colour where there is any."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sim.engine import Progress

if TYPE_CHECKING:
    from rich.console import Console


class Terminal:
    """Where a command speaks: results to stdout, words about them to stderr.

    Parameters
    ----------
    json : bool
        Whether stdout is for one JSON object and nothing else.
    """

    def __init__(self, *, json: bool = False) -> None:
        self.json = json

    def say(self, text: str) -> None:
        """Say something to the person."""
        print(text, file=sys.stderr, flush=True)

    def out(self, text: str) -> None:
        """Print a line of the result."""
        print(text, flush=True)

    def show(self, *parts: Any) -> None:
        """Print tables, in colour where the terminal has it."""
        console = self._console()
        for part in parts:
            console.print(part)

    def _console(self) -> Console:
        from rich.console import Console

        stream = sys.stderr if self.json else sys.stdout
        return Console(file=stream, highlight=False, width=None if stream.isatty() else 120)

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Show a bar while the block runs; yields what takes the progress."""
        if not sys.stderr.isatty():
            yield _ignore
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        bar = Bar(
            TextColumn("episodes"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[failed]}"),
            console=Console(stderr=True),
        )
        with bar:
            task = bar.add_task("", total=total, completed=done, rate="", failed="")

            def update(progress: Progress) -> None:
                speed = bar.tasks[0].speed
                bar.update(
                    task,
                    completed=done + progress.episodes,
                    rate=f"{speed:,.0f}/s" if speed else "",
                    failed=f"{progress.failed} failed" if progress.failed else "",
                )

            yield update


def _ignore(_: Progress) -> None:
    return
