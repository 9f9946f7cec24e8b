"""What can be wrong with a rule file; each message is one line."""

from __future__ import annotations

from pathlib import Path

from retailsim.market.errors import MarketError


class BadRules(MarketError):
    """A rule file that cannot be used; says where in it, and what to do."""

    def __init__(self, source: Path | str, problem: str) -> None:
        super().__init__(f"{source}: {' '.join(problem.split())}")
