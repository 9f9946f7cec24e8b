"""Why no rules can be held against a run; each message is one line."""

from __future__ import annotations

from pathlib import Path

from retailsim.events.errors import RetailSimError


class NoConduct(RetailSimError):
    """A run's protocol does not say what its sellers do."""

    def __init__(self, run: Path, problem: str) -> None:
        super().__init__(f"{run}: no rules can be checked: {problem}")


class NoTexts(RetailSimError):
    """A run's log leaves out what was said."""

    def __init__(self, run: Path) -> None:
        super().__init__(
            f"{run}: its log leaves out what was said (design.transcripts = false); rules are "
            "checked on the words, so run it again with design.transcripts = true"
        )
