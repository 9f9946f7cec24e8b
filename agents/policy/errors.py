"""What can be wrong with a policy; each message is one line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retailsim.agents.errors import AgentsError


class BadPolicy(AgentsError):
    """A file holds no policy that can take a seat here."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")


class NotAllowed(AgentsError):
    """An option was chosen that is not legal now."""

    def __init__(self, option: str, allowed: Sequence[str]) -> None:
        super().__init__(f"option {option}; allowed now: {', '.join(allowed)}")
