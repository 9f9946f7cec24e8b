"""Putting a run's shares together in a store, without its log ever being fetched.

Segments are copied by the store from their attempts to ``events/``. What was hashed while it was
written is not hashed again here: sizes and last commits are compared, and `verify` reads it all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec

from retailsim.events.errors import LogDamaged
from retailsim.events.log import zstd
from retailsim.events.log.format import parse_commit, segment_name
from retailsim.events.log.seal import SEAL, SealedSegment, seal_of
from retailsim.events.object_store import Objects
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.shares.commits import Commit, StoreCommits, all_commits, rows
from retailsim.sim.shares.errors import ShareDamaged
from retailsim.sim.shares.fitness import plan_of
from retailsim.sim.shares.kept_in_store import fetch_run
from retailsim.sim.shares.view import filled, view_place
from retailsim.sim.terminal.audience import Audience

_AT_ONCE = 16
_TAIL_BYTES = 512
"""More than the longest commit line."""


def gather_in_store(address: str, audience: Audience) -> RunFolder:
    """Put a run's shares together; returns a view of the run.

    Raises
    ------
    NotPlanned, SharesMissing, ShareDamaged
        As `gather`.
    StoreFailed
        If the store does not do its part.
    """
    objects = Objects(address)
    if objects.read("shares/GATHERED") is not None:
        audience.say(f"{address}: nothing to do, its shares are together")
        return filled(objects)
    run = fetch_run(objects, view_place(address))
    file = run.read()
    plan_of(address, file)
    commits = all_commits(StoreCommits(objects), address, file)
    there = objects.sizes()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(partial(_checked, objects, there, address), commits))
        list(pool.map(partial(_copied, objects, there), commits))
    _check_no_others(objects, commits)
    seal = msgspec.json.format(msgspec.json.encode(seal_of(rows(commits))), indent=1) + b"\n"
    objects.put(f"events/{SEAL}", seal)
    view = filled(objects, datetime.now(UTC))
    _fetch_kept(objects, there, commits, view)
    _put_projection(objects, view)
    objects.put("shares/GATHERED", datetime.now(UTC).isoformat().encode())
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        left = [name for name in there if name.startswith("shares/") and name.count("/") > 2]
        list(pool.map(lambda name: objects.remove([name]), left))
    return view


def _own(commit: Commit, row: SealedSegment) -> tuple[str, str]:
    """Return the object that an attempt put for a segment: plain, or compressed."""
    return _either(row, f"shares/{commit.share:04d}/{commit.attempt}/events")


def _checked(objects: Objects, there: Mapping[str, int], address: str, commit: Commit) -> None:
    """Compare a share's segments with its commit, by their sizes and ends."""
    total = 0
    for row in commit.segments:
        total += row.events
        own = _own(commit, row)
        name = next((one for one in (*own, *_either(row)) if one in there), None)
        problem = f"{own[0]} is missing"
        if name is not None:
            problem = _difference(objects, name, there[name], row, total)
        if problem:
            place = StoreCommits(objects).place(commit.share)
            raise ShareDamaged(commit.share, place, problem, address)


def _difference(objects: Objects, name: str, size: int, row: SealedSegment, total: int) -> str:
    tail = objects.read_range(name, max(0, size - _TAIL_BYTES), size) if size else b""
    if name.endswith(".zst") and size:
        head, place = objects.read_range(name, 0, min(size, zstd.HEAD_BYTES)), Path(name)
        size = zstd.content_size_of(place, head, tail)
        tail = zstd.last_frame_of(place, tail)
    if size != row.bytes:
        return f"{name} has {size:,} bytes, and its commit says {row.bytes:,}"
    commit = parse_commit(tail[tail.rfind(b"\n", 0, -1) + 1 :])
    if commit is None or (commit.digest, commit.total) != (row.digest, total):
        return f"{name} does not end as its commit says"
    return ""


def _either(row: SealedSegment, folder: str = "events") -> tuple[str, str]:
    name = f"{folder}/{segment_name(row.shard, row.segment)}"
    return name, f"{name}.zst"


def _copied(objects: Objects, there: Mapping[str, int], commit: Commit) -> None:
    for row in commit.segments:
        for own, name in zip(_own(commit, row), _either(row), strict=True):
            if own in there:  # else an earlier gather did it
                objects.copy(own, name)
                break


def _check_no_others(objects: Objects, commits: Sequence[Commit]) -> None:
    """Refuse a log that holds what no share wrote."""
    known = {name for row in rows(commits) for name in _either(row)} | {f"events/{SEAL}"}
    for name in objects.sizes("events"):
        if name not in known:
            place = view_place(objects.address) / name
            raise LogDamaged(place, 0, "no share of the plan wrote this segment")


def _fetch_kept(
    objects: Objects, there: Mapping[str, int], commits: Iterable[Commit], view: RunFolder
) -> None:
    """Fetch what the workers kept of their segments."""
    place = view.derived / "segments"
    place.mkdir(parents=True, exist_ok=True)
    own = {f"shares/{one.share:04d}/{one.attempt}/derived/segments" for one in commits}
    for name in there:
        folder, _, file = name.rpartition("/")
        if folder in own:
            (place / file).write_bytes(objects.read(name) or b"")


def _put_projection(objects: Objects, view: RunFolder) -> None:
    """Merge what was kept, and put the projection where whoever looks at the run finds it."""
    from retailsim.analysis.projection.loader import load

    load(view.path)
    for path in sorted(view.derived.glob("*")):
        if path.is_file() and path.name != view.hashed.name:
            objects.put(f"derived/{path.name}", path)
