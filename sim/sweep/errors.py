"""What a user can do wrong with a sweep; each message is one line."""

from __future__ import annotations

from pathlib import Path

from retailsim.sim.errors import SimError


class BadSweep(SimError):
    """What is swept is not KEY=V1,V2,..., or makes no arms."""

    def __init__(self, told: str, problem: str) -> None:
        super().__init__(f"sweep {told}: {problem}")


class NotASweep(SimError):
    """The folder of a sweep does not say what was swept."""

    def __init__(self, folder: Path, why: str) -> None:
        super().__init__(f"{folder}: {why}")
