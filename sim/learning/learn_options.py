"""What `policy learn` is told, whatever the protocol."""

from __future__ import annotations

from pathlib import Path

import msgspec

from retailsim.sim.learning.promises import SURE


class LearnOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    scenario: str
    out: Path
    learner: str = "linucb"
    conversations: int = 10_000
    seed: int = 1
    reward: tuple[str, ...] = ()
    limit: tuple[str, ...] = ()
    floor: tuple[str, ...] = ()
    sure: float = SURE
    seller: str | None = None
    buyers: str | None = None
    catalog: Path | None = None
    profiles: Path | None = None
    settings: tuple[str, ...] = ()
