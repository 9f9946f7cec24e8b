"""What a user can do wrong with a backtest; each message is one line."""

from __future__ import annotations

from pathlib import Path

from retailsim.sim.errors import SimError


class BadObserved(SimError):
    """The file of observed changes cannot be read or makes no sense; says where in it."""

    def __init__(self, path: Path, line: int | None, problem: str) -> None:
        place = "" if line is None else f", line {line}"
        super().__init__(f"{path}{place}: {problem}")
