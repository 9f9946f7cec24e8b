"""What failed episodes leave open, in a sentence or two for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retailsim.analysis.measures.value_text import written

_NET = ("net_revenue_cents_low", "net_revenue_cents")


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
