"""One share played for an executor: what came of it as a value, and words for nobody."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec

from retailsim.sim.error_line import line_and_status
from retailsim.sim.errors import ModelsStopped
from retailsim.sim.play.progress import Progress
from retailsim.sim.shares.errors import ShareSpent
from retailsim.sim.shares.leases import Given
from retailsim.sim.shares.shard import play_share
from retailsim.sim.terminal.terminal import Quiet


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """A share to be played; see `sim.shares.shard`."""

    run: str
    share: int
    attempt: int
    store: str | None = None
    given: Given = Given()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a share.

    Parameters
    ----------
    status : int
        As `shard` ends: 0 where it is committed, 3 where it was stopped.
    error : str or None
        Why it could not be played.
    node : str
        The machine's name.
    spent_nanousd : int or None
        What it paid for models, in billionths of a dollar, where that is known.
    needs_nanousd : int or None
        Of one that spent what it was given: what it has to be given at least to go on.
    episodes : int
        Episodes of the share that have ended, where it was stopped.
    """

    status: int
    error: str | None = None
    node: str = ""
    spent_nanousd: int | None = None
    needs_nanousd: int | None = None
    episodes: int = 0


class _Silent(Quiet):
    """Says nothing: a node's words would be one of thousands."""

    def say(self, text: str) -> None:
        """Leave it out."""

    @contextmanager
    def progress(self, total: int, done: int = 0) -> Iterator[Callable[[Progress], None]]:
        """Show nothing."""
        yield lambda progress: None


def play_task(task: Task) -> Outcome:
    """Play a share; whatever a user can cause is part of what comes of it.

    Whoever hands out shares has looked at the run's code, so it is trusted.
    """
    node = platform.node()
    try:
        done = play_share(
            task.run,
            _Silent(),
            share=task.share,
            attempt=task.attempt,
            store=task.store,
            trust=True,
            given=task.given,
        )
    except ShareSpent as error:
        return Outcome(
            status=3,
            node=node,
            spent_nanousd=error.spent_nanousd,
            needs_nanousd=error.needs_nanousd,
            episodes=error.episodes,
        )
    except Exception as error:  # noqa: BLE001 - who handed it out tells the person
        line, status = line_and_status(error)
        spent = error.spent_nanousd if isinstance(error, ModelsStopped) else None
        return Outcome(status=status or 1, error=line, node=node, spent_nanousd=spent)
    return Outcome(
        status=done.status, node=node, spent_nanousd=done.spent_nanousd, episodes=done.episodes
    )
