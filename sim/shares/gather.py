"""``gather``: put the shares of a run together, into one log like that of any other run.

Segments are moved, not copied: a share is a shard of the log already, with a chain of its own.
Whatever interrupts this, it can be begun again, and what it leaves is the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from retailsim.events.errors import LogDamaged
from retailsim.events.log.disk import replace_file, sync_folder
from retailsim.events.log.format import GENESIS, segment_name
from retailsim.events.log.hashed import FileMark, Hashed, mark_of, write_hashed
from retailsim.events.log.lock import PATIENCE_S, RunLock
from retailsim.events.log.scan import SegmentReader
from retailsim.events.log.seal import SealedSegment, compare, seal_of, write_seal
from retailsim.events.log.segment import Segment, segments
from retailsim.events.object_store import is_address
from retailsim.sim.execution.runner import RunOutcome
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play.progress import Progress
from retailsim.sim.run.conclusion import conclude
from retailsim.sim.shares.attempts import attempts
from retailsim.sim.shares.commits import Commit, FolderCommits, all_commits, rows, share_folder
from retailsim.sim.shares.errors import ShareDamaged
from retailsim.sim.shares.fitness import plan_of
from retailsim.sim.shares.gather_in_store import gather_in_store
from retailsim.sim.terminal.terminal import Terminal

_SUFFIXES = ("", ".zst")
_DONE = RunOutcome(progress=Progress(), finished=True)


@dataclass(frozen=True, slots=True)
class _Found:
    """A segment of a share where it lies, and what was found in it; its mark is from before."""

    segment: Segment
    reader: SegmentReader
    mark: FileMark | None

    def as_hashed(self, now: datetime, file: Path) -> Hashed | None:
        """Return what to remember of it, moved to `file`; None if it was touched meanwhile."""
        mark, header, was = mark_of(file), self.reader.header, self.mark
        if mark is None or was is None or header is None:
            return None
        if (mark.size, mark.inode, mark.mtime_ns) != (was.size, was.inode, was.mtime_ns):
            return None
        return Hashed(
            at=now,
            mark=mark,
            header=header,
            good_bytes=self.reader.good_bytes,
            events=self.reader.events,
            digest=self.reader.digest or "",
        )


def gather(named: str, terminal: Terminal, *, store: str | None = None) -> int:
    """Put a run's shares together, seal it and show it; returns the exit status.

    Parameters
    ----------
    named : str
        The run's folder, or its address in a store.
    store : str or None
        Address of the run in a store, where its shares are; None: that of `named`.

    Raises
    ------
    NotPlanned, SharesMissing
        If there is nothing to put together, or not all of it.
    ShareDamaged
        If a share is not what its commit says.
    LogDamaged
        If the run's log holds something else.
    """
    address = store or (named if is_address(named) else None)
    if address is not None:
        return conclude(gather_in_store(address, terminal), _DONE, terminal)
    run = RunFolder(Path(named))
    file = run.read()
    plan = plan_of(named, file)
    run.check_places(run.lock, run.events, run.telemetry, run.derived, run.shares)
    with RunLock(run.lock, PATIENCE_S):
        if run.gathered.exists():
            terminal.say(f"{named}: nothing to do, its {plan.shares:,} shares are together")
        else:
            _put_together(run, all_commits(FolderCommits(run), named, file))
        _removed_attempts(run, range(plan.shares))
    return conclude(run, _DONE, terminal)


def _put_together(run: RunFolder, commits: Sequence[Commit]) -> None:
    run.events.mkdir(exist_ok=True)
    with ThreadPoolExecutor() as pool:
        found = [one for share in pool.map(lambda one: _hashed(run, one), commits) for one in share]
    _check_no_others(run, commits)
    marks: dict[str, Hashed] = {}
    now = datetime.now(UTC)
    for one in found:
        file_there = run.events / one.segment.path.name
        one.segment.path.replace(file_there)
        if (remembered := one.as_hashed(now, file_there)) is not None:
            marks[file_there.name] = remembered
    sync_folder(run.events)
    for commit in commits:
        _moved_beside(run, commit)
    write_hashed(run.hashed, marks)
    seal = write_seal(run.events)
    compare(seal, run.events, rows(commits))
    replace_file(run.gathered, b"")


def _hashed(run: RunFolder, commit: Commit) -> list[_Found]:
    """Read a share's segments from end to end, and compare them with its commit."""
    found, previous = [], GENESIS
    try:
        for row in commit.segments:
            segment = _segment(run, commit, row)
            one = _Found(
                segment,
                SegmentReader(segment, torn_ok=False, previous=previous),
                mark_of(segment.path),
            )
            one.reader.verify()
            _check(commit, row, one)
            found.append(one)
            previous = row.digest
    except LogDamaged as damage:
        place = FolderCommits(run).place(commit.share)
        raise ShareDamaged(commit.share, place, str(damage), run.path) from damage
    return found


def _segment(run: RunFolder, commit: Commit, row: SealedSegment) -> Segment:
    """Return a segment where it is: with its attempt, or moved already."""
    own = RunFolder(share_folder(run, commit.share) / commit.attempt).events
    for folder in (run.events, own):
        for suffix in _SUFFIXES:
            path = folder / segment_name(row.shard, row.segment, suffix)
            if path.is_file():
                return Segment(path, row.shard, row.segment, suffix)
    raise LogDamaged(own / segment_name(row.shard, row.segment), 0, "the segment is missing")


def _check(commit: Commit, row: SealedSegment, one: _Found) -> None:
    """Compare what was read of a segment with what the commit says."""
    reader, header = one.reader, one.reader.header
    if header is None or header.run != commit.run:
        raise LogDamaged(one.segment.path, 0, f"it does not belong to run {commit.run!r}")
    now = SealedSegment(
        shard=row.shard,
        segment=row.segment,
        events=reader.events,
        bytes=reader.good_bytes,
        digest=reader.digest or "",
    )
    compare(seal_of([row]), one.segment.path.parent, [now])


def _check_no_others(run: RunFolder, commits: Sequence[Commit]) -> None:
    """Refuse a log that holds what no share wrote."""
    known = {(row.shard, row.segment) for row in rows(commits)}
    for segment in segments(run.events):
        if (segment.shard, segment.number) not in known or segment.is_open:
            raise LogDamaged(segment.path, 0, "no share of the plan wrote this segment")


def _moved_beside(run: RunFolder, commit: Commit) -> None:
    """Move what is kept of a share's segments, and its telemetry, to the run's."""
    own = RunFolder(share_folder(run, commit.share) / commit.attempt)
    for kept in ("derived/segments", "telemetry"):
        for path in sorted((own.path / kept).glob("*")):
            place = run.path / kept / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            path.replace(place)


def _removed_attempts(run: RunFolder, shares: Iterable[int]) -> None:
    """Remove what attempts left: commits stay, so that whoever comes late finds them."""
    for share in shares:
        for one in attempts(run, share):
            shutil.rmtree(one.path, ignore_errors=True)
