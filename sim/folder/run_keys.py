"""What runs, and folders of runs, are called in the addresses of a studio that shows a folder."""

from __future__ import annotations

from pathlib import Path

DEPTH = 3
"""How far below the folder runs are looked for: a sweep's arms lie one folder deeper than runs."""


def key_of(place: Path) -> str:
    """Return the key of what lies at a place below the folder that is shown."""
    return "~".join(place.parts)


def key_in(root: Path, folder: Path) -> str | None:
    """Return the key of a folder below another one, or of that itself; None where it has none."""
    root, folder = root.resolve(), folder.resolve()
    if folder == root:
        return root.name
    if not folder.is_relative_to(root):
        return None
    place = folder.relative_to(root)
    hidden = any(part.startswith(".") for part in place.parts)
    return None if hidden or len(place.parts) > DEPTH else key_of(place)
