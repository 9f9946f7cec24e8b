"""What runs, and folders of runs, are called in the addresses of a studio that shows a folder."""

from __future__ import annotations

import re
from pathlib import Path

DEPTH = 3
"""How far below the folder runs are looked for: a sweep's arms lie one folder deeper than runs."""


_BETWEEN = re.compile(r"~(?!\.)")


def key_of(place: Path) -> str:
    """Return the key of what lies at a place below the folder that is shown.

    Names stand between tildes; a tilde of a name is ``~.``, and no name begins with a dot, for
    what is hidden is not shown: so no two places have one key. What is no UTF-8 is written out.
    """
    return "~".join(_written(name).replace("~", "~.") for name in place.parts)


def name_of(key: str) -> str:
    """Return what people read for a key."""
    return " / ".join(name.replace("~.", "~") for name in _BETWEEN.split(key))


def _written(name: str) -> str:
    return name.encode(errors="backslashreplace").decode()


def key_in(root: Path, folder: Path) -> str | None:
    """Return the key of a folder below another one, or of that itself; None where it has none."""
    root, folder = root.resolve(), folder.resolve()
    if folder == root:
        return key_of(Path(root.name))
    if not folder.is_relative_to(root):
        return None
    place = folder.relative_to(root)
    hidden = any(part.startswith(".") for part in place.parts)
    return None if hidden or len(place.parts) > DEPTH else key_of(place)
