"""Views of runs in a store: a folder of this machine through which commands look at them.

It holds what is small (``run.toml``, inputs, the seal, the projection) and files that stand for the
segments, whose text is fetched in pieces where a command reads it. It may be deleted at any time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from retailsim.events.errors import LogDamaged
from retailsim.events.log import elsewhere
from retailsim.events.log.format import GENESIS, Header, segment_name
from retailsim.events.log.hashed import Hashed, mark_of, write_hashed
from retailsim.events.log.lock import PATIENCE_S, RunLock
from retailsim.events.log.seal import SEAL, Seal, read_seal
from retailsim.events.messages import SCHEMA_VERSION
from retailsim.events.object_store import Objects
from retailsim.sim.errors import NotGathered
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.shares.kept_in_store import fetch, fetch_run
from retailsim.sim.terminal.program_name import program_name


def view_place(address: str) -> Path:
    """Return the folder of a run's view, in the user's cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    name = address.rstrip("/").rpartition("/")[2]
    digest = sha256(address.rstrip("/").encode()).hexdigest()[:12]
    return cache / "retailsim" / "stores" / f"{name}-{digest}"


def view_of(address: str) -> Path:
    """Return the folder through which a run in a store is looked at.

    Raises
    ------
    NoRunThere, NotGathered
        If there is no run, or its shares are not together.
    LogDamaged
        If the store does not hold what the seal says.
    """
    objects = Objects(address)
    return filled(objects).path


def filled(objects: Objects, gathered: datetime | None = None) -> RunFolder:
    """Fill the view of a run, as far as it is not.

    Parameters
    ----------
    gathered : datetime or None
        When the run was put together; None: as the store says.
    """
    place = view_place(objects.address)
    run = fetch_run(objects, place)
    seal = objects.read(f"events/{SEAL}")
    if seal is None:
        raise NotGathered(objects.address, program_name())
    there = objects.sizes("events")
    with RunLock(run.lock, PATIENCE_S):
        if _old(run, seal):
            for part in (run.events, run.derived):
                shutil.rmtree(part, ignore_errors=True)
            run.events.mkdir()
            run.telemetry.mkdir(exist_ok=True)
            (run.events / elsewhere.STORE).write_text(f"{objects.address}/events\n")
            (run.events / SEAL).write_bytes(seal)
            when = objects.read("shares/GATHERED") or datetime.now(UTC).isoformat().encode()
            _stand_in(run, there, gathered or datetime.fromisoformat(when.decode()))
        _check_sizes(run, objects, there)
        fetch(objects, "derived", place)
    return run


def _old(run: RunFolder, seal: bytes) -> bool:
    """Whether a view is of another log, or none yet, or was interrupted."""
    path = run.events / SEAL
    return not (path.is_file() and path.read_bytes() == seal and run.hashed.is_file())


def _sealed(run: RunFolder) -> Seal:
    seal = read_seal(run.events)
    assert seal is not None
    return seal


def _stand_in(run: RunFolder, there: Mapping[str, int], gathered: datetime) -> None:
    """Write what stands for the segments, and that they were hashed when the run was gathered."""
    identity, hashed = run.read().run.id, {}
    for shard in _sealed(run).shards:
        previous, total = GENESIS, 0
        for row in shard.segments:
            total += row.events
            name = f"events/{segment_name(row.shard, row.segment)}"
            packed = None if name in there else there.get(f"{name}.zst")
            stub = elsewhere.Stub(bytes=row.bytes, total=total, digest=row.digest, packed=packed)
            path = run.events / segment_name(row.shard, row.segment, elsewhere.SUFFIX)
            path.write_bytes(msgspec.json.encode(stub))
            mark = mark_of(path)
            assert mark is not None
            hashed[path.name] = Hashed(
                at=gathered,
                mark=mark,
                header=Header(
                    schema=SCHEMA_VERSION,
                    run=identity,
                    shard=row.shard,
                    segment=row.segment,
                    previous=previous,
                ),
                good_bytes=row.bytes,
                events=row.events,
                digest=row.digest,
            )
            previous = row.digest
    write_hashed(run.hashed, hashed)


def _check_sizes(run: RunFolder, objects: Objects, there: Mapping[str, int]) -> None:
    """Compare the objects of the log with the seal, by their sizes."""
    for shard in _sealed(run).shards:
        for row in shard.segments:
            name = segment_name(row.shard, row.segment)
            stub = elsewhere.read_stub(run.events / f"{name}{elsewhere.SUFFIX}")
            right = row.bytes if stub.packed is None else stub.packed
            size = there.get(f"events/{name}{'' if stub.packed is None else '.zst'}")
            if size != right:
                what = "missing" if size is None else f"of {size:,} bytes, not {right:,}"
                problem = f"in {objects.address}/events it is {what}"
                raise LogDamaged(run.events / name, 0, problem)
