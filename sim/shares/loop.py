"""The loop that hands out shares: lost ones again, and what each may use from what is left."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from retailsim.sim.errors import WorkerFailed
from retailsim.sim.shares.errors import numbers
from retailsim.sim.shares.means import Means
from retailsim.sim.shares.outcome import Outcome, Task

MOST_ATTEMPTS = 10
"""At one share that were lost, by one loop: that is not the nodes' fault."""
_WAIT_S = 0.5


class Cluster(Protocol):
    """What plays shares; see `sim.shares.ray_cluster.RayCluster`."""

    @property
    def cores(self) -> int:
        """How many cores there are now."""
        ...

    @property
    def under_way(self) -> int:
        """How many shares were submitted and have not ended."""
        ...

    def submit(self, task: Task) -> None:
        """Have a share played."""
        ...

    def ended(self, wait_s: float) -> Mapping[Task, Outcome | None]:
        """Return what has ended; None: it was lost."""
        ...

    def stop(self, *, force: bool = False) -> None:
        """Have what is under way stop."""
        ...


class Loop:
    """Hands out shares and takes what comes of them.

    Parameters
    ----------
    run : str
        As workers name it.
    store : str or None
    missing : sequence of int
        Shares to be played.
    cluster : Cluster
    say : callable
        Told what a person should know.
    means : Means or None
        What each share gets; None: there is nothing to divide.

    Attributes
    ----------
    left : set of int
        Shares that are not played.
    ended : dict of int to int
        Episodes that have ended of shares that spent what they were given.
    starved : bool
        Whether nothing is under way, and no share that is left can be given what it needs.
    """

    def __init__(
        self,
        run: str,
        store: str | None,
        missing: Sequence[int],
        cluster: Cluster,
        say: Callable[[str], None],
        means: Means | None = None,
    ) -> None:
        self.left = set(missing)
        self.ended: dict[int, int] = {}
        self.starved = False
        self._run, self._store = run, store
        self._todo = deque(missing)
        self._cluster = cluster
        self._say = say
        self._means = means or Means()
        self._attempts: Counter[int] = Counter()
        self._lost: Counter[int] = Counter()
        self._stopping = False
        self._failure: WorkerFailed | None = None

    @property
    def going(self) -> bool:
        """Whether anything is to be waited for."""
        more = self._todo and not self._stopping and not self.starved
        return bool(self._cluster.under_way or more)

    def step(self, *, stopping: bool) -> list[int]:
        """Hand out what there are cores for, wait a moment, and return the shares that are done.

        Raises
        ------
        WorkerFailed
            If a share cannot be played; what else was under way has stopped by then, and said what
            it spent.
        """
        if stopping:
            self._stop()
        while not self._stopping and self._handed_out():
            pass
        done = self._taken(self._cluster.ended(_WAIT_S))
        if self._failure is not None and not self._cluster.under_way:
            raise self._failure
        return done

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            self._cluster.stop()

    def _handed_out(self) -> bool:
        """Have the first share played that can be given what it needs; False if none can now."""
        places = self._means.at_once(self._cluster.cores) - self._cluster.under_way
        if places <= 0 or not self._todo:
            return False
        for share in self._todo:
            given = self._means.given(share, len(self._todo), places)
            if given is not None:
                break
        else:
            self.starved = not self._cluster.under_way
            return False
        self._todo.remove(share)
        self._attempts[share] += 1
        task = Task(
            run=self._run,
            share=share,
            attempt=self._attempts[share],
            store=self._store,
            given=given,
        )
        self._means.begun(task)
        self._cluster.submit(task)
        return True

    def _taken(self, ended: Mapping[Task, Outcome | None]) -> list[int]:
        done, lost = [], []
        for task, outcome in ended.items():
            self._means.ended(task, outcome)
            if outcome is not None and outcome.needs_nanousd is not None:
                self.ended[task.share] = outcome.episodes
                self._todo.append(task.share)  # behind those that may leave something
            elif outcome is None or (outcome.status == 3 and outcome.error is None):
                lost.append(task.share)
            elif outcome.error is not None:
                problem = f"share {task.share}, on {outcome.node or 'a node'}: {outcome.error}"
                self._fail(problem, outcome.status)
            else:
                done.append(task.share)
        self.left -= set(done)
        if lost and not self._stopping:
            self._again(sorted(lost))
        return done

    def _again(self, lost: list[int]) -> None:
        self._todo.extendleft(reversed(lost))
        self._say(f"lost on the way, and played again: share {numbers(lost)}")
        for share in lost:
            self._lost[share] += 1
            if self._lost[share] >= MOST_ATTEMPTS:
                problem = f"share {share} was lost {MOST_ATTEMPTS} times; look at the nodes' memory"
                self._fail(problem, 3)

    def _fail(self, problem: str, status: int) -> None:
        self._failure = self._failure or WorkerFailed(problem, status)
        self._stop()
