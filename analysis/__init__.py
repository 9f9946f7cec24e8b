"""What it means: measures replayed from the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "analysis":  # imported by its bare name, it would be a second copy of every module
    raise ImportError(
        "analysis of RetailSim is retailsim.analysis: write `from retailsim.analysis import ...`"
    )

if TYPE_CHECKING:
    from retailsim.analysis.projection.projection import Projection

__all__ = ["load"]


def load(run: str | Path) -> Projection:
    """Return a run as Polars frames: its episodes, markets and model calls.

    The way in for notebooks; `analysis.projection.projection.Projection` and ``docs/export.md`` say
    what the frames hold. The frames are kept in ``RUN/derived`` and read from there as long as the
    log is the same. What reads the log is imported with the first call.

    Parameters
    ----------
    run : str or Path
        The run's folder; its log may be unfinished.

    Raises
    ------
    NotARun
        If there is no log in the folder.
    LogDamaged
        If the log does not hold what was written.
    LogUnreadable
        If it does, and an event in it is not as `events.messages` says.
    """
    from retailsim.analysis.projection.loader import load as read

    return read(Path(run))
