"""The folders of runs below a folder, by the names that addresses have for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from retailsim.sim.folder.run_keys import DEPTH, key_of

MOST = 2_000
"""Runs that are listed."""
MOST_FOLDERS = 20_000
"""That are looked into for them: somebody may name a folder that is full of other things."""


def run_folders(root: Path) -> dict[str, Path]:
    """Return the folders of the runs in a folder, or of the one that it is, by their keys."""
    if (root / "run.toml").is_file():
        return {key_of(Path(root.resolve().name)): root}
    found: dict[str, Path] = {}
    for path in _below(root, DEPTH, count(1)):
        found.setdefault(key_of(path.relative_to(root)), path)
        if len(found) == MOST:
            break
    return found


def _below(folder: Path, depth: int, looked: Iterator[int]) -> Iterator[Path]:
    try:
        inside = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
            continue  # a run that is being made has such a name; a link may lead anywhere
        if next(looked) > MOST_FOLDERS:
            return
        path = folder / entry.name
        if (path / "run.toml").is_file():
            yield path
        elif depth > 1:
            yield from _below(path, depth - 1, looked)
