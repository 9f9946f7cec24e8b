"""From an error to what a person reads: one line and the exit status."""

from __future__ import annotations

import sys
import traceback

from retailsim.events.brief import brief
from retailsim.events.errors import DISK_FULL, RetailSimError
from retailsim.market.core.plugin_code import blamed


def root(error: BaseException) -> BaseException:
    """Return the error inside a group of one task group after another."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def line_and_status(error: BaseException) -> tuple[str, int]:
    """Return one line for a person, and the status to end with.

    Status 2: the input is wrong or damaged; 3: stopped early and resumable; 1: unexpected, which
    prints a traceback too, because it is a bug of ours.
    """
    error = root(error)
    line, status = _told(error)
    return brief(line), status


def _told(error: BaseException) -> tuple[str, int]:
    match error:
        case RetailSimError():
            return str(error), error.exit_status
        case OSError() if error.errno in DISK_FULL:
            return f"{_file(error)}: {error.strerror}; what is written is kept: free some space", 3
        case OSError() if error.filename is not None:
            return f"{_file(error)}: {error.strerror}", 2
        case ValueError() if str(error) == "embedded null byte":
            return "a file was named with the character NUL, which no name can hold", 2
        case UnicodeEncodeError() if error.reason == "surrogates not allowed":
            return "a text holds half of a character (a lone surrogate); leave it out", 2
        case _ if (code := blamed(error)) is not None:
            said = " ".join(str(error).split())
            return f"{code} raised {type(error).__name__}: {said}", 1
        case _:
            traceback.print_exception(error, file=sys.stderr)
            return f"unexpected {type(error).__name__}: {error}", 1


def _file(error: OSError) -> str:
    return str(error.filename or "the disk")
