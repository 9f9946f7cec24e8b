"""What can be wrong with what is rated, and with what raters hand in."""

from __future__ import annotations

from retailsim.analysis.projection.errors import AnalysisError

NOT_FOR_RATERS = "its protocol has no rating tasks"


class NothingToRate(AnalysisError):
    """A run holds nothing that the tasks ask about."""

    def __init__(self, run: str, problem: str) -> None:
        super().__init__(f"{run}: nothing to rate: {problem}")


class BadKey(AnalysisError):
    """A key file cannot be read, or is not a key file."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}; give the key.json of an export, or its folder")


class BadRatings(AnalysisError):
    """A file of ratings cannot be read at all, or does not belong to the export."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
