"""``shard``: play one share of a planned run, and commit it if nobody else did."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import anyio
import msgspec

from retailsim.events.errors import RetailSimError
from retailsim.events.log.seal import read_seal, write_seal
from retailsim.events.log.segment import Segment, segments
from retailsim.events.object_store import Objects, is_address
from retailsim.sim.budget.spent import spent_nanodollars
from retailsim.sim.execution.job import Job, run_design
from retailsim.sim.execution.kept_segments import keep
from retailsim.sim.execution.runner import Interrupts, RunControl, play_alone
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.seats.cast import used_models
from retailsim.sim.shares.attempts import new_attempt, surveyed
from retailsim.sim.shares.commits import (
    Commit,
    Commits,
    FolderCommits,
    StoreCommits,
    put_commit,
    read_commit,
    share_folder,
)
from retailsim.sim.shares.errors import NoSuchShare
from retailsim.sim.shares.fitness import check_worker, plan_of
from retailsim.sim.shares.kept_in_store import Keeper, fetch_furthest, fetch_run
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.terminal import Terminal

_WORTH_BYTES = 1 << 20
"""What a shorter segment says is read as quickly from itself."""


class Outlet(Protocol):
    """Where what an attempt wrote has to be before it counts."""

    def put_all(self) -> None:
        """Put everything there."""
        ...

    def remove(self) -> None:
        """Leave nothing."""
        ...


class Bench(msgspec.Struct, frozen=True, kw_only=True):
    """What a share is played with.

    Parameters
    ----------
    run : RunFolder
        The run as this node has it.
    named : str
        The run as the person named it.
    commits : Commits
    objects : Objects or None
        The store that attempts are kept in, if it is one.
    """

    run: RunFolder
    named: str
    commits: Commits
    objects: Objects | None = None

    @contextmanager
    def keeping(self, home: RunFolder, share: int) -> Iterator[Outlet]:
        """Put what is written in the block where it has to be."""
        if self.objects is None:
            yield _Here(home)
            return
        with Keeper(self.objects, self.run, home, share) as keeper:
            yield keeper


class _Here:
    """An attempt in the run's folder is where it has to be."""

    def __init__(self, home: RunFolder) -> None:
        self._home = home

    def put_all(self) -> None:
        """Nothing is to be done."""

    def remove(self) -> None:
        """Remove its folder."""
        shutil.rmtree(self._home.path, ignore_errors=True)


def shard(
    run: str,
    terminal: Terminal,
    *,
    share: int,
    attempt: int = 1,
    store: str | None = None,
    verbose: bool = False,
    trust: bool = False,
) -> int:
    """Play a share to its end, unless that was done; returns the exit status.

    Parameters
    ----------
    run : str
        The run's folder, or its address in a store.
    attempt : int
        How often it was tried, with this time: part of the name of what is written.
    store : str or None
        Address of the run in a store, where what is written goes; None: that of `run`.
    trust : bool
        As `check_worker` has it.

    Raises
    ------
    NotPlanned, NoSuchShare, UnfitWorker
        If it cannot be played, or not here. What `play` raises, unless somebody else committed.
    """
    with _bench(run, store) as bench:
        file = bench.run.read()
        shares = plan_of(run, file).shares
        if not 0 <= share < shares:
            raise NoSuchShare(run, share, shares)
        if (done := read_commit(bench.commits, share, run)) is not None:
            return _told(terminal, done, "nothing to do, it was played by")
        check_worker(bench.run, run, file, trust=trust)
        bench.run.check_places(share_folder(bench.run, share))
        if bench.objects is not None:
            fetch_furthest(bench.objects, bench.run, share)
        home = new_attempt(bench.run, share, attempt, terminal)
        with bench.keeping(home, share) as outlet:
            return _attempted(bench, file, share, home, outlet, terminal, verbose=verbose)


