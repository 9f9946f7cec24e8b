"""Addresses of the episodes that something is about."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

_STEPS: Mapping[str, Mapping[str, str]] = {"offered": {}, "bought": {"bought": "yes"}}
"""Steps of the funnel that a list of episodes can be narrowed to."""
_KEYS = ("seller", "buyer", "category", "product", "status", "stage", "bought")


def to_episodes(about: Mapping[str, str]) -> str | None:
    """Return the address of a run's episodes that something is about, from a page beside them.

    Parameters
    ----------
    about : mapping of str to str
        As `analysis.exhibits.parts.ReportTable` says it of a row.

    Returns
    -------
    str or None
        None for what the list cannot be narrowed to.
    """
    if "step" in about:
        step = _STEPS.get(about["step"])
        if step is None:
            return None
        about = step
    query = urlencode({key: about[key] for key in _KEYS if about.get(key)})
    return f"episodes?{query}" if query else "episodes"
