"""A seller's choice in words: what it was, out of what, and how likely each option was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from retailsim.market.core.propensities import shares

Event = Mapping[str, Any]


def options(event: Event) -> Iterator[tuple[str, str]]:
    """Yield what could have been chosen, with its probability where the seller knew it.

    Parameters
    ----------
    event : mapping
        With ``options`` and ``probabilities``, as they stand in the log.
    """
    names, known = event.get("options") or (), event.get("probabilities")
    likely = [""] * len(names) if known is None else [f"{one:.1%}" for one in shares(known)]
    yield from zip(names, likely, strict=True)
