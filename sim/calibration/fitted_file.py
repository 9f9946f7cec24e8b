"""The files that `calibrate` writes: how they begin, and what is not overwritten by them."""

from __future__ import annotations

from pathlib import Path

from retailsim.events.named_file import check_named

FITTED = "# Fitted to "
"""How a file of parameters begins."""
SPREAD = "# How the targets of "
"""How a file begins that says how targets vary over seeds."""


def check_fitted(file: Path | None, option: str) -> None:
    """Refuse a file that holds anything else, targets or a run's own among it; None is none.

    Raises
    ------
    InsideRun, InTheWay
    """
    if file is not None:
        advice = f"name another file with {option}"
        check_named(file, _BEGINS, what="a file of parameters or seeds", advice=advice)


_BEGINS = (FITTED.encode(), SPREAD.encode())
