"""Kept pieces: ``RUN/derived/segments/*.pieces``, what each closed segment says by itself.

A closed segment never changes, so what was read of it holds as long as its last commit has the same
digest: that covers every byte of its shard up to there. A log that grew, as by a resume, is then
read only where it is new. Each file states what it is of and a digest of itself; what does not fit,
whatever the reason, is read from the log again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Literal, get_args

import msgspec

from retailsim.analysis.projection import projection_cache
from retailsim.analysis.projection.errors import KeptUnreadable
from retailsim.analysis.projection.folding import fold
from retailsim.analysis.projection.packed import Packed, unpacked
from retailsim.analysis.projection.pieces import Pieces
from retailsim.analysis.projection.protocol_tables import TableSet
from retailsim.events.log.segment import Segment
from retailsim.events.whole_file import leads_out, written_whole

FOLDER = "segments"

WORTH_BYTES = 1 << 20
"""A segment of less than this is read as quickly as what was kept of it."""

_DIGEST_BYTES = sha256().digest_size


class KeptPieces(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one segment.

    Parameters
    ----------
    version : int
        `projection_cache.VERSION` of who read it.
    tables : str
        Digest of the tables that it was read for.
    digest : str
        Of the segment's last commit.
    folded, rows, events
        As `Pieces` has them.
    """

    version: int
    tables: str
    digest: str
    folded: dict[str, Packed]
    rows: dict[str, Packed]
    events: int

    def pieces(self) -> Pieces:
        """Return the partial rows."""
        return Pieces(self.folded, self.rows, self.events)


class KeptTables(Mapping[str, Packed]):
    """Tables that are kept of a segment, read each time one is asked for: nobody holds them.

    Parameters
    ----------
    derived : Path
        Where they are kept.
    tables : TableSet
        The tables that they were kept for.
    kept : KeptPieces
        What was read of them once; it is not held.
    part : {"folded", "rows"}
        Which of its tables.
    """

    def __init__(
        self, derived: Path, segment: Segment, tables: TableSet, kept: KeptPieces, part: Part
    ) -> None:
        self._derived, self._segment, self._tables, self._part = derived, segment, tables, part
        self._digest, self._names = kept.digest, tuple(getattr(kept, part))

    def __getitem__(self, name: str) -> Packed:
        """Read one of them.

        Raises
        ------
        KeptUnreadable
            If they are not there any more.
        """
        if name not in self._names:
            raise KeyError(name)
        kept = read(self._derived, self._segment, self._tables)
        if kept is None or kept.digest != self._digest:
            raise KeptUnreadable(name_of(self._segment))
        found: Packed = getattr(kept, self._part)[name]
        return found

    def __iter__(self) -> Iterator[str]:
        """Go through the names."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)


Part = Literal["folded", "rows"]


def where_kept(
    derived: Path, segment: Segment, tables: TableSet
) -> tuple[Pieces, str] | tuple[None, None]:
    """Return what `read` does as pieces that stay where they are, and the digest it is of."""
    kept = read(derived, segment, tables)
    if kept is None:
        return None, None
    folded, rows = (KeptTables(derived, segment, tables, kept, part) for part in get_args(Part))
    return Pieces(folded, rows, kept.events), kept.digest


def name_of(segment: Segment) -> str:
    """Return the name of a segment's file in ``derived``, be it open, closed or compressed."""
    return f"{FOLDER}/{segment.shard:04d}-{segment.number:08d}.pieces"


def read(derived: Path, segment: Segment, tables: TableSet) -> KeptPieces | None:
    """Return what is kept of a segment for these tables, or None.

    Whether it is of the segment that is there now, its ``digest`` has to say.
    """
    try:
        content = (derived / name_of(segment)).read_bytes()
        told, body = content[:_DIGEST_BYTES], memoryview(content)[_DIGEST_BYTES:]
        if sha256(body).digest() != told:
            return None
        found = msgspec.msgpack.decode(body, type=KeptPieces)
    except (OSError, ValueError, RecursionError):
        return None
    made_for = found.version, found.tables
    whole = found.folded.keys() == tables.folded.keys() and found.rows.keys() == set(tables.rows)
    return found if made_for == (projection_cache.VERSION, tables.digest) and whole else None


def write(derived: Path, segment: Segment, digest: str, tables: TableSet, pieces: Pieces) -> None:
    """Keep what a segment says; a folder that cannot be written, or is a link out, keeps nothing.

    Parameters
    ----------
    digest : str
        Of the segment's last commit, with everything before it found right.
    """
    file = derived / name_of(segment)
    if leads_out(file.parent, derived.parent):
        return
    kept = KeptPieces(
        version=projection_cache.VERSION,
        tables=tables.digest,
        digest=digest,
        folded=dict(pieces.folded),
        rows=dict(pieces.rows),
        events=pieces.events,
    )
    body = msgspec.msgpack.encode(kept)
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(file) as new:
            new.write_bytes(sha256(body).digest() + body)


def same(one: Pieces, other: Pieces, tables: TableSet) -> bool:
    """Whether two readings of a segment say the same, in however many rows and bytes."""
    if one.events != other.events:
        return False
    for name, table in tables.folded.items():
        rows = [
            fold(table, unpacked(pieces.folded[name]).lazy().sort("seq", maintain_order=True))
            .sort(table.key)
            .collect()
            for pieces in (one, other)
        ]
        if not rows[0].equals(rows[1]):
            return False
    return all(unpacked(one.rows[name]).equals(unpacked(other.rows[name])) for name in tables.rows)
