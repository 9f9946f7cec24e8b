"""How a run stands: whether somebody plays it, whether it came to its end."""

from __future__ import annotations

import fcntl
import os
from enum import StrEnum
from pathlib import Path

from retailsim.events.log.seal import SEAL


class State(StrEnum):
    """What becomes of a run; the values are what people read."""

    RUNNING = "running"
    COMPLETE = "complete"
    UNFINISHED = "unfinished"
    DAMAGED = "damaged"


def state_of(run: Path) -> State:
    """Return how a run stands, without reading its log: so it is never found damaged here."""
    if _held(run / "lock"):
        return State.RUNNING
    return State.COMPLETE if (run / "events" / SEAL).is_file() else State.UNFINISHED


def _held(lock: Path) -> bool:
    """Whether somebody writes the run; where that cannot be seen, nobody does."""
    try:
        fd = os.open(lock, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    else:
        return False
    finally:
        os.close(fd)
