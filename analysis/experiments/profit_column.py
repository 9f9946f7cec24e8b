"""Profit beside what an experiment compares, where the catalogue has unit costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from retailsim.analysis.experiments.outcomes import OutcomeRow, Value, value_of
from retailsim.analysis.measures.estimates import Measured
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.values import Estimate

NAME = "profit an episode"
"""Its name in ``experiment --json``."""


def profit_value(found: Estimate) -> Value:
    """Return profit per episode as a value of a table."""
    return value_of(measure("profit_cents"), found, name=NAME)


def with_profit(
    rows: Sequence[OutcomeRow], found: Iterable[Measured | None]
) -> tuple[OutcomeRow, ...]:
    """Add profit per episode behind the values of each row; where none is known, the rows stay.

    Parameters
    ----------
    found : iterable of Measured or None
        What was measured of each row; None: nothing, as of one that was only published.
    """
    nothing = Estimate(value=None, n=0)
    profits = [nothing if one is None else one["profit_cents"] for one in found]
    if all(one.value is None for one in profits):
        return tuple(rows)
    return tuple(
        msgspec.structs.replace(row, values=(*row.values, profit_value(profit)))
        for row, profit in zip(rows, profits, strict=True)
    )