@contextmanager
def _bench(run: str, store: str | None) -> Iterator[Bench]:
    """Have the run at hand: where it is, or fetched to a folder of this node."""
    address = store or (run if is_address(run) else None)
    if address is None:
        folder = RunFolder(Path(run))
        yield Bench(run=folder, named=run, commits=FolderCommits(folder))
        return
    objects = Objects(address)
    with TemporaryDirectory(prefix="retailsim-share-") as place:
        if is_address(run):
            here = fetch_run(objects, Path(place))
        else:
            here = RunFolder(Path(shutil.copytree(run, place, dirs_exist_ok=True, ignore=_parts)))
        commits = StoreCommits(objects)
        yield Bench(run=here, named=run, commits=commits, objects=objects)


_parts = shutil.ignore_patterns("events", "shares", "derived", "telemetry")


def _attempted(
    bench: Bench,
    file: RunFile,
    share: int,
    home: RunFolder,
    outlet: Outlet,
    terminal: Terminal,
    *,
    verbose: bool,
) -> int:
    """Play an attempt and commit it; returns the exit status."""
    try:
        ended = _played(bench.run, file, share, home, terminal, verbose=verbose)
        outlet.put_all()
    except (RetailSimError, OSError):
        # A gather removes the folders of attempts that came too late, under their hands.
        if (done := read_commit(bench.commits, share, bench.named)) is None:
            raise
        return _too_late(outlet, terminal, done)
    if ended is None:
        terminal.say(f"share {share}: stopped; the next attempt goes on from here")
        return 3
    there = put_commit(bench.commits, _commit(file, share, home, ended), bench.named)
    if there.attempt != home.path.name:
        return _too_late(outlet, terminal, there)
    return _told(terminal, there, "played by")


def _played(
    run: RunFolder, file: RunFile, share: int, home: RunFolder, audience: Audience, *, verbose: bool
) -> int | None:
    """Play what is missing of a share; returns its episodes, or None if it was stopped."""
    plan = plan_of(run.path, file)
    cells, found = plan.stretch(share), surveyed(home, share)
    total, done, skip = 0, 0, []
    for number, spec in enumerate(run_design(run, file).stretch(*cells)):
        total += len(spec.episodes)
        if spec.id in found.closed:
            skip.append(number)
            done += len(spec.episodes)
    job = Job(
        run=str(run.path),
        share=share,
        of=plan.shares,
        cells=cells,
        home=str(home.path),
        skip=tuple(skip),
        begun=found.begun,
        budget=file.budget,
        spent_nanousd=spent_before(file, home),
        verbose=verbose,
    )
    if _play(job, audience, total, done).stopped:
        return None
    write_seal(home.events)
    for segment in segments(home.events):
        _keep(run, segment, home)
    return total


def spent_before(file: RunFile, home: RunFolder) -> int:
    """Return what the attempts that one goes on from have spent, in billionths of a dollar."""
    if file.budget is None or not segments(home.events):
        return 0
    return spent_nanodollars(home, used_models(file.scenario))


def _play(job: Job, audience: Audience, total: int, done: int) -> Progress:
    control = RunControl()
    with Interrupts(control, audience.say), audience.progress(total, done) as on_progress:
        return anyio.run(partial(play_alone, job, control, on_progress, audience.say))


def _keep(run: RunFolder, segment: Segment, home: RunFolder) -> None:
    """Keep what a segment says while it is at hand, so that who gathers need not read it again."""
    if segment.size() >= _WORTH_BYTES:
        keep(run.path, segment, home.derived)


def _commit(file: RunFile, share: int, home: RunFolder, episodes: int) -> Commit:
    seal = read_seal(home.events)
    assert seal is not None
    return Commit(
        run=file.run.id,
        share=share,
        attempt=home.path.name,
        episodes=episodes,
        segments=tuple(row for held in seal.shards for row in held.segments),
    )


def _too_late(outlet: Outlet, terminal: Terminal, there: Commit) -> int:
    """Leave nothing of an attempt that was not the first."""
    outlet.remove()
    return _told(terminal, there, "came too late, it was played by")


def _told(terminal: Terminal, commit: Commit, how: str) -> int:
    terminal.out(
        f"share {commit.share}: {how} attempt {commit.attempt}: "
        f"{commit.episodes:,} episodes, {commit.events:,} events"
    )
    return 0
