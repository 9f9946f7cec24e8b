"""The file that a policy is written to: a new one, or an error that says what to do."""

from __future__ import annotations

from pathlib import Path

from retailsim.agents.policy.linear import LinearPolicy
from retailsim.sim.errors import CannotWrite
from retailsim.sim.learning.errors import PolicyExists


def check_new(path: Path) -> None:
    """Refuse a file that is there already; raises `PolicyExists`."""
    if path.exists():
        raise PolicyExists(path)


def write(policy: LinearPolicy, path: Path) -> None:
    """Write a policy's file.

    Raises
    ------
    CannotWrite
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        policy.save(path)
    except OSError as error:
        raise CannotWrite(path, error, "name another file with --out") from None
