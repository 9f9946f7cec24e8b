"""The terminal: a progress bar where one can be seen, tables in colour where there is any."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import EIO
from typing import Any, TextIO

from retailsim.sim.play.progress import Progress


class Terminal:
    """Where a command speaks: results to stdout, words about them to stderr.

    What is said is shown as text whatever is in it, for names of files and agents come from
    anywhere. Whoever stops reading, or never did, does not end the work.

    Parameters
    ----------
    json : bool
        Whether stdout is for one JSON object and nothing else.
    """

    def __init__(self, *, json: bool = False) -> None:
        self.json = json
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a title may not fit into the encoding

    def say(self, text: str) -> None:
        """Say something to the person."""
        _write(sys.stderr, f"{printable(text)}\n")

    def out(self, text: str) -> None:
        """Print lines of the result."""
        _write(sys.stdout, "".join(f"{printable(line)}\n" for line in text.split("\n")))

    def out_json(self, result: Any) -> None:
        """Print one JSON object, always in UTF-8."""
        import msgspec

        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")
        _write(sys.stdout, f"{msgspec.json.encode(result).decode()}\n")

    def show(self, *parts: Any) -> None:
        """Print tables, in colour where the terminal has it."""
        if sys.stdout is None:
            return
        from rich.console import Console

        width = None if sys.stdout.isatty() else 120
        console = Console(file=sys.stdout, highlight=False, width=width)
        with console.capture() as page:
            for number, part in enumerate(parts):
                if number:
                    console.print()
                console.print(part)
        _write(sys.stdout, page.get())

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Show how far a run is while the block runs; yields what takes the progress.

        A bar where somebody watches; else, where language models are asked, a line now and then.
        """
        if sys.stderr is None:
            yield _ignore
        elif sys.stderr.isatty():
            from retailsim.sim.terminal.progress_bar import bar

            with bar(total, done) as update:
                yield update
        else:
            from retailsim.sim.terminal.progress_bar import Lines

            yield Lines(total, done, self.say).update


def printable(text: str) -> str:
    """Return text for one line: no control characters, nothing that a terminal would obey."""
    return "".join(char if char.isprintable() else _in_place_of(char) for char in text)


def _in_place_of(char: str) -> str:
    return " " if char.isspace() else "\N{REPLACEMENT CHARACTER}"


def _write(stream: TextIO | None, text: str) -> None:
    """Write and flush; where nobody reads any more, go on in silence."""
    if stream is None:
        return
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
    except OSError as error:
        if error.errno != EIO:  # the terminal is gone, and the run outlives it
            raise
        _discard(stream)


def _discard(stream: TextIO) -> None:
    with suppress(io.UnsupportedOperation):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _ignore(_: Progress) -> None:
    return


class Quiet(Terminal):
    """Says what goes on and shows no result: for a command that runs others on its way."""

    def out(self, text: str) -> None:
        """Leave it out."""

    def out_json(self, result: Any) -> None:
        """Leave it out."""

    def show(self, *parts: Any) -> None:
        """Leave it out."""
