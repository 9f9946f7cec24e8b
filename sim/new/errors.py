"""What a user can do wrong with `new`; each message is one line."""

from __future__ import annotations

from pathlib import Path

from retailsim.sim.errors import SimError


class NobodyToAsk(SimError):
    """No terminal, and not all is told."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            f"new: there is no terminal to ask on; give {missing}, or --yes for what is usual"
        )


class NotOverwritten(SimError):
    """The file is there."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists and is not overwritten; name another file with --out")


class BadAnswer(SimError):
    """An answer makes no scenario."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"new: {place}: {problem}")
