"""Addresses of the episodes that something is about."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

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
