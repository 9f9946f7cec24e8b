"""Addresses of the episodes that something is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

Link = Callable[[Mapping[str, str]], str]

_KEYS = ("seller", "buyer", "category", "product", "status", "stage", "bought", "step")


def to_episodes(about: Mapping[str, str]) -> str:
    """Return the address of a run's episodes that something is about, from a page beside them.

    Parameters
    ----------
    about : mapping of str to str
        As `analysis.exhibits.parts.ReportTable` says it of a row.
    """
    query = {key: about[key] for key in _KEYS if about.get(key)}
    if about.get("reason"):
        query["text"] = about["reason"]
    return f"episodes?{urlencode(query)}" if query else "episodes"


def to_decided(about: Mapping[str, str]) -> str:
    """Return the same of a run some of whose episodes came to no decision.

    Numbers of seats and products are of the decided ones; what says a status or step keeps it.
    """
    chosen = bool(about.get("status") or about.get("step"))
    return to_episodes(about if chosen or not about else {**about, "step": "offered"})
