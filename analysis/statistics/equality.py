"""When numbers are equal: looked at before anything is tested, for rounding is no difference.

Agents that do not answer to a price decide alike at every price, since decisions share their draws.
A slope through such rates is 0 but for rounding, some 1e-16, with an error as small; divided by one
another these give any p at all.
"""

from __future__ import annotations

from collections.abc import Sequence

from retailsim.analysis.statistics.values import LEVEL, Interval, Test

NO_DIFFERENCE = "no difference"
"""The note of a test whose sides are equal."""

TOLERANCE = 1e-9
"""Relative: rates of fewer than a billion episodes differ by more, or not at all."""

SAME_LOG_ODDS = 1e-6
"""Change of the log odds below which a fitted rate has not moved: fits stop about there."""


def same(values: Sequence[float]) -> bool:
    """Whether all values are equal within `TOLERANCE` of the largest."""
    if not values:
        return True
    return max(values) - min(values) <= TOLERANCE * max(map(abs, values))


def most_missed(n: int) -> float:
    """The share that something may have and yet be missed in `n` observations, 95% sure.

    The rule of three, exactly: ``1 - 0.05 ** (1 / n)``, about ``3 / n``.
    """
    return 1.0 - (1.0 - LEVEL) ** (1.0 / n) if n else 1.0


def no_difference(method: str, n: int, most: float | None = None) -> Test:
    """Return the test of sides that are equal.

    Parameters
    ----------
    most : float or None
        The largest effect, either way, that could have been missed; None where nobody can say.
    """
    how = f"{NO_DIFFERENCE}; more would have shown"
    interval = None if most is None else Interval(-most, most, how)
    return Test(method=method, estimate=0.0, p=1.0, interval=interval, n=n, note=NO_DIFFERENCE)
