"""What a shop's figure is among the measures of a run, and how sure its sampling makes it.

A share of `n` visits has the error of a binomial, a count per visit that of a Poisson variable;
anything else, such as money, needs the standard deviation of one visit beside it.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from retailsim.sim.backtest.errors import BadObserved
from retailsim.sim.backtest.observed_file import ObservedRow
from retailsim.sim.errors import BadScenario
from retailsim.sim.sweep.asked_measure import asked_measure

if TYPE_CHECKING:
    from retailsim.analysis.measures.measure import Measure
    from retailsim.market.protocols.registry import Protocol

_SHARE_OF = {"orders": "conversion_rate", "returns": "refund_rate", "refunds": "refund_rate"}
"""Counts of a shop that are a share of what `n` counts."""
_COUNTED = ("units", "units_refunded")
"""Counts of a shop of which a visit may have several."""


class Observed(NamedTuple):
    """A row in the units of a measure: shares, cents, units per visit.

    Parameters
    ----------
    noise : float
        The standard error of the change's sampling, above 0.
    """

    of: Measure
    before: float
    after: float
    noise: float

    @property
    def change(self) -> float:
        """By how much it changed."""
        return self.after - self.before


def observed(row: ObservedRow, protocol: Protocol, path: Path) -> Observed:
    """Return what a row says.

    Raises
    ------
    BadObserved
        If its measure is none, or its values cannot be ones of it.
    """
    name = row.measure.strip().lower().replace(" ", "_")
    of = _measure(_SHARE_OF.get(name, name), row, protocol, path)
    sides = ((row.before, row.n_before, row.sd_before), (row.after, row.n_after, row.sd_after))
    counts = name in _SHARE_OF or name in _COUNTED
    ends = []
    for column, (value, n, sd) in zip(("before", "after"), sides, strict=True):
        if counts:
            _check_count(row, path, column, value, n, one_each=name in _SHARE_OF)
        rate = value / n if counts else value * (100.0 if of.unit == "cents" else 1.0)
        ends.append((rate, _error(row, path, column, of, rate, n, sd)))
    (before, one), (after, two) = ends
    return Observed(of=of, before=before, after=after, noise=math.hypot(one, two))


def _measure(name: str, row: ObservedRow, protocol: Protocol, path: Path) -> Measure:
    try:
        return asked_measure(name, protocol)
    except BadScenario as error:
        told = str(error).removeprefix("--measure: ")
        raise BadObserved(path, row.line, f"measure: {told}") from None


def _check_count(
    row: ObservedRow, path: Path, column: str, value: float, n: int, *, one_each: bool
) -> None:
    if value < 0.0 or not value.is_integer() or (one_each and value > n):
        raise BadObserved(
            path,
            row.line,
            f"{column}: {value:g} {row.measure} of {n:,} cannot be; it takes a count"
            + (", or conversion as a share" if row.measure == "orders" else ""),
        )


def _error(
    row: ObservedRow, path: Path, column: str, of: Measure, rate: float, n: int, sd: float | None
) -> float:
    """The standard error of one side; above 0 also where all or nothing was seen."""
    if of.unit == "share":
        if not 0.0 <= rate <= 1.0:
            problem = f"{column}: a share lies in 0 to 1, not at {rate:g}; write 3.1% or 0.031"
            raise BadObserved(path, row.line, problem)
        likely = (rate * n + 1.0) / (n + 2.0)
        return math.sqrt(likely * (1.0 - likely) / n)
    if sd is not None:
        return sd * (100.0 if of.unit == "cents" else 1.0) / math.sqrt(n)
    if of.name in _COUNTED:
        return math.sqrt((rate * n + 1.0) / n) / math.sqrt(n)
    raise BadObserved(
        path,
        row.line,
        f"{row.measure} needs sd_before and sd_after, the standard deviation of one visit, "
        "for nothing else says how much it varies",
    )
