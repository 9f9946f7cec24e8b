"""What policies are worth, and to whom: seller, buyers and rules in one table, and a verdict.

Every policy stands in the same columns, so that none looks good by what is left out. A mean over
training seeds has an interval that allows for other seeds and for other profiles at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.experiments.outcomes import (
    JudgedClaim,
    OutcomeRow,
    OutcomeTable,
    Value,
    estimate_of,
    with_holm,
)
from retailsim.analysis.statistics.over_seeds import over_seeds
from retailsim.analysis.statistics.values import Interval, Test
from retailsim.sim.learning.csales.playing import Outcomes
from retailsim.sim.learning.csales.pooled import Pooled
from retailsim.sim.learning.limits import Limit

Floats = NDArray[np.float64]
Judges = Outcomes | Pooled
"""One half judges, or each judges what the other taught."""
Groups = Mapping[str, Sequence[str]]
"""What stands in a table -> its seats: one for each training seed, or a single one."""


class Column(NamedTuple):
    """A column of the table."""

    name: str
    term: str
    unit: str
    factor: float = 1.0


REVENUE = Column("net revenue", "revenue", "cents", 100.0)
SURPLUS = Column("buyer surplus", "surplus", "cents", 100.0)
OVER = Column("over budget", "over_budget", "share")
COLUMNS = (
    REVENUE,
    Column("SR", "sale", "share"),
    SURPLUS,
    OVER,
    Column("refunded", "refunded", "cents", 100.0),
    Column("illegal", "illegal", "share"),
    Column("mask rules broken", "mask_rules", "number"),
    Column("other rules broken", "other_rules", "number"),
)
"""All per conversation. Those that nobody counted are left out."""


def worth_table(outcomes: Judges, groups: Groups, *, name: str, title: str) -> OutcomeTable:
    """Return what each policy comes to, for the seller, the buyers and the rules.

    Parameters
    ----------
    outcomes : Outcomes or Pooled
    groups : mapping of label to seats
    name, title : str
        Of the table.
    """
    rows = tuple(
        OutcomeRow(
            label=label,
            values=tuple(
                Value(
                    name=one.name, unit=one.unit, measured=estimate_of(mean(outcomes, seats, one))
                )
                for one in COLUMNS
                if one.term in outcomes.terms
            ),
        )
        for label, seats in groups.items()
    )
    return OutcomeTable(name=name, title=title, rows=rows)


def mean(outcomes: Judges, seats: Sequence[str], column: Column) -> Test:
    """Return what policies come to per conversation, profiles weighing alike.

    That of a single seat is for that policy, whether or not it was learnt.
    """
    found = _tested(outcomes, lambda one: _rows(one, seats, column.term))
    if len(seats) == 1 and found.estimate is not None:
        found = msgspec.structs.replace(found, note="")
    return _times(found, column.factor)


def gain(outcomes: Judges, seats: Sequence[str], old: str, column: Column) -> Test:
    """Return by how much policies exceed another one, with the same buyers."""

    def above(one: Outcomes) -> Floats:
        return _rows(one, seats, column.term) - one.of(old, column.term)

    return _times(_tested(outcomes, above), column.factor)


def _tested(outcomes: Judges, rows: Callable[[Outcomes], Floats]) -> Test:
    return outcomes.tested(rows) if isinstance(outcomes, Pooled) else over_seeds(rows(outcomes))


def _rows(outcomes: Outcomes, seats: Sequence[str], term: str) -> Floats:
    return np.stack([outcomes.of(seat, term) for seat in seats])


def _times(test: Test, factor: float) -> Test:
    if test.estimate is None:
        return test
    ends = test.interval and Interval(
        test.interval.low * factor, test.interval.high * factor, test.interval.method
    )
    return msgspec.structs.replace(test, estimate=test.estimate * factor, interval=ends)


def gains(
    outcomes: Judges, label: str, seats: Sequence[str], others: Sequence[str]
) -> tuple[JudgedClaim, ...]:
    """Return by how much what was learnt exceeds each of the others, in revenue and surplus."""
    return with_holm(
        [
            JudgedClaim(
                claim=f"{column.name} of {label} minus {other}",
                test=gain(outcomes, seats, other, column),
                unit=column.unit,
            )
            for column in (REVENUE, SURPLUS)
            for other in others
        ]
    )


def headroom(outcomes: Judges, seats: Sequence[str], old: str, oracle: str) -> float | None:
    """Return the share of an oracle's gain over the old policy that was learnt, in revenue.

    None where the oracle gains nothing: then there is no headroom to take a share of.
    """
    most = gain(outcomes, [oracle], old, REVENUE).estimate
    found = gain(outcomes, seats, old, REVENUE).estimate
    return None if most is None or found is None or most <= 0.0 else found / most


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Whether to change policies.

    Parameters
    ----------
    better : bool
    why : str
    """

    better: bool
    why: str


def verdict(revenue: Test, surplus: Test | None, old: str) -> Verdict:
    """Return whether a new policy takes the old one's place.

    It does if it earns more for sure (the lower end of the 95% interval of the gain is above 0)
    and its buyers do not come off worse. Otherwise the old one is kept: where nothing is to be
    gained, that is what comes out in at least 97.5% of cases.

    Parameters
    ----------
    revenue, surplus : Test
        Gains over the old policy, per conversation; surplus is None where buyers cannot say.
    old : str
        Its name.
    """
    keep = f"keep {old}"
    if revenue.interval is None:
        return Verdict(better=False, why=f"{keep}: {revenue.note or 'no interval of the gain'}")
    if revenue.interval.low <= 0.0:
        return Verdict(better=False, why=f"{keep}: the gain is not above 0 for sure")
    if surplus is not None and (surplus.estimate or 0.0) < 0.0:
        return Verdict(better=False, why=f"{keep}: what is gained is taken from buyers")
    return Verdict(better=True, why=f"take the new one instead of {old}: it earns more for sure")


def held(outcomes: Outcomes, seats: Sequence[str], bound: float, tolerance: float) -> bool:
    """Return whether the over-budget rate's upper end is at most the limit plus a tolerance."""
    interval = mean(outcomes, seats, OVER).interval
    return interval is not None and interval.high <= bound + tolerance


def limit_told(outcomes: Outcomes, seats: Sequence[str], limit: Limit, tolerance: float) -> str:
    """Say whether those who judge show that a limit on over-budget sales is held, or cannot tell.

    Parameters
    ----------
    outcomes : Outcomes
    seats : sequence of str
        One for each training seed.
    limit : Limit
    tolerance : float
        How far above it the upper end may be.
    """
    rate = mean(outcomes, seats, OVER)
    if held(outcomes, seats, limit.bound, tolerance):
        kept = "held"
    elif rate.interval is not None and rate.interval.low > limit.bound:
        kept = "broken"
    else:
        kept = f"not shown to be held, nor broken: {len(outcomes.profiles)} profiles cannot tell"
    ends = f" ({rate.interval.low:.1%} to {rate.interval.high:.1%})" if rate.interval else ""
    found = f"held out {rate.estimate or 0.0:.1%}{ends}"
    return f"{limit.words}; {kept} ({found}; an upper end {tolerance:.0%} above it is tolerated)"
