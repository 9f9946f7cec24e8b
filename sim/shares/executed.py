"""``launch --executor ray``: plan, play every share, and put them together.

A thin loop over `shard` and `gather`: it holds nothing that is not in the run, so that it may die
at any time, and whoever comes next plays the shares that have no commit.
"""

from __future__ import annotations

import shlex
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Protocol

import msgspec

from retailsim.events.object_store import Objects
from retailsim.sim.budget.estimate import extent, show_plan
from retailsim.sim.errors import WorkerFailed
from retailsim.sim.execution.runner import Interrupts, RunControl
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.folder.share_plan import share_plan
from retailsim.sim.play.progress import Progress
from retailsim.sim.run.launch import make, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.trust import brought, check_trust
from retailsim.sim.shares.commits import Commits, FolderCommits, StoreCommits, read_commit
from retailsim.sim.shares.errors import numbers
from retailsim.sim.shares.fitness import plan_of
from retailsim.sim.shares.gather import gather
from retailsim.sim.shares.kept_in_store import put_run
from retailsim.sim.shares.outcome import Outcome, Task
from retailsim.sim.shares.planning import free_address
from retailsim.sim.shares.ray_cluster import ray_cluster
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal

A_CORE = 8
"""Shares for each core: a slow or lost one then costs little, and all are busy to the end."""
MOST_BY_ITSELF = 4096
MOST_ATTEMPTS = 10
"""At one share, by one loop: what is lost again and again is not the nodes' fault."""
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


def launch_on_ray(options: Options, terminal: Terminal, address: str | None) -> int:
    """Plan a run in shares and play it on Ray; returns the exit status.

    Parameters
    ----------
    address : str or None
        The cluster's; None: one of this machine.

    Raises
    ------
    MissingExtra, NoCluster
        If there is no Ray. What `launch`, `shard` and `gather` raise.
    """
    given = options.shares
    options = msgspec.structs.replace(options, shares=given or 1)
    prepared = prepare(options, terminal)
    if options.dry_run:
        return show_plan(prepared.design, options.budget, terminal, prepared.behavioral)
    objects = free_address(options.store, prepared.scenario) if options.store else None
    began = monotonic()
    with ray_cluster(address, options.workers) as cluster:
        terminal.say(f"Ray: {cluster.cores:,} cores, there after {monotonic() - began:.1f} s")
        cells = prepared.design.cells
        fit = given or max(1, min(cells, A_CORE * cluster.cores, MOST_BY_ITSELF))
        prepared = replace(prepared, plan=share_plan(fit, cells))
        run = make(prepared)
        if objects is not None:
            put_run(objects, run)
        told = f"{extent(prepared.design)}, in {fit:,} shares"
        terminal.say(f"{prepared.scenario.run.name}: {told}")
        terminal.say(f"in {run.path}")
        return _to_the_end(run, options.store, cluster, terminal)


def resume_on_ray(
    path: Path, terminal: Terminal, *, store: str | None, address: str | None, trust: bool
) -> int:
    """Play the shares of a run that have no commit on Ray; returns the exit status.

    Raises
    ------
    NotPlanned, Untrusted
        If it is no run in shares, or a stranger's.
    """
    run = RunFolder(path)
    file = run.read()
    plan_of(path, file)
    check_trust(run, file, brought(run, file), trust=trust, what="resumed")
    with ray_cluster(address) as cluster:
        return _to_the_end(run, store, cluster, terminal)


def _to_the_end(run: RunFolder, store: str | None, cluster: Cluster, terminal: Terminal) -> int:
    if not _played(run, run.read(), store, cluster, terminal):
        again = f"{program_name()} resume {shlex.quote(str(run.path))} --executor ray"
        again += f" --store {shlex.quote(store)}" if store else ""
        terminal.say(f"stopped; everything so far is kept; continue with: {again}")
        return 3
    return gather(str(run.path), terminal, store=store)


def _played(
    run: RunFolder, file: RunFile, store: str | None, cluster: Cluster, terminal: Terminal
) -> bool:
    """Play all shares that have no commit; returns whether none is left."""
    shares = plan_of(run.path, file).shares
    commits: Commits = StoreCommits(Objects(store)) if store else FolderCommits(run)
    ends = _Ends(run, commits, file.episodes or 0, shares)
    control = RunControl()
    with (
        Interrupts(control, terminal.say) as interrupts,
        terminal.progress(ends.total, ends.progress.episodes) as on_progress,
    ):
        loop = Loop(str(run.path), store, ends.missing, cluster, terminal.say)
        while loop.going:
            for share in loop.step(stopping=control.stop.requested):
                ends.count(share)
                on_progress(ends.progress)
            if interrupts.count > 1:
                cluster.stop(force=True)
                return False
    return not loop.left


class _Ends:
    """How far a run is, by the commits of its shares."""

    def __init__(self, run: RunFolder, commits: Commits, total: int, shares: int) -> None:
        self.total = total
        self.progress = Progress()
        self._run, self._commits = run, commits
        self.missing = [share for share in range(shares) if not self.count(share)]

    def count(self, share: int) -> bool:
        """Count a share's episodes, if it is committed."""
        commit = read_commit(self._commits, share, self._run.path)
        self.progress.episodes += commit.episodes if commit is not None else 0
        return commit is not None


class Loop:
    """Hands out shares and takes what comes of them.

    Parameters
    ----------
    run : str
    store : str or None
    missing : sequence of int
        Shares to be played.
    cluster : Cluster
    say : callable
        Told what a person should know.
    """

    def __init__(
        self,
        run: str,
        store: str | None,
        missing: list[int],
        cluster: Cluster,
        say: Callable[[str], None],
    ) -> None:
        self.left = set(missing)
        self._run, self._store = run, store
        self._todo = deque(missing)
        self._cluster = cluster
        self._say = say
        self._attempts: Counter[int] = Counter()
        self._stopping = False

    @property
    def going(self) -> bool:
        """Whether anything is to be waited for."""
        return bool(self._cluster.under_way or (self._todo and not self._stopping))

    def step(self, *, stopping: bool) -> list[int]:
        """Hand out what there are cores for, wait a moment, and return the shares that are done.

        Raises
        ------
        WorkerFailed
            If a share cannot be played; what else is under way is stopped.
        """
        if stopping and not self._stopping:
            self._stopping = True
            self._cluster.stop()
        # Twice the cores, so that none waits for us; nodes that join get their part at once.
        while not stopping and self._todo and self._cluster.under_way < 2 * self._cluster.cores:
            share = self._todo.popleft()
            self._attempts[share] += 1
            attempt = self._attempts[share]
            self._cluster.submit(
                Task(run=self._run, share=share, attempt=attempt, store=self._store)
            )
        return self._taken(self._cluster.ended(_WAIT_S))

    def _taken(self, ended: Mapping[Task, Outcome | None]) -> list[int]:
        done, lost = [], []
        for task, outcome in ended.items():
            if outcome is None or (outcome.status == 3 and outcome.error is None):
                lost.append(task.share)
            elif outcome.error is not None:
                self._cluster.stop()
                problem = f"share {task.share}, on {outcome.node or 'a node'}: {outcome.error}"
                raise WorkerFailed(problem, outcome.status)
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
            if self._attempts[share] >= MOST_ATTEMPTS:
                self._cluster.stop()
                problem = f"share {share} was lost {MOST_ATTEMPTS} times; look at the nodes' memory"
                raise WorkerFailed(problem, 3)
