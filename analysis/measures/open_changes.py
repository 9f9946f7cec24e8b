"""What failed episodes leave open of the changes between two runs, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import polars as pl

from retailsim.analysis.measures.failures import failures_told
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.rows import counted, overall
from retailsim.analysis.measures.table import measure
from retailsim.analysis.measures.value_text import change_written

Row = Mapping[str, Any]
_NET, _LEAST = "net_revenue_cents", "net_revenue_cents_low"


class _Between(NamedTuple):
    """How low and how high a measure may be in a run."""

    low: float
    high: float


def changes_left_open(
    first: pl.DataFrame, second: pl.DataFrame, names: tuple[str, str]
) -> Iterator[str]:
    """Yield what failed in each of two runs, and the bounds of changes that this leaves open.

    Nothing where nothing failed.

    Parameters
    ----------
    first, second : polars.DataFrame
        The episodes of the runs, as a projection has them.
    names : (str, str)
        What the runs are called.
    """
    rows = [overall(counted(episodes)) for episodes in (first, second)]
    for name, row in zip(names, rows, strict=True):
        told = failures_told(row.failed, row)
        if told:
            yield f"{name}: {told}"
    bounds = list(_bounds(*rows))
    if bounds:
        told = f"Changes may be no more than what failed: over the whole runs {_listed(bounds)}."
        if any(row.undecided for row in rows):
            told += " What those would have spent that failed before deciding is in no bound."
        yield told


def _bounds(first: Row, second: Row) -> Iterator[str]:
    """Yield the bounds of what failures left open in one of the runs."""
    for name, open_ in (
        ("conversion_rate", "undecided"),
        ("refund_rate", "unsettled"),
        (_NET, "unsettled"),
    ):
        if not (first[open_] or second[open_]):
            continue
        one, two = (_between(name, row) for row in (first, second))
        if one is not None and two is not None:
            yield _said(measure(name), two.low - one.high, two.high - one.low)


def _between(name: str, row: Row) -> _Between | None:
    if name == _NET:
        n = row["decided"]
        return _Between(row[_LEAST] / n, row[_NET] / n) if n else None
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    return None if low is None or high is None else _Between(low, high)


def _said(of: Measure, low: float, high: float) -> str:
    points = " pts" if of.unit == "share" else ""
    least, most = (change_written(of.unit, end) for end in (low, high))
    return f"that of {of.estimate_label.lower()} lies between {least} and {most}{points}"


def _listed(parts: list[str]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last
