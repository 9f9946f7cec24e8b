"""For tests of what is kept of a log's segments: what was parsed, and what is not as it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.projection import log_pieces
from retailsim.analysis.projection.loader import load, project
from retailsim.analysis.projection.protocol_tables import TableSet
from retailsim.events.log.segment import Segment

FRAMES = ("episodes", "markets", "calls", "episode_calls", "answerers")


def parsed_since(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the segments that a replay parses from now on."""
    names: list[str] = []
    parsing = log_pieces._parsed

    def counting(tables: TableSet, segment: Segment, good: int | None = None) -> log_pieces._Found:
        names.append(segment.path.name)
        return parsing(tables, segment, good)

    monkeypatch.setattr(log_pieces, "_parsed", counting)
    return names


def unlike_a_fresh_one(run: Path) -> list[str]:
    """Return the tables in which what a replay finds differs from what the log says."""
    kept, fresh = load(run), project(run / "events")
    return [name for name in FRAMES if not getattr(kept, name).equals(getattr(fresh, name))]
