"""What the statistics return: plain values, never NaN; what cannot be said has a reason."""

from __future__ import annotations

import msgspec

LEVEL = 0.95
"""Of all intervals."""

FEW_CLUSTERS = 20
"""Below so many clusters, intervals use Student's t instead of large-sample theory."""


class Interval(msgspec.Struct, frozen=True):
    """Two ends and how they were found."""

    low: float
    high: float
    method: str

    @property
    def rough(self) -> bool:
        """Whether too few clusters stand behind it to say well how far it reaches."""
        return self.method.endswith("rough")


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate or a mean with what it is worth.

    Parameters
    ----------
    value : float or None
        None where nothing was counted.
    n : int
        Trials, orders, reviews: what stands below the line.
    interval : Interval or None
        None where there is none; then `note` says why.
    effective_n : float or None
        So many independent observations would say as much: n / design effect.
    design_effect : float or None
        Variance by clusters / variance as if observations were independent.
    clusters : int
        Clusters with at least one observation.
    note : str
        What a reader has to know; empty where nothing is.
    two_way : Interval or None
        One that allows for other buyers as well as for other products; None where none was asked
        for, or there is too little of either.
    """

    value: float | None
    n: int
    interval: Interval | None = None
    effective_n: float | None = None
    design_effect: float | None = None
    clusters: int = 0
    note: str = ""
    two_way: Interval | None = None


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """The result of a test.

    Parameters
    ----------
    estimate : float or None
        What is tested, such as a difference.
    p : float or None
        None where the test says nothing; then `note` says why.
    interval : Interval or None
        Of the estimate.
    """

    __test__ = False  # pytest: not a test class

    method: str
    estimate: float | None = None
    p: float | None = None
    interval: Interval | None = None
    n: int = 0
    note: str = ""
