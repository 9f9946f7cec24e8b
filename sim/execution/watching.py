"""Who looks after agents that block while a job is played, and whom that is told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress

from retailsim.agents.watchdog import Watchdog
from retailsim.events.diagnostics import Diagnostics


def warn_on_stderr(line: str) -> None:
    """Tell the person, as a worker does."""
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")


def watchdog(block_timeout_s: float, notes: Diagnostics, warn: Callable[[str], None]) -> Watchdog:
    """Return what looks after agents that block; it tells the person too, who may have to act."""

    def say(line: str) -> None:
        notes.warning("watchdog", says=line)
        warn(f"warning: {line}")

    warn_s = min(5.0, block_timeout_s / 2)
    return Watchdog(warn_s=warn_s, deadline_s=block_timeout_s, say=say)
