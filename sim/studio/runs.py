"""The folders of runs below a folder, by the names that addresses have for them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from retailsim.sim.folder.run_keys import DEPTH, key_of

MOST = 2_000
"""Runs that are listed."""


def run_folders(root: Path) -> dict[str, Path]:
    """Return the folders of the runs in a folder, or of the one that it is, by their keys."""
    if (root / "run.toml").is_file():
        return {root.resolve().name: root}
    found: dict[str, Path] = {}
    for path in _below(root, DEPTH):
        found.setdefault(key_of(path.relative_to(root)), path)
        if len(found) == MOST:
            break
    return found


def _below(folder: Path, depth: int) -> Iterator[Path]:
    try:
        inside = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        if entry.name.startswith(".") or not entry.is_dir(follow_symlinks=False):
            continue
        path = folder / entry.name
        if (path / "run.toml").is_file():
            yield path
        elif depth > 1:
            yield from _below(path, depth - 1)
