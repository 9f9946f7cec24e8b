"""Waiting for what another thread does."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE_S = 120.0
"""More than anything takes that is waited for, also on a machine that is four times as slow."""
PAUSE_S = 0.01


def until(there: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    """Return once it is so."""
    ends = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < ends, "it never came"
        time.sleep(PAUSE_S)
