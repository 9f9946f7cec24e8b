"""What a user can do wrong with a plan; each message is one line."""

from __future__ import annotations

from retailsim.sim.errors import SimError


class BadPlan(SimError):
    """What is planned for makes no sense, or a pilot cannot say anything of it."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"plan {place}: {problem}")
