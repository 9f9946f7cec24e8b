"""Where a run, or runs that belong together, go when nobody names a folder."""

from __future__ import annotations

import time
from pathlib import Path

from retailsim.sim.errors import BadScenario


def default_folder(name: str) -> Path:
    """Return ``runs/NAME-TIME``, with a number behind it where that is taken.

    Raises
    ------
    BadScenario
        If a thousand are taken.
    """
    stem = f"{name}-{time.strftime('%Y%m%d-%H%M%S')}".replace("/", "-")
    for number in range(1, 1000):
        path = Path("runs") / (stem if number == 1 else f"{stem}-{number}")
        if not path.exists():
            return path
    raise BadScenario(
        "--out", f"runs/{stem} and a thousand names after it are taken; name a folder"
    )
