"""``shard``: play one share of a planned run, and commit it if nobody else did."""

from __future__ import annotations

from functools import partial

import anyio
import msgspec

from retailsim.events.errors import RetailSimError
from retailsim.events.log.seal import read_seal, write_seal
from retailsim.events.log.segment import Segment, segments
from retailsim.sim.errors import ModelsStopped
from retailsim.sim.execution.job import Job, run_design
from retailsim.sim.execution.kept_segments import keep
from retailsim.sim.execution.runner import Interrupts, RunControl, play_alone
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.shares.attempts import new_attempt, surveyed
from retailsim.sim.shares.bench import Bench, Outlet, benched
from retailsim.sim.shares.commits import (
    Commit,
    put_commit,
    read_commit,
    share_folder,
)
from retailsim.sim.shares.errors import LeasesKept, NoSuchShare
from retailsim.sim.shares.fitness import check_worker, plan_of
from retailsim.sim.shares.kept_in_store import fetch_furthest
from retailsim.sim.shares.leases import Given, read_leases
from retailsim.sim.shares.spending import Ends, note_spent, out_of_money, own_spending, spent_before
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.terminal import Terminal

_WORTH_BYTES = 1 << 20
"""What a shorter segment says is read as quickly from itself."""


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What came of an attempt.

    Parameters
    ----------
    status : int
        The exit status: 0 where the share is played, by whomever.
    spent_nanousd : int or None
        What this attempt paid for models, in billionths of a dollar; None: nobody knows.
    episodes : int
        Of the share, those that have ended by now.
    """

    status: int
    spent_nanousd: int | None = None
    episodes: int = 0


def shard(
    run: str,
    terminal: Terminal,
    *,
    share: int,
    attempt: int = 1,
    store: str | None = None,
    verbose: bool = False,
    trust: bool = False,
    budget: float | None = None,
) -> int:
    """Play a share by hand; returns the exit status.

    Parameters
    ----------
    budget : float or None
        Dollars that all shares together may cost, of which this one has an even part; None: as
        the run was planned.

    Raises
    ------
    LeasesKept
        If the budget is divided by a loop.
    ShareSpent
        If it has spent its part. What `play_share` raises.
    """
    return play_share(
        run,
        terminal,
        share=share,
        attempt=attempt,
        store=store,
        verbose=verbose,
        trust=trust,
        budget=budget,
    ).status


def play_share(
    run: str,
    terminal: Terminal,
    *,
    share: int,
    attempt: int = 1,
    store: str | None = None,
    verbose: bool = False,
    trust: bool = False,
    budget: float | None = None,
    given: Given | None = None,
) -> Done:
    """Play a share to its end, unless that was done.

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
    budget : float or None
        As `shard` has it.
    given : Given or None
        What a loop gave it; None: it is played by hand.

    Raises
    ------
    NotPlanned, NoSuchShare, UnfitWorker
        If it cannot be played, or not here. What `play` raises, unless somebody else committed.
    """
    with benched(run, store, given) as bench:
        file = bench.run.read()
        file = file if budget is None else msgspec.structs.replace(file, budget=budget)
        shares = plan_of(run, file).shares
        if not 0 <= share < shares:
            raise NoSuchShare(run, share, shares)
        if (done := read_commit(bench.commits, share, run)) is not None:
            return _told(terminal, done, "nothing to do, it was played by", spent=0)
        if given is None:
            _check_undivided(bench, file)
        check_worker(bench.run, run, file, trust=trust)
        bench.run.check_places(share_folder(bench.run, share))
        there = None
        if bench.objects is not None:
            there = fetch_furthest(bench.objects, bench.run, share)
        home = new_attempt(bench.run, share, attempt, terminal)
        with bench.keeping(home, share) as outlet:
            if given is None:
                _begun_by_hand(bench, file, outlet)
            outlet.load(there, file)
            return _attempted(bench, file, share, home, outlet, terminal, verbose=verbose)


def _check_undivided(bench: Bench, file: RunFile) -> None:
    """Refuse a run whose budget is divided by a loop; raises `LeasesKept`."""
    if read_leases(bench.leases, bench.named, file.run.id) is not None:
        raise LeasesKept(bench.named)


def _begun_by_hand(bench: Bench, file: RunFile, outlet: Outlet) -> None:
    """Have a loop that begins now count this attempt, or find that one has begun."""
    if file.budget is None:
        return
    outlet.begin()
    try:
        _check_undivided(bench, file)
    except LeasesKept:
        outlet.remove()
        raise


def _attempted(
    bench: Bench,
    file: RunFile,
    share: int,
    home: RunFolder,
    outlet: Outlet,
    terminal: Terminal,
    *,
    verbose: bool,
) -> Done:
    """Play an attempt and commit it."""
    job, ends = _job(bench, file, share, home, verbose=verbose)
    job = msgspec.structs.replace(job, answers=outlet.answers)
    try:
        progress = _play(job, terminal, ends)
        if outlet.answers is not None:
            outlet.answers.check()
        spent = own_spending(progress, job)
        if progress.stopped:
            note_spent(home, spent)
        else:
            _closed(bench.run, home)
        outlet.put_all()
    except (RetailSimError, OSError) as error:
        # A gather removes the folders of attempts that came too late, under their hands.
        stopped = error if isinstance(error, ModelsStopped) else None
        spent = None if stopped is None else stopped.spent_nanousd
        if (there := read_commit(bench.commits, share, bench.named)) is not None:
            return _too_late(outlet, terminal, there, spent)
        if stopped is not None:
            note_spent(home, spent)
            outlet.put_all()
        if stopped is not None and stopped.alone:
            raise out_of_money(bench, file, job, ends, stopped) from error
        raise
    if progress.stopped:
        terminal.say(f"share {share}: stopped; the next attempt goes on from here")
        return Done(status=3, spent_nanousd=spent, episodes=ends.ended)
    commit = _commit(file, share, home, ends.total)
    commit = msgspec.structs.replace(commit, lease=bench.given.lease, spent_nanousd=spent)
    there = put_commit(bench.commits, commit, bench.named)
    if there.attempt != home.path.name:
        return _too_late(outlet, terminal, there, spent)
    return _told(terminal, there, "played by", spent=spent)


def _job(
    bench: Bench, file: RunFile, share: int, home: RunFolder, *, verbose: bool
) -> tuple[Job, Ends]:
    """Return what is missing of a share as a job, and its episodes."""
    run = bench.run
    plan = plan_of(run.path, file)
    cells, found = plan.stretch(share), surveyed(home, share)
    total, done, skip = 0, 0, []
    for number, spec in enumerate(run_design(run, file).stretch(*cells)):
        total += len(spec.episodes)
        if spec.id in found.closed:
            skip.append(number)
            done += len(spec.episodes)
    given = bench.given
    before = spent_before(file, home)
    lease = None if given.nanousd is None else before + given.nanousd
    job = Job(
        run=str(run.path),
        share=share,
        of=plan.shares,
        cells=cells,
        home=str(home.path),
        skip=tuple(skip),
        begun=found.begun,
        budget=file.budget,
        spent_nanousd=before,
        lease=lease,
        part=given.part,
        verbose=verbose,
    )
    return job, Ends(total, done)


def _closed(run: RunFolder, home: RunFolder) -> None:
    """Seal what an attempt wrote, and keep what it says."""
    write_seal(home.events)
    for segment in segments(home.events):
        _keep(run, segment, home)


def _play(job: Job, audience: Audience, ends: Ends) -> Progress:
    control = RunControl()
    with (
        Interrupts(control, audience.say),
        audience.progress(ends.total, ends.done) as on_progress,
    ):

        def note(progress: Progress) -> None:
            ends.note(progress)
            on_progress(progress)

        return anyio.run(partial(play_alone, job, control, note, audience.say))


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


def _too_late(outlet: Outlet, terminal: Terminal, there: Commit, spent: int | None) -> Done:
    """Leave nothing of an attempt that was not the first."""
    outlet.remove()
    return _told(terminal, there, "came too late, it was played by", spent=spent)


def _told(terminal: Terminal, commit: Commit, how: str, *, spent: int | None) -> Done:
    terminal.out(
        f"share {commit.share}: {how} attempt {commit.attempt}: "
        f"{commit.episodes:,} episodes, {commit.events:,} events"
    )
    return Done(status=0, spent_nanousd=spent, episodes=commit.episodes)
