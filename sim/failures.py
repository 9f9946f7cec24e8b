"""From an error to what a person reads: one line and the exit status."""

from __future__ import annotations

import errno
import sys
import traceback

from agents.errors import AgentsError
from events.errors import EventsError, LogWriteError
from market.errors import MarketError
from sim.errors import SimError


def root(error: BaseException) -> BaseException:
    """Return the error inside a group of one task group after another."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


_DISK_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def line_and_status(error: BaseException) -> tuple[str, int]:
    """Return one line for a person, and the status to end with.

    Status 2: the input is wrong or damaged; 3: stopped early and resumable; 1: unexpected, which
    prints a traceback too, because it is a bug of ours.
    """
    error = root(error)
    match error:
        case LogWriteError():
            return str(error), 3
        case SimError():
            return str(error), error.status
        case EventsError() | MarketError() | AgentsError():
            return str(error), 2
        case OSError() if error.errno in _DISK_FULL:
            return f"{_file(error)}: {error.strerror}; what is written is kept: make room", 3
        case OSError() if error.filename is not None:
            return f"{_file(error)}: {error.strerror}", 2
        case _ if type(error).__module__.startswith("analysis."):
            return str(error), 2
        case _:
            traceback.print_exception(error, file=sys.stderr)
            return f"unexpected {type(error).__name__}: {error}", 1


def _file(error: OSError) -> str:
    return str(error.filename or "the disk")
