"""Adjusting p values of several tests: Holm for planned contrasts, Benjamini-Hochberg for grids."""

from __future__ import annotations

from collections.abc import Sequence

from statsmodels.stats.multitest import multipletests


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Return Holm's adjusted p values, in order: the family-wise error stays at the level."""
    return _adjusted(values, "holm")


def benjamini_hochberg(values: Sequence[float | None]) -> list[float | None]:
    """Return adjusted p values, in order: the share of false discoveries stays at the level."""
    return _adjusted(values, "fdr_bh")


def _adjusted(values: Sequence[float | None], method: str) -> list[float | None]:
    """Adjust those that are known; a test that says nothing takes no part."""
    known = [value for value in values if value is not None]
    if not known:
        return list(values)
    adjusted = iter(multipletests(known, method=method)[1])
    return [None if value is None else float(next(adjusted)) for value in values]
