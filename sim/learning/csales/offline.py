"""`policy learn RUN...` where the runs are of sales conversations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from retailsim.agents.csales.policy.features import VERSION
from retailsim.sim.learning import offline
from retailsim.sim.learning.csales.logged import SalesLogs
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.offline import FromLogs


def from_logs(
    runs: Sequence[Path],
    *,
    reward: Mapping[str, float],
    limits: Sequence[Limit] = (),
    seller: str | None = None,
    seed: int = 1,
) -> FromLogs:
    """Learn a policy from finished conversations; see `sim.learning.offline.from_logs`."""
    return offline.from_logs(
        SalesLogs(), VERSION, runs, reward=reward, limits=limits, seller=seller, seed=seed
    )
