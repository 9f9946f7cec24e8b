"""Small logs for the tests, written batch by batch without a thread."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retailsim.events.log.shard import ShardFile

LINE = b'{"type":"Noted","market":"m0","episode":null,"seq":%d,"t":0,"source":"market"}\n'


def lines(first: int, count: int) -> bytes:
    """Return `count` event lines numbered from `first`."""
    return b"".join(LINE % seq for seq in range(first, first + count))


def shard_file(folder: Path, **changes: object) -> ShardFile:
    """Return a shard's file with the tests' defaults."""
    settings = {
        "run": "r1",
        "shard": 0,
        "schema": 1,
        "compress": False,
        "segment_bytes": 1 << 20,
    }
    return ShardFile(folder, **(settings | changes))  # type: ignore[arg-type]


def write_log(
    folder: Path, segments: Sequence[Sequence[int]], *, leave_open: bool = False, **changes: object
) -> None:
    """Write one shard: per segment its batches, per batch its number of lines."""
    file = shard_file(folder, **changes)
    seq = 0
    for at, batches in enumerate(segments):
        for count in batches:
            file.write([lines(seq, count)], count)
            seq += count
        if leave_open and at == len(segments) - 1:
            file.release()
        else:
            file.finish()
