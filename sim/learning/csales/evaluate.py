"""`policy evaluate`, where the packages that it needs are installed."""

from __future__ import annotations

from typing import Any

from retailsim.sim.errors import packages_for
from retailsim.sim.terminal.terminal import Terminal


def evaluate(terminal: Terminal, **options: Any) -> int:
    """Judge a policy by logs, and say so; returns the exit status: 4 where they cannot tell.

    Parameters
    ----------
    **options
        The fields of `EvaluateOptions`.

    Raises
    ------
    RetailSimError
        If there is no such policy, no log, or a package is missing.
    """
    with packages_for("policy evaluate"):
        from retailsim.sim.learning.csales.bench import BENCH
        from retailsim.sim.learning.judging import EvaluateOptions, judge
    return judge(EvaluateOptions(**options), BENCH, terminal)
