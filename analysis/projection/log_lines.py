"""The event lines of a log, a chunk at a time, with the keys that all of them have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Annotated

import msgspec

from retailsim.analysis.projection.errors import LogUnreadable, NotARun
from retailsim.analysis.projection.log_pieces import chunks
from retailsim.events.log.format import COMMIT_START, parse_header
from retailsim.events.log.reader import LogCheck, check
from retailsim.events.log.segment import segments

ENDS = frozenset({"MarketClosed", "MarketFailed"})
"""The event types that end a market."""

_Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
"""What a column holds: larger numbers are no event's."""


_HEADER_BYTES = 4096
"""More than a segment's header line."""


class Head(msgspec.Struct, frozen=True, gc=False):
    """What every event says of itself; a recorded answer of the outside world has no ``seq``."""

    type: str | None = None
    market: str | None = None
    episode: str | None = None
    seq: _Int64 | None = None
    t: _Int64 | None = None
    source: str | None = None


Line = tuple[Head, bytes]

_head = msgspec.json.Decoder(Head).decode


def checked(run: str | Path) -> LogCheck:
    """Hash a run's whole log; what it says of each segment is what may be read.

    Raises
    ------
    NotARun
        If there is no log in the folder.
    LogDamaged
        If the log does not hold what was written.
    """
    folder = Path(run) / "events"
    if not folder.is_dir():
        raise NotARun(str(run))
    return check(folder)


def schemas(run: str | Path) -> frozenset[int]:
    """Return the versions of the events' meaning that a run's segments name, by their headers."""
    found = set()
    for segment in segments(Path(run) / "events"):
        with closing(segment.open()) as stream:
            first = stream.read(_HEADER_BYTES).partition(b"\n")[0]
        if (header := parse_header(first)) is not None:
            found.add(header.schema)
    return frozenset(found)


def line_chunks(log: LogCheck) -> Iterator[tuple[str, list[Line]]]:
    """Yield a segment's name and its next event lines, in the order of the log.

    Memory is bounded by one chunk of a segment, however long the log is.

    Raises
    ------
    LogUnreadable
        If a line is not a JSON object, or a key of `Head` has another type.
    """
    for one in log.segments:
        name = one.segment.path.name
        for block in chunks(one.segment, one.good_bytes):
            try:
                yield name, list(_events(block))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise LogUnreadable(name, str(error)) from error


def _events(block: bytes) -> Iterator[Line]:
    for line in block.splitlines():
        if not line.startswith(COMMIT_START):
            head = _head(line)
            if head.type is not None:  # a segment's header has none
                yield head, line
