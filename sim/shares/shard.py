"""``shard``: play one share of a planned run, and commit it if nobody else did."""

from __future__ import annotations

import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio

from retailsim.events.errors import RetailSimError
from retailsim.events.log.seal import read_seal, write_seal
from retailsim.events.log.segment import Segment, segments
from retailsim.sim.execution.job import Job, run_design
from retailsim.sim.execution.kept_segments import keep
from retailsim.sim.execution.runner import Interrupts, RunControl, play_alone
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.shares.attempts import new_attempt, surveyed
from retailsim.sim.shares.commits import (
    Commit,
    put_commit,
    read_commit,
    share_folder,
)
from retailsim.sim.shares.errors import NoSuchShare
from retailsim.sim.shares.fitness import check_worker, plan_of
from retailsim.sim.terminal.audience import Audience
from retailsim.sim.terminal.terminal import Terminal

_WORTH_BYTES = 1 << 20
"""What a shorter segment says is read as quickly from itself."""


def shard(
    path: Path,
    terminal: Terminal,
    *,
    share: int,
    attempt: int = 1,
    verbose: bool = False,
    trust: bool = False,
) -> int:
    """Play a share to its end, unless that was done; returns the exit status.

    Parameters
    ----------
    attempt : int
        How often it was tried, with this time: part of the name of what is written.
    trust : bool
        As `check_worker` has it.

    Raises
    ------
    NotPlanned, NoSuchShare, UnfitWorker
        If it cannot be played, or not here. What `play` raises, unless somebody else committed.
    """
    run = RunFolder(path)
    file = run.read()
    plan = plan_of(run, file)
    if not 0 <= share < plan.shares:
        raise NoSuchShare(path, share, plan.shares)
    if (done := read_commit(run, share)) is not None:
        return _told(terminal, done, "nothing to do, it was played by")
    check_worker(run, file, trust=trust)
    run.check_places(share_folder(run, share))
    home = new_attempt(run, share, attempt, terminal)
    try:
        ended = _played(run, file, share, home, terminal, verbose=verbose)
    except (RetailSimError, OSError):
        # A gather removes the folders of attempts that came too late, under their hands.
        if (done := read_commit(run, share)) is None:
            raise
        return _too_late(home, terminal, done)
    if ended is None:
        terminal.say(f"share {share}: stopped; the next attempt goes on from here")
        return 3
    there = put_commit(run, _commit(file, share, home, ended))
    if there.attempt != home.path.name:
        return _too_late(home, terminal, there)
    return _told(terminal, there, "played by")


def _played(
    run: RunFolder, file: RunFile, share: int, home: RunFolder, audience: Audience, *, verbose: bool
) -> int | None:
    """Play what is missing of a share; returns its episodes, or None if it was stopped."""
    cells, found = plan_of(run, file).stretch(share), surveyed(home, share)
    total, done, skip = 0, 0, []
    for number, spec in enumerate(run_design(run, file).stretch(*cells)):
        total += len(spec.episodes)
        if spec.id in found.closed:
            skip.append(number)
            done += len(spec.episodes)
    job = Job(
        run=str(run.path),
        share=share,
        of=plan_of(run, file).shares,
        cells=cells,
        home=str(home.path),
        skip=tuple(skip),
        begun=found.begun,
        budget=file.budget,
        verbose=verbose,
    )
    if _play(job, audience, total, done).stopped:
        return None
    write_seal(home.events)
    for segment in segments(home.events):
        _keep(run, segment, home)
    return total


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


def _too_late(home: RunFolder, terminal: Terminal, there: Commit) -> int:
    """Leave nothing of an attempt that was not the first."""
    with suppress(OSError):
        shutil.rmtree(home.path)
    return _told(terminal, there, "came too late, it was played by")


def _told(terminal: Terminal, commit: Commit, how: str) -> int:
    terminal.out(
        f"share {commit.share}: {how} attempt {commit.attempt}: "
        f"{commit.episodes:,} episodes, {commit.events:,} events"
    )
    return 0
