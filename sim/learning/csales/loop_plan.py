"""How large the loop of `experiment policy` is, and what stands in its folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

LIMITS = (0.0, 0.02, 0.05, 0.1, 1.0)
"""Over-budget rates of the frontier; 1 is no limit."""


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """How much is played.

    Parameters
    ----------
    seeds, conversations : int
        Training seeds, and what each of them learns from.
    frontier_seeds, frontier_conversations : int
        The same for each limit of the frontier.
    collected, replications, moved : int
        How often each profile is met: in the log, in the judgement, and for each moved buyer.
    """

    seeds: int = 5
    conversations: int
    frontier_seeds: int
    frontier_conversations: int
    collected: int
    replications: int
    moved: int


QUICK = Sizes(
    conversations=2_000,
    frontier_seeds=1,
    frontier_conversations=2_000,
    collected=10,
    replications=10,
    moved=4,
)
"""Little more than a minute of one core, with the built-in profiles."""
FULL = Sizes(
    conversations=10_000,
    frontier_seeds=1,
    frontier_conversations=5_000,
    collected=20,
    replications=15,
    moved=3,
)
"""Some five minutes of one core, with 365 profiles."""


class Places:
    """Where things are kept in the experiment's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.policies = folder / "policies"
        self.log = folder / "collected"
        self.frozen = folder / "baselines.json"
        self.held_out = folder / "held-out.json"
        self.moved = folder / "moved-buyers.json"

    def policy(self, name: str) -> Path:
        """Return the file of a policy."""
        return self.policies / f"{name}.json"


def learnt_names(sizes: Sizes) -> Sequence[str]:
    """Return the names of the policies that are learnt with the default limit, a seed each."""
    return [f"learnt-{seed}" for seed in range(1, sizes.seeds + 1)]


def frontier_names(sizes: Sizes, limit: float) -> Sequence[str]:
    """Return the names of those of one limit of the frontier."""
    return [f"limit-{limit:g}-{seed}" for seed in range(1, sizes.frontier_seeds + 1)]
