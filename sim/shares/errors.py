"""What can be wrong with a run that is played in shares: one class a fault, one line a message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from retailsim.sim.errors import ModelsStopped, SimError
from retailsim.sim.terminal.program_name import program_name

_TOLD = 6
"""Stretches of numbers that a line names."""


class NotPlanned(SimError):
    """A run was not planned in shares."""

    def __init__(self, run: object) -> None:
        super().__init__(
            f"{run} is not planned in shares: plan a run by "
            f"`{program_name()} launch SCENARIO --shares N --out DIR`"
        )


class NoSuchShare(SimError):
    """A run has no share of this number."""

    def __init__(self, run: object, share: int, shares: int) -> None:
        super().__init__(f"--share {share}: {run} has {shares:,} shares, 0 to {shares - 1}")


class UnfitWorker(SimError):
    """This machine, or what is installed on it, would not play a share as it was planned."""

    def __init__(self, run: object, problem: str, advice: str) -> None:
        super().__init__(f"{run} is not played here: {problem}; {advice}")


class SharesMissing(SimError):
    """Shares were not played to their end yet."""

    exit_status = 3

    def __init__(self, run: object, missing: Sequence[int], shares: int) -> None:
        count, named = len(missing), numbers(missing)
        are = "is" if count == 1 else "are"
        super().__init__(
            f"{run}: {count:,} of {shares:,} shares {are} missing ({named}); "
            f"play them: `{program_name()} shard {run} --share {missing[0]}`"
        )


class ShareDamaged(SimError):
    """What a share wrote is not what it said when it was done."""

    def __init__(self, share: int, commit: str, problem: str, run: object) -> None:
        super().__init__(
            f"share {share}: {problem}. Remove {commit} and play it again: "
            f"`{program_name()} shard {run} --share {share}`"
        )


class ShareSpent(SimError):
    """A share has spent what it was given; everything so far is kept.

    Parameters
    ----------
    stopped : ModelsStopped
        What its models were told.
    episodes : int
        Episodes of the share that have ended.
    advice : str
        What to do.
    """

    exit_status = 3

    def __init__(self, share: int, stopped: ModelsStopped, episodes: int, advice: str) -> None:
        super().__init__(f"share {share}: {stopped}; {advice}")
        self.spent_nanousd = stopped.spent_nanousd
        self.needs_nanousd = stopped.needs_nanousd
        self.episodes = episodes


class BudgetGone(SimError):
    """Nothing is under way, and what is left of the budget covers no share that is left."""

    exit_status = 3


class LeasesKept(SimError):
    """A run's budget is divided by a loop; who plays a share by hand would pass it."""

    def __init__(self, run: object) -> None:
        super().__init__(
            f"{run}: its budget is divided by `--executor ray`, so a share is not played alone: "
            f"`{program_name()} resume {run} --executor ray`"
        )


class BookDamaged(SimError):
    """What attempts were given cannot be read."""

    def __init__(self, run: object, book: str, problem: str) -> None:
        super().__init__(
            f"{run}: shares/{book} cannot be read ({problem}); without it nobody knows what "
            "attempts may have spent: restore it"
        )


class BookTaken(SimError):
    """Another loop divides the budget since, and knows of all that this one gave until then."""

    exit_status = 3

    def __init__(self, book: str) -> None:
        super().__init__(
            f"shares/{book} was changed by somebody else: another `--executor ray` plays this run, "
            "so this one ends; leave it to that one"
        )


class NoCluster(SimError):
    """There is no Ray cluster to play on."""

    def __init__(self, address: str | None, problem: str) -> None:
        where = "Ray could not be started here" if address is None else f"--address {address}"
        super().__init__(f"{where}: {problem}")


class NoRunThere(SimError):
    """There is no run under an address in a store."""

    def __init__(self, address: str) -> None:
        super().__init__(f"{address}: there is no run in the store: it holds no run.toml there")


class NotPut(SimError):
    """A run cannot be put into a store."""

    def __init__(self, address: str, problem: str) -> None:
        super().__init__(f"--store {address}: {problem}")


class NoLinks(SimError):
    """A file system cannot make a name only if nobody else did."""

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(
            f"{place}: {reason}: shares need a file system with hard links, "
            "for the first attempt to be told from the others; put the run on another one"
        )


def numbers(found: Iterable[int]) -> str:
    """Return ascending numbers as people write them: ``3, 7 and 9-12``."""
    runs = [
        [number for _, number in group]
        for _, group in groupby(enumerate(found), key=lambda pair: pair[1] - pair[0])
    ]
    told = [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    if len(told) > _TOLD:
        return f"{', '.join(told[:_TOLD])} and more"
    return " and ".join(filter(None, (", ".join(told[:-1]), told[-1])))
