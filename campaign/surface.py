"""A surface: one way by which something comes in from outside, as the campaign feeds it."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from campaign.mutation import mutated
from retailsim.events.errors import RetailSimError

MOST_LINE = 5_000
"""Characters of a line that refuses an input."""


class WrongInSilence(AssertionError):
    """An input was taken, and what was made of it is not what it says."""


class BadLine(AssertionError):
    """An input was refused in more than a line, or in a line that echoes it whole."""


@dataclass(frozen=True)
class Surface:
    """One surface.

    Parameters
    ----------
    name : str
    seeds : callable
        Returns inputs to begin with, good ones.
    feed : callable
        Takes an input and returns what became of it, in a word. It raises one of `refusals` for
        one that is refused in one line, `WrongInSilence` for a number that is not the input's,
        anything else for a fault.
    code : sequence of str
        Files and folders, relative to the root, whose branches are counted.
    bug : callable
        Plants a fault in the code while its block runs, to see that it is found.
    refusals : sequence of types
        Exceptions that say in one line why an input is refused.
    tree : bool
        Whether inputs are JSON, or lines of it, so that values can be changed in their places.
    mutate : callable or None
        Instead of the mutations that all share.
    """

    name: str
    seeds: Callable[[], Sequence[bytes]]
    feed: Callable[[bytes], str]
    code: Sequence[str]
    bug: Callable[[], AbstractContextManager[object]]
    refusals: tuple[type[Exception], ...] = (RetailSimError,)
    tree: bool = True
    mutate: Callable[[Random, bytes, Sequence[bytes]], bytes] | None = None

    def next(self, random: Random, pool: Sequence[bytes]) -> bytes:
        """Return another input, made of one of the pool."""
        data = random.choice(pool)
        if self.mutate is not None:
            return self.mutate(random, data, pool)
        return mutated(random, data, pool, self.tree)


@cache
def scratch() -> Path:
    """A folder of this process for the inputs that are files, in memory where that is possible."""
    memory = Path("/dev/shm")
    place = Path(tempfile.mkdtemp(prefix="campaign-", dir=memory if memory.is_dir() else None))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


def as_file(name: str, data: bytes) -> Path:
    """Write an input to a file of this name."""
    path = scratch() / name
    path.write_bytes(data)
    return path


def same(what: str, found: object, said: object) -> None:
    """Raise `WrongInSilence` where a value is not the one that the input says."""
    if found != said:
        raise WrongInSilence(f"{what}: {found!r:.80} where the input says {said!r:.80}")


def within(what: str, found: float | None, low: float, high: float) -> None:
    """Raise `WrongInSilence` where a number is none, or out of its bounds."""
    if found is not None and not low <= found <= high:
        raise WrongInSilence(f"{what}: {found!r} is not from {low} to {high}")
