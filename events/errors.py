"""Errors of this package that a user can cause or must act on; each message is one line."""

from __future__ import annotations

import errno as errno_codes
from pathlib import Path

from retailsim.events.brief import brief
from retailsim.events.extras import how_to_install

DISK_FULL = frozenset({errno_codes.ENOSPC, errno_codes.EDQUOT, errno_codes.EFBIG})
"""What the system says when the disk, or the user's share of it, takes no more."""


class RetailSimError(Exception):
    """Root of every error that a user can cause: one line, and the status to end with.

    Attributes
    ----------
    exit_status : int
        2: the input is wrong or damaged; 3: stopped early and resumable.
    """

    exit_status: int = 2

    def __str__(self) -> str:
        """Return the line, without the middle of overlong values that somebody gave."""
        return brief(super().__str__())


class RetailSimWarning(UserWarning):
    """Root of what a user should know of work that goes on: one line each."""


class EventsError(RetailSimError):
    """Base of everything this package raises for its users."""


class UnknownRecipient(EventsError):
    """A message was sent to somebody who is not in the market."""

    def __init__(self, market: str, recipient: str) -> None:
        super().__init__(
            f"market {market}: no agent is called {recipient!r}. "
            "Add it to the market, or correct the name in the message."
        )


class AwaitedInline(EventsError):
    """An agent that declares ``waits = False`` waited for something outside."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"{source}: the agent waited for something outside. "
            "Declare `waits = True` on its class."
        )


class WaitsInDryRun(EventsError):
    """A market with an agent that waits was to be run without an event loop."""

    def __init__(self, market: str, name: str) -> None:
        super().__init__(
            f"market {market}: {name} waits for something outside, and nobody here can: "
            "await `run`, or seat an agent with `waits = False`."
        )


class NobodyAsked(EventsError):
    """An answer was given, and no agent stands at a question."""

    def __init__(self, market: str) -> None:
        super().__init__(
            f"market {market}: nobody asked. Call `run_dry`, and answer what it returns, once."
        )


class CancelledWithin(EventsError):
    """An agent's handler was cancelled, though nobody cancelled the run."""

    def __init__(self, source: str) -> None:
        super().__init__(
            f"{source}: the agent cancelled itself. "
            "Catch the cancellation of what it started, and answer or raise."
        )


class NotMessages(EventsError):
    """An agent's handler returned something other than a list or tuple of messages."""

    def __init__(self, source: str, returned: object) -> None:
        what = type(returned).__name__
        if isinstance(returned, tuple | list):
            what = f"{what} of {', '.join(sorted({type(out).__name__ for out in returned}))}"
        super().__init__(
            f"{source}: the agent returned {what}. Return a list of messages, even for one or none."
        )


class PostedIntoPast(EventsError):
    """A message was posted with a negative delay: market time cannot run backwards."""

    def __init__(self, source: str, now: int, due: int) -> None:
        super().__init__(
            f"{source}: posted a message for t = {due} at t = {now}. Use a delay of 0 or more."
        )


class PostedOutOfTurn(EventsError):
    """An eager agent was asked for two things of one episode, the later one first."""

    def __init__(self, name: str, episode: str | None, before: int, due: int) -> None:
        super().__init__(
            f"{name}: asked for t = {before} in episode {episode}, and then for t = {due}. An"
            " agent that is asked before its request is due takes those of an episode in the"
            " order in which they fall due; post them so, or declare `eager = False` on its class."
        )


class LogDamaged(EventsError):
    """The log does not hold what was written.

    Parameters
    ----------
    path : Path
        The segment, seal or folder concerned.
    offset : int
        Byte (of the uncompressed text) where the damaged part begins.
    what : str
        What is wrong there.
    """

    def __init__(self, path: Path, offset: int, what: str) -> None:
        self.path = path
        self.offset = offset
        self.what = what
        super().__init__(
            f"{path}, byte {offset}: the log is damaged: {what}. "
            "Restore this file from a copy, or run the scenario again."
        )


class StoreFailed(EventsError):
    """A store does not do what it is asked.

    Parameters
    ----------
    status : int
        What the program ends with: 2 where it refuses, 3 where it may do it later.
    """

    def __init__(self, address: str, problem: str, status: int) -> None:
        super().__init__(f"{address}: the store says: {problem}")
        self.address, self.problem = address, problem
        self.exit_status = status


class LogWriteError(EventsError):
    """The log cannot be written any more; what was written before is intact.

    Parameters
    ----------
    path : Path
        The segment that was being written.
    reason : str
        What the system said.
    errno : int or None
        The system's error number, where there is one (``errno.ENOSPC``: disk full).
    """

    exit_status = 3

    def __init__(self, path: Path, reason: str, errno: int | None = None) -> None:
        self.path = path
        self.reason = reason
        self.errno = errno
        if self.disk_full:
            reason, remedy = f"disk full ({reason})", "Free some space, then resume the run."
        else:
            remedy = "Check the disk, then resume the run."
        super().__init__(f"{path}: the log cannot be written: {reason}. {remedy}")

    @property
    def disk_full(self) -> bool:
        """Whether space ran out, of the disk or of the user's share of it."""
        return self.errno in DISK_FULL


class LogOfAnotherRun(EventsError):
    """A writer was pointed at the log of a run that is not its own."""

    def __init__(self, path: Path, found: str, expected: str) -> None:
        self.path = path
        self.found = found
        self.expected = expected
        super().__init__(
            f"{path}: holds events of run {found!r}, not of {expected!r}. "
            "Give this run a folder of its own."
        )


class ZstdMissing(EventsError):
    """Compressed segments need a package that is not installed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path}: compressed segments need the package zstandard; install it: "
            f"{how_to_install('zstd')} (or set log.compress = false for new runs)"
        )


class RunInUse(EventsError):
    """Another process is writing this run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            f"{path}: another process is writing this run. Wait for it to end, or stop it."
        )


class UnusableOutput(EventsError):
    """An agent's answer could not be read: a visible outcome that keeps what was said."""

    def __init__(self, reason: str, raw: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw


class OutsideFailed(EventsError):
    """The outside world gave an error instead of an answer; it is recorded as such."""

    def __init__(self, source: str, key: str, error: str) -> None:
        super().__init__(f"{source} asked outside for {key!r}: {error}")
        self.error = error


class LeftToResume(Exception):
    """Raised by a call to the outside that has no answer yet: nothing is recorded of it.

    Whoever raises it has to stop the run, so that a resume makes the call again.
    """


class OutsideDiverged(EventsError):
    """A re-execution asked the outside world something other than what is recorded."""

    def __init__(self, source: str, call: int, recorded: str, asked: str) -> None:
        super().__init__(
            f"{source}, call {call}: the log has {recorded!r}, but {asked!r} was asked; "
            "the agent is not a deterministic function of its messages"
        )


class OutsideMissing(EventsError):
    """A re-execution that must not go outside asked for something that is not recorded."""

    def __init__(self, source: str, key: str) -> None:
        super().__init__(f"{source} asks outside for {key!r}, which the log does not hold")
