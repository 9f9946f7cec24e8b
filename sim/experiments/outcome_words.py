"""Words of an experiment's outcome, as they stand on the terminal and on its page."""

from __future__ import annotations

from retailsim.analysis.experiments.outcomes import JudgedClaim
from retailsim.analysis.measures.value_text import written
from retailsim.market.core.money import whole_dollars

_WHOLE = 100_000
"""From so many cents on, money is in whole dollars."""


def number_said(unit: str, value: float) -> str:
    """Write a number by its unit."""
    if unit == "cents" and abs(value) >= _WHOLE:
        return whole_dollars(value)
    return written(unit, value)


def ends_said(unit: str, low: float, high: float) -> str:
    """Write the ends of an interval by their unit."""
    return f"{number_said(unit, low)} to {number_said(unit, high)}"


def how(finding: JudgedClaim) -> str:
    """How the interval or p was found; where there is none, why."""
    test = finding.test
    if test.note:
        return test.note
    if test.interval is None:
        return test.method
    if finding.one_tailed:  # the interval is of both sides, so p is of another test
        return f"p: {test.method}; interval: {test.interval.method}"
    return test.interval.method
