"""From an error to what a person reads: one line and the exit status."""

from __future__ import annotations

import re
import sys
import traceback
from textwrap import wrap

from retailsim.events.brief import brief
from retailsim.events.errors import DISK_FULL, RetailSimError
from retailsim.events.extras import extra_of
from retailsim.market.core.plugin_code import blamed
from retailsim.market.errors import RefusedCatalogue
from retailsim.sim.errors import MissingExtra


def root(error: BaseException) -> BaseException:
    """Return the error inside a group of one task group after another."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def no_name(error: BaseException) -> bool:
    """Whether the system was given a text that can name no file."""
    match error:
        case UnicodeEncodeError():
            return error.reason == "surrogates not allowed"
        case ValueError():
            # as Python 3.13 says it, too: "lstat: embedded null character in path"
            return "embedded null" in str(error)
        case _:
            return False


def line_and_status(error: BaseException) -> tuple[str, int]:
    """Return one line for a person, and the status to end with.

    Status 2: the input is wrong or damaged; 3: stopped early and resumable; 1: unexpected, which
    prints a traceback too, because it is a bug of ours.
    """
    error = root(error)
    line, status = _told(error)
    return brief(line), status


def folds(error: BaseException) -> bool:
    """Whether the line of an error is folded: one about a catalogue quotes a file's own words."""
    return isinstance(root(error), RefusedCatalogue)


_WIDTH = 80
_LINES = 3
_LONG_PATH = re.compile(r"(?<!\S)(?=\S{40})\S*/([^/\s]+)")


def folded_lines(line: str) -> list[str]:
    """Fold a line at 80 columns, in three lines at most.

    Of a longer one, first the folders of long paths are left out, then the middle: its beginning
    says what is wrong, its end what to do.
    """
    found = _folded(line)
    if len(found) > _LINES:
        line = _LONG_PATH.sub(r".../\1", line)
        found = _folded(line)
    if len(found) <= _LINES:
        return found
    end = " ".join(found[1:])[-(2 * _WIDTH - 30) :].partition(" ")[2]
    return [found[0], *_folded(f"... {end}")]


def _folded(line: str) -> list[str]:
    return wrap(line, _WIDTH, break_long_words=False, break_on_hyphens=False)


def _told(error: BaseException) -> tuple[str, int]:
    match error:
        case RetailSimError():
            return str(error), error.exit_status
        case OSError() if error.errno in DISK_FULL:
            return f"{_file(error)}: {error.strerror}; what is written is kept: free some space", 3
        case OSError() if error.filename is not None:
            return f"{_file(error)}: {error.strerror}", 2
        case _ if no_name(error):
            return "a file's name cannot hold the character NUL, nor half of a character", 2
        case ModuleNotFoundError() if (extra := extra_of(error)) is not None:
            return str(MissingExtra("this", str(error.name), extra)), MissingExtra.exit_status
        case _ if (code := blamed(error)) is not None:
            said = " ".join(str(error).split())
            return f"{code} raised {type(error).__name__}: {said}", 1
        case _:
            traceback.print_exception(error, file=sys.stderr)
            return f"unexpected {type(error).__name__}: {error}", 1


def _file(error: OSError) -> str:
    return str(error.filename or "the disk")
