"""Adjusting p values of several tests: Holm for planned contrasts, Benjamini-Hochberg for grids.

Where intervals stand beside p values, both are adjusted alike, so that an interval leaves out 0
exactly where its p is below 5%: Bonferroni for contrasts (their intervals hold together), and for
grids Benjamini-Hochberg with the intervals of Benjamini and Yekutieli (2005), of which on average
5% of the selected ones are wrong.

Both are a few lines; those of statsmodels collect all garbage of the process at each call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

ALPHA = 0.05


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's adjusted p values, in order: the family-wise error stays at the level."""
    return _adjusted(values, "holm")


def benjamini_hochberg(values: Sequence[float | None]) -> list[float | None]:
    """Return adjusted p values, in order: the share of false discoveries stays at the level."""
    return _adjusted(values, "fdr_bh")


def bonferroni(values: Sequence[float | None]) -> list[float | None]:
    """Return Bonferroni's adjusted p values, in order."""
    return _adjusted(values, "bonferroni")


def simultaneous_level(values: Sequence[float | None]) -> float:
    """Return the level of intervals that go with `bonferroni`: together they hold 95% of times."""
    return 1.0 - ALPHA / max(1, _known(values))


def selected_level(values: Sequence[float | None]) -> float:
    """Return the level of intervals that go with `benjamini_hochberg`."""
    adjusted = benjamini_hochberg(values)
    selected = sum(p is not None and p <= ALPHA for p in adjusted)
    return 1.0 - max(1, selected) * ALPHA / max(1, _known(values))


def _known(values: Sequence[float | None]) -> int:
    return sum(value is not None for value in values)


def _adjusted(values: Sequence[float | None], method: str) -> list[float | None]:
    """Adjust those that are known; a test that says nothing takes no part."""
    known = np.array([value for value in values if value is not None], dtype=np.float64)
    order = np.argsort(known, kind="stable")
    adjusted = np.empty_like(known)
    adjusted[order] = np.minimum(1.0, _METHODS[method](known[order]))
    found = iter(adjusted.tolist())
    return [None if value is None else next(found) for value in values]


def _holm(ordered: Floats) -> Floats:
    """From the smallest on: p times the tests that are left, never below the one before."""
    left = np.arange(len(ordered), 0, -1)
    found: Floats = np.maximum.accumulate(ordered * left)
    return found


def _benjamini_hochberg(ordered: Floats) -> Floats:
    """From the largest on: p times the tests / its rank, never above the one after."""
    ranks = np.arange(1, len(ordered) + 1)
    found: Floats = np.minimum.accumulate((ordered * len(ordered) / ranks)[::-1])[::-1]
    return found


_METHODS: Mapping[str, Callable[[Floats], Floats]] = {
    "holm": _holm,
    "fdr_bh": _benjamini_hochberg,
    "bonferroni": lambda ordered: ordered * len(ordered),
}
"""Name -> from p values in ascending order to adjusted ones, before these are cut off at 1."""
