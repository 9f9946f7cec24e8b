"""Runs of sales conversations for tests of what is read off them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from retailsim.events.log.seal import write_seal
from retailsim.events.log.writer import LogWriter
from retailsim.events.messages import SCHEMA_VERSION
from tests.sim.runs import event_lines, launched

Event = dict[str, Any]


def talked(out: Path, *more: object, sellers: str = "csi", profiles: int = 12) -> Path:
    """Launch conversations with a few of the built-in profiles."""
    launched(out, "csales", "--sellers", sellers, "--set", f"profiles.count={profiles}", *more)
    return out


def rewritten(run: Path, out: Path, change: Callable[[Event], Event | None]) -> Path:
    """Copy a run with every event changed, its log whole and sealed; None leaves one out."""
    shutil.copytree(run, out, ignore=shutil.ignore_patterns("derived", "events"))
    (out / "events").mkdir()
    kept = [one for one in map(change, map(msgspec.json.decode, event_lines(run))) if one]
    with LogWriter(out / "events", run="x", shard=0, schema=SCHEMA_VERSION) as writer:
        writer.append(b"".join(msgspec.json.encode(one) + b"\n" for one in kept), len(kept))
    write_seal(out / "events")
    return out


def only(kind: str, **fields: Any) -> Callable[[Event], Event]:
    """Return the change of some fields in every event of a kind."""
    return lambda event: event | fields if event["type"] == kind else event
