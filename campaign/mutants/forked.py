"""pytest in a forked process that has imported what others wrote, so that a trial is cheap.

Nothing of the repository may be imported before the fork but this package, which is forgotten after
it: the child imports the tree's modules, with the mutant among them.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from campaign.mutants.session import ended

IMPORTED: tuple[str, ...] = (
    *("aiohttp.web", "altair", "anyio", "bm25s", "charset_normalizer", "click", "hypothesis"),
    *("jinja2", "markdown_it", "msgspec", "numpy", "polars", "pytest", "python_calamine"),
    *("rich.console", "scipy.optimize", "scipy.stats", "sklearn.cluster", "statsmodels.api"),
    *("structlog", "tenacity", "tomli_w"),
)
"""What most tests need; what is missing here is imported by each child anew."""

OURS = (
    "agents",
    "analysis",
    "campaign",
    "events",
    "launcher",
    "market",
    "retailsim",
    "sim",
    "tests",
)
MOST_DATA, MOST_FILE = 8 << 30, 1 << 30
"""Bytes that a child may allocate, and that a file of it may have."""

WORDS = (
    *("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--no-header"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),  # its plugins were imported before
)


def warm() -> None:
    """Import what the children need of others."""
    for module in IMPORTED:
        import_module(module)


def tests(
    place: Path, words: Sequence[str], plugin: object, said: Path, seconds: float
) -> int | None:
    """Run pytest in a tree.

    Parameters
    ----------
    place : Path
        The tree.
    words : sequence of str
        The words of the command line beside `WORDS`.
    plugin : object
        A plugin for the session.
    said : Path
        A file for what it prints.
    seconds : float
        When it is ended, with all that it has started.

    Returns
    -------
    int or None
        The status of pytest, negative: the signal that ended it; None: it was out of time.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    said.unlink(missing_ok=True)
    pid = os.fork()
    if pid == 0:
        _become(place, [*WORDS, f"--basetemp={said.with_suffix('.tmp')}", *words], plugin, said)
    end = time.monotonic() + seconds
    try:
        return ended(pid, end)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)  # also what a child has left behind


def _become(place: Path, words: list[str], plugin: Any, said: Path) -> NoReturn:
    status = 70
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDONLY)
        out = os.open(said, os.O_WRONLY | os.O_CREAT, 0o644)
        for fd, ours in ((nothing, 0), (out, 1), (out, 2)):
            os.dup2(fd, ours)
        for limit, most in ((resource.RLIMIT_DATA, MOST_DATA), (resource.RLIMIT_FSIZE, MOST_FILE)):
            hard = resource.getrlimit(limit)[1]
            resource.setrlimit(limit, (most, hard))
        os.chdir(place)
        os.environ.update(CI="true", PYTHONPATH=str(place))
        sys.path[0] = str(place)
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        import pytest

        status = int(pytest.main(words, plugins=[plugin]))
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 70
    except BaseException:  # noqa: BLE001 - whoever forked it sees the status, and what it said
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
