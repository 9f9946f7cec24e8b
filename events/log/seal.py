"""The seal of a finished log, and the quick look that trusts sizes and last commits."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from retailsim.events.errors import LogDamaged
from retailsim.events.log.disk import file_tail, replace_file, sync_folder
from retailsim.events.log.format import segment_name
from retailsim.events.log.segment import Segment, segments

SEAL = "SEAL"
_VERSION = 1
_TAIL_BYTES = 256


class SealedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """What a segment held when the log was sealed.

    Parameters
    ----------
    shard, segment : int
        Its numbers.
    events : int
        Event lines in it.
    bytes : int
        Its uncompressed length.
    digest : str
        The digest of its last commit.
    """

    shard: int
    segment: int
    events: int
    bytes: int
    digest: str


class SealedShard(msgspec.Struct, frozen=True, kw_only=True):
    """One shard: its segments in order, all its event lines, and its last digest."""

    shard: int
    events: int
    digest: str
    segments: tuple[SealedSegment, ...]


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the log holds, written when the run is complete."""

    seal: int = _VERSION
    events: int
    shards: tuple[SealedShard, ...]


def seal_of(rows: Iterable[SealedSegment]) -> Seal:
    """Return the seal of a log with these segments, given by shard and number."""
    shards = []
    for shard, group in itertools.groupby(rows, key=lambda row: row.shard):
        held = tuple(group)
        events = sum(row.events for row in held)
        shards.append(
            SealedShard(shard=shard, events=events, digest=held[-1].digest, segments=held)
        )
    return Seal(events=sum(shard.events for shard in shards), shards=tuple(shards))


def write_seal(folder: Path) -> Seal:
    """Write ``folder/SEAL`` from the last commits, without reading the segments whole.

    Raises
    ------
    LogDamaged
        If a segment is missing, still open, or does not end with a commit.
    """
    seal = seal_of(_quick_rows(segments(folder)))
    text = msgspec.json.format(msgspec.json.encode(seal), indent=1)
    replace_file(folder / SEAL, text + b"\n")
    return seal


def is_sealed(run: Path) -> bool:
    """Whether the log of a run can grow no more. Ask before it is read: then all of it is read."""
    return (run / "events" / SEAL).is_file()


def read_seal(folder: Path) -> Seal | None:
    """Return the seal, or None if the log has none.

    Raises
    ------
    LogDamaged
        If there is one that cannot be read.
    """
    path = folder / SEAL
    if path.exists() and not path.is_file():  # a pipe would be waited for without end
        raise LogDamaged(path, 0, "the seal is no file")
    try:
        seal = msgspec.json.decode(path.read_bytes(), type=Seal)
    except FileNotFoundError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogDamaged(path, 0, f"the seal cannot be read ({error})") from error
    if seal.seal != _VERSION:
        raise LogDamaged(path, 0, f"the seal's version is {seal.seal}, not {_VERSION}")
    return seal


def remove_seal(folder: Path) -> None:
    """Remove the seal, if there is one: the run goes on."""
    path = folder / SEAL
    if path.exists():
        path.unlink()
        sync_folder(folder)


def matches_seal(folder: Path) -> bool:
    """Return whether sizes and last commits are those in the seal, without hashing the log.

    False without a seal, or when a segment is missing or does not end with a commit.

    Raises
    ------
    LogDamaged
        If the seal cannot be read.
    """
    seal = read_seal(folder)
    if seal is None:
        return False
    try:
        return seal == seal_of(_quick_rows(segments(folder)))
    except LogDamaged:
        return False


def check_quickly(folder: Path) -> None:
    """Look whether segments are missing or not as sealed, by sizes and last commits alone.

    Raises
    ------
    LogDamaged
        For the first that is. A flipped bit inside a segment goes unnoticed: see `check`.
    """
    seal, listed = read_seal(folder), segments(folder)
    if seal is not None:
        compare(seal, folder, _quick_rows(listed))


def fingerprint(folder: Path) -> str:
    """Return 64 hex digits that change whenever the log grows or a segment is replaced.

    They cover each segment's name, size and last bytes (its last commit line; of a compressed
    one, also the checksums at its end), so they are defined for an unsealed log too. A flipped
    bit inside a segment goes unnoticed: see `check`.
    """
    digest = hashlib.sha256()
    for segment in segments(folder):
        path = segment.path
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(file_tail(path, _TAIL_BYTES))
    return digest.hexdigest()


def compare(seal: Seal, folder: Path, found: Iterable[SealedSegment]) -> None:
    """Compare what the segments hold, given by shard and number, with the seal.

    Raises
    ------
    LogDamaged
        For the first segment that is missing, not as sealed, or not in the seal.
    """
    rows = list(found)
    if seal == seal_of(rows):
        return
    now = {(row.shard, row.segment): row for row in rows}
    sealed = {(row.shard, row.segment): row for shard in seal.shards for row in shard.segments}
    for key in sorted(now.keys() | sealed.keys()):
        if now.get(key) != sealed.get(key):
            raise LogDamaged(folder / segment_name(*key), 0, _difference(now, sealed, key))
    raise LogDamaged(folder / SEAL, 0, "the seal contradicts itself")


_Rows = dict[tuple[int, int], SealedSegment]


def _difference(now: _Rows, sealed: _Rows, key: tuple[int, int]) -> str:
    if key not in now:
        return "the segment is missing"
    if key not in sealed:
        return "the seal does not name this segment"
    here, there = now[key], sealed[key]
    return (
        f"it holds {here.events} events in {here.bytes} bytes, digest {here.digest[:12]}; "
        f"the seal says {there.events} in {there.bytes}, digest {there.digest[:12]}"
    )


def _quick_rows(listed: Iterable[Segment]) -> Iterator[SealedSegment]:
    """Yield what each segment holds, as told by its size and last commit."""
    total = 0
    for segment in listed:
        commit = None if segment.is_open else segment.last_commit()
        if commit is None:
            what = "it is still open" if segment.is_open else "it does not end with a commit"
            raise LogDamaged(segment.path, segment.size(), what)
        before = total if segment.number else 0
        total = commit.total
        yield SealedSegment(
            shard=segment.shard,
            segment=segment.number,
            events=total - before,
            bytes=segment.size(),
            digest=commit.digest,
        )
