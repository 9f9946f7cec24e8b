"""Folders that are made for a file which a person named: said, since the name may be mistyped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from retailsim.sim.terminal.terminal import Terminal


@contextmanager
def new_folders_told(file: Path | None, terminal: Terminal) -> Iterator[None]:
    """Say afterwards which folders were made for a file; None: it lies where nobody chose."""
    above = [] if file is None else [one for one in file.parents if not one.exists()]
    yield
    if above and above[0].is_dir():
        terminal.say(f"made the folder {above[0]}")
