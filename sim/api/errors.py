"""What a program that calls for a run may have to catch: the words of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from retailsim.events.errors import DISK_FULL, RetailSimError
from retailsim.sim.error_line import line_and_status, no_name, root
from retailsim.sim.errors import ModelsStopped, SimError


class FileTrouble(SimError):
    """A file could not be read or written, in the words of the command line."""

    def __init__(self, line: str, status: int) -> None:
        super().__init__(line)
        self.exit_status = status


class BadArgument(SimError):
    """An argument that no run, comparison or experiment can take."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name}: {problem}")


class NoSuchEpisode(SimError):
    """A run has no episode of this name."""

    def __init__(self, run: object, episode: str) -> None:
        super().__init__(f"{run}: no episode is called {episode!r}; episodes() lists them")


@contextmanager
def plain_errors() -> Iterator[None]:
    """Let out one error of ours where the block raises a group of them, or one of the system."""
    try:
        yield
    except Exception as error:
        cause = root(error)
        if no_name(cause):
            raise FileTrouble(*line_and_status(cause)) from error
        if isinstance(cause, OSError) and cause.filename is not None:
            raise FileTrouble(*line_and_status(cause)) from error
        if cause is error or not isinstance(cause, RetailSimError):
            raise
        raise cause from error


def stopped_early(error: BaseException) -> tuple[str, int] | None:
    """Return the line and the status of what stopped a run that can go on; None: it was not one."""
    cause = root(error)
    full = isinstance(cause, OSError) and cause.errno in DISK_FULL
    if not full and not isinstance(cause, RetailSimError):
        return None
    line, status = line_and_status(cause)
    return (line, status) if status == 3 or isinstance(cause, ModelsStopped) else None
