"""Why episodes failed, and what they leave open, in a sentence or two for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from retailsim.analysis.measures.value_text import written

_NET = ("net_revenue_cents_low", "net_revenue_cents")


_ASKED_OVER_HTTP = r"^OutsideFailed: .+? asked outside for '\w+ [0-9a-f]{64}': Wire\w+: "
"""Who asked an agent over HTTP, and the digest of the request: it would keep equals apart."""


def failed_of(episodes: pl.DataFrame | pl.LazyFrame) -> pl.LazyFrame:
    """Return stage and reason of the episodes that failed and were not played again."""
    wanted = ~pl.col("superseded") & (pl.col("status") == "failed")
    return episodes.lazy().filter(wanted).select("failed_stage", "failed_reason")


def reasons(failed: pl.DataFrame | pl.LazyFrame) -> pl.DataFrame:
    """Count what failed alike, whatever each had asked an agent over HTTP.

    Parameters
    ----------
    failed : polars.DataFrame or polars.LazyFrame
        What `failed_of` gives.

    Returns
    -------
    DataFrame
        ``failed_stage``, ``failed_reason`` and ``len``, the most common first and equals by name.
    """
    told = pl.col("failed_reason").str.replace(_ASKED_OVER_HTTP, "")
    found = failed.lazy().with_columns(told).group_by("failed_stage", "failed_reason").len()
    by = ["len", "failed_stage", "failed_reason"]
    return found.collect(engine="streaming").sort(by, descending=[True, False, False])


def failures_told(failed: int, overall: Mapping[str, Any]) -> str:
    """Say what failed, how far it counts, and between which bounds the rates lie; "" for nothing.

    Parameters
    ----------
    failed : int
        Failed episodes.
    overall : mapping
        The row of the whole run, as ``replay --json`` has it.
    """
    if not failed:
        return ""
    before, unsettled = overall["undecided"], overall["unsettled"]
    said = (
        f"{_counted(failed, 'episode')} failed: {failed - before:,} after the buyer's decision, "
        f"{before:,} before it. Each counts as far as it came."
    )
    if before:
        low, high = _bounds(overall, "conversion_rate")
        said += f" Conversion would be {low} had none of the {before:,} bought, {high} had all."
    if unsettled:
        low, high = _bounds(overall, "refund_rate")
        orders = _counted(unsettled, "order")
        least, most = (written("cents", overall[name]) for name in _NET)
        said += (
            f" With {orders} of unknown outcome the refund rate lies between {low} and {high}, "
            f"net revenue between {least} and {most}."
        )
    return said


def _bounds(overall: Mapping[str, Any], name: str) -> tuple[str, str]:
    return f"{overall[f'{name}_low']:.1%}", f"{overall[f'{name}_high']:.1%}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
