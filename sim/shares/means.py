"""What the loop that hands out shares gives each of them: money, and a part of the rate limits."""

from __future__ import annotations

from collections.abc import Mapping

from retailsim.agents.llm.types import ModelConfig
from retailsim.sim.shares.commits import Commit
from retailsim.sim.shares.leases import Book, Given
from retailsim.sim.shares.outcome import Outcome, Task

_LEAST_PART = 0.5
"""Of an even part of all rates: who would get less waits until another share ends."""


class Means:
    """Divides a budget and rate limits among the shares that are under way.

    A share that is begun gets an even part of what is left, and at least what its first market may
    cost at worst. What it leaves is there for those that come, and for it again if it needed more.

    Parameters
    ----------
    models : mapping of str to ModelConfig
        Those that take part.
    book : Book or None
        The leases; None: there is no budget.
    least : int
        What any market may cost at worst before it has begun, in billionths of a dollar.
    """

    def __init__(
        self,
        models: Mapping[str, ModelConfig] | None = None,
        book: Book | None = None,
        least: int = 0,
    ) -> None:
        self.book = book
        self._models = models or {}
        self._least = least
        self._needs: dict[int, int] = {}
        self._parts: dict[Task, float] = {}

    def at_once(self, cores: int) -> int:
        """Return how many shares may be under way on so many cores."""
        if not self._models:
            return 2 * cores  # so that none waits for us; nodes that join get their part at once
        from retailsim.sim.budget.models import fitting_workers

        return fitting_workers(self._models, cores)  # one that waits would hold what others need

    def given(self, share: int, waiting: int, places: int) -> Given | None:
        """Return what a share gets that is begun now; None: it has to wait for others to end.

        Parameters
        ----------
        waiting : int
            How many shares are to be begun, with this one.
        places : int
            How many of them may be now.
        """
        if not self._models:
            return Given()
        even, need = min(waiting, places), self._needs.get(share, self._least)
        if self.book is not None:
            if self.book.free < max(1, need):
                return None
            even = min(even, max(1, self.book.free // max(1, need)))
        free = max(0.0, 1.0 - sum(self._parts.values()))
        if free / even < _LEAST_PART / (len(self._parts) + even):
            return None
        if self.book is None:
            return Given(part=free / even)
        nanousd = max(self.book.free // waiting, need)
        return Given(lease=self.book.grant(share, nanousd), nanousd=nanousd, part=free / even)

    def begun(self, task: Task) -> None:
        """Note that a share is under way."""
        if task.given.part is not None:
            self._parts[task] = task.given.part

    def ended(self, task: Task, outcome: Outcome | None) -> None:
        """Take back what an attempt did not need, if it said so; None: it was lost.

        Its rates are free either way: what a lost one still asks, the provider limits.
        """
        self._parts.pop(task, None)
        if outcome is None:
            return
        if outcome.needs_nanousd is not None:
            self._needs[task.share] = outcome.needs_nanousd
        number, spent = task.given.lease, outcome.spent_nanousd
        if self.book is not None and number is not None and spent is not None:
            self.book.settle(number, spent)

    def committed(self, commit: Commit) -> None:
        """Take back what the attempt did not need that played a share, lost or not."""
        lease, spent = commit.lease, commit.spent_nanousd
        if self.book is None or lease is None or spent is None:
            return
        if self.book.leases.holds(lease, commit.share):  # another's stays charged
            self.book.settle(lease, spent)
