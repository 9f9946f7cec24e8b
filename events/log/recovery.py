"""Making the log of an interrupted run ready to be continued."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from retailsim.events.errors import LogDamaged
from retailsim.events.log.disk import sync_folder
from retailsim.events.log.format import GENESIS, parse_name
from retailsim.events.log.scan import SegmentReader
from retailsim.events.log.segment import Segment, by_shard, segments


@dataclass(frozen=True, slots=True)
class ShardEnd:
    """Where a shard's next segment goes on.

    Parameters
    ----------
    number : int
        The next segment's number.
    digest : str
        The last commit's digest.
    events : int
        Event lines in the shard so far.
    run : str or None
        The run the shard belongs to; None while it has no segment.
    """

    number: int = 0
    digest: str = GENESIS
    events: int = 0
    run: str | None = None


def recover(folder: Path) -> int:
    """Cut and close the open segments that killed writers left; return the bytes cut away.

    Only for whoever holds the run's lock. A segment without one good commit is removed. Nothing
    changes in a log whose writers all ended well.

    Raises
    ------
    LogDamaged
        If a segment is missing, or an open segment is damaged before its tail.
    """
    return sum(_close_tail(listed) for listed in by_shard(segments(folder)))


def recover_shard(folder: Path, shard: int) -> ShardEnd:
    """Recover one shard, remove what an interrupted compression left, and say where it ends.

    Raises
    ------
    LogDamaged
        As `recover`, or if the shard's last segment does not end with a commit.
    """
    for path in folder.glob(".*.tmp"):
        name = parse_name(path.name.removeprefix(".").removesuffix(".tmp"))
        if name is not None and name[0] == shard:
            path.unlink()
    _close_tail(shard_segments(folder, shard))
    closed = shard_segments(folder, shard)
    if not closed:
        return ShardEnd()
    last = closed[-1]
    commit = last.last_commit()
    if commit is None:
        raise LogDamaged(last.path, last.size(), "it does not end with a commit")
    return ShardEnd(last.number + 1, commit.digest, commit.total, _run(last))


def shard_segments(folder: Path, shard: int) -> list[Segment]:
    """Return the segments of one shard in order."""
    return [segment for segment in segments(folder) if segment.shard == shard]


def _close_tail(listed: list[Segment]) -> int:
    if not listed or not listed[-1].is_open:
        return 0
    tail = listed[-1]
    reader = SegmentReader(tail, torn_ok=True, previous=_digest_before(listed))
    reader.verify()
    if reader.good_bytes:
        _close(tail.path, reader.good_bytes)
    else:
        tail.path.unlink()
    sync_folder(tail.path.parent)
    return reader.torn_bytes


def _close(path: Path, size: int) -> None:
    """Cut an open segment at `size`, make it last, and give it its closed name."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.ftruncate(fd, size)
        os.fsync(fd)
    finally:
        os.close(fd)
    path.rename(path.with_suffix(""))


def _digest_before(listed: list[Segment]) -> str | None:
    if len(listed) < 2:
        return GENESIS
    commit = listed[-2].last_commit()
    if commit is None:
        raise LogDamaged(listed[-2].path, listed[-2].size(), "it does not end with a commit")
    return commit.digest


def _run(segment: Segment) -> str:
    reader = SegmentReader(segment, torn_ok=False)
    next(iter(reader))
    assert reader.header is not None
    return reader.header.run
