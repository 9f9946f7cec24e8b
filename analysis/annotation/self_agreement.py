"""Whether a rater says the same of an item that is shown a second time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from retailsim.analysis.annotation.answers import Kind, Ratings
from retailsim.analysis.statistics.proportions import binomial
from retailsim.analysis.statistics.values import Estimate


class SelfAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """What one rater said twice.

    Parameters
    ----------
    rater : str
        The label.
    items : int
        Items that were rated both times.
    same : Estimate
        The share of them that was rated the same, with the exact interval.
    difference : float or None
        By how much the two ratings of an item from 1 to 5 differ, on the average; None where no
        such item was rated twice.
    """

    rater: str
    kind: Kind
    items: int
    same: Estimate
    difference: float | None


def self_agreement(ratings: Sequence[Ratings]) -> tuple[SelfAgreement, ...]:
    """Return how raters agree with themselves; who rated nothing twice is left out."""
    return tuple(found for one in ratings if (found := _of(one)) is not None)


def _of(ratings: Ratings) -> SelfAgreement | None:
    both = [
        (ratings.values[item], again)
        for item, again in ratings.again.items()
        if item in ratings.values
    ]
    if not both:
        return None
    same = sum(first == second for first, second in both)
    apart = [
        abs(first - second)
        for first, second in both
        if isinstance(first, int) and isinstance(second, int)
    ]
    return SelfAgreement(
        rater=ratings.label,
        kind=ratings.kind,
        items=len(both),
        same=Estimate(
            value=same / len(both), n=len(both), interval=binomial(same, len(both)).interval
        ),
        difference=sum(apart) / len(apart) if apart else None,
    )
