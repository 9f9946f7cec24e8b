"""How fast a log becomes decisions with their features, beside how fast it was played.

CPU seconds of one core, so that neighbours matter less.
"""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

TARGET = 1_000
"""Conversations a second: a log of 20,000 takes 20 s at most."""


def run(replications: int = 30, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    from retailsim.sim.api.front import run as launch
    from retailsim.sim.learning.csales.logged import read_logged

    settings = {"design.replications": 2 if quick else replications}
    with TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        begin = time.process_time()
        launch("csales", sellers=["csi"], settings=settings, out=out, workers=1)
        played = time.process_time() - begin
        begin = time.process_time()
        found = read_logged([out]).decisions
        spent = time.process_time() - begin
    count = len(found.ids)
    row = {"figure": "log to decisions", "value": count / spent, "unit": "conversations/CPU s"}
    row |= {"reference": f"launched {count / played:,.0f}", "ratio": played / spent}
    if not quick:
        row |= {"target": f">= {TARGET:,}", "met": count / spent >= TARGET}
    return [row]
