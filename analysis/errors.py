"""What can be wrong with what analysis is given."""

from __future__ import annotations


class AnalysisError(Exception):
    """Base of every error a user of `analysis` can cause."""


class LogUnreadable(AnalysisError):
    """A segment's bytes are the ones written, and yet they are not JSON lines.

    Parameters
    ----------
    segment : str
        The segment's file name.
    detail : str
        What the parser said.
    """

    def __init__(self, segment: str, detail: str) -> None:
        self.segment = segment
        self.detail = " ".join(detail.split())[:200]
        super().__init__(
            f"events/{segment}: a line is not a JSON object ({self.detail}); "
            "restore the segment from a copy or run the scenario again"
        )


class NotARun(AnalysisError):
    """The folder holds no event log.

    Parameters
    ----------
    run : str
        The folder that was given.
    """

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(f"{run}: no events/ folder here; give the folder of a run")
