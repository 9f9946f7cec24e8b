"""``launch --executor ray``: plan, play every share, and put them together.

A thin loop over `shard` and `gather`: it holds nothing that is not in the run, so that it may die
at any time, and whoever comes next plays the shares that have no commit.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from time import monotonic

import msgspec

from retailsim.events.object_store import Objects
from retailsim.sim.budget.estimate import extent, show_plan
from retailsim.sim.execution.runner import Interrupts, RunControl
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.folder.share_plan import share_plan
from retailsim.sim.play.progress import Progress
from retailsim.sim.run.launch import make, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.run.trust import brought, check_trust
from retailsim.sim.seats.cast import used_models
from retailsim.sim.shares.commits import Commit, Commits, FolderCommits, StoreCommits, read_commit
from retailsim.sim.shares.divided import budget_gone, means_of
from retailsim.sim.shares.fitness import plan_of
from retailsim.sim.shares.gather import gather
from retailsim.sim.shares.kept_in_store import put_run
from retailsim.sim.shares.loop import Cluster, Loop
from retailsim.sim.shares.planning import free_address
from retailsim.sim.shares.ray_cluster import ray_cluster
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal

A_CORE = 8
"""Shares for each core: a slow or lost one then costs little, and all are busy to the end."""
MOST_BY_ITSELF = 4096


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
    objects = free_address(options.store) if options.store else None
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
    path: Path,
    terminal: Terminal,
    *,
    store: str | None,
    address: str | None,
    trust: bool,
    budget: float | None = None,
) -> int:
    """Play the shares of a run that have no commit on Ray; returns the exit status.

    Parameters
    ----------
    budget : float or None
        Dollars that all of the run may cost from now on; None: as before.

    Raises
    ------
    NotPlanned, Untrusted
        If it is no run in shares, or a stranger's.
    """
    run = RunFolder(path)
    file = run.read()
    plan_of(path, file)
    check_trust(run, file, brought(run, file), trust=trust, what="resumed")
    if models := used_models(file.scenario):
        from retailsim.sim.budget.models import check_models

        check_models(models, file.budget if budget is None else budget)
        if budget is not None:
            file = msgspec.structs.replace(file, budget=budget)
            run.write(file)
            if store is not None:
                Objects(store).put("run.toml", run.path / "run.toml")
    elif budget is not None:
        terminal.say("--budget: no language model takes part, so nothing is spent")
    with ray_cluster(address) as cluster:
        return _to_the_end(run, store, cluster, terminal)


def _to_the_end(run: RunFolder, store: str | None, cluster: Cluster, terminal: Terminal) -> int:
    again = f"{program_name()} resume {shlex.quote(str(run.path))} --executor ray"
    again += f" --store {shlex.quote(store)}" if store else ""
    if not _played(run, run.read(), store, cluster, terminal, again):
        terminal.say(f"stopped; everything so far is kept; continue with: {again}")
        return 3
    return gather(str(run.path), terminal, store=store)


def _played(
    run: RunFolder,
    file: RunFile,
    store: str | None,
    cluster: Cluster,
    terminal: Terminal,
    again: str,
) -> bool:
    """Play all shares that have no commit; returns whether none is left.

    Raises
    ------
    BudgetGone
        If the rest needs a larger budget.
    """
    objects = Objects(store) if store else None
    commits: Commits = StoreCommits(objects) if objects else FolderCommits(run)
    ends = _Ends(run, file, commits)
    means = means_of(run, file, ends.commits, objects)
    control = RunControl()
    with (
        Interrupts(control, terminal.say) as interrupts,
        terminal.progress(ends.total, ends.progress.episodes) as on_progress,
    ):
        # Nodes that share no folder have the run from the store, too.
        loop = Loop(store or str(run.path), store, ends.missing, cluster, terminal.say, means)
        while loop.going:
            for share in loop.step(stopping=control.stop.requested):
                if (commit := ends.count(share)) is not None:
                    means.committed(commit)
                on_progress(ends.progress)
            if interrupts.count > 1:
                cluster.stop(force=True)
                return False
    if loop.starved:
        assert means.book is not None
        ended = ends.progress.episodes + sum(loop.ended[one] for one in loop.left & {*loop.ended})
        raise budget_gone(run, file, means.book, ended, ends.total, again)
    return not loop.left


class _Ends:
    """How far a run is, by the commits of its shares."""

    def __init__(self, run: RunFolder, file: RunFile, commits: Commits) -> None:
        self.total = file.episodes or 0
        self.progress = Progress()
        self._run, self._where = run, commits
        shares = plan_of(run.path, file).shares
        found = [self.count(share) for share in range(shares)]
        self.commits = [one for one in found if one is not None]
        self.missing = [share for share, one in enumerate(found) if one is None]

    def count(self, share: int) -> Commit | None:
        """Return a share's commit and count its episodes, if it is committed."""
        commit = read_commit(self._where, share, self._run.path)
        self.progress.episodes += commit.episodes if commit is not None else 0
        return commit
