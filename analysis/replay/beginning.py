"""How far an unfinished run has come in the list that it is played along: no sample of it.

Designs play the products of the catalogue in its order, and conversations the profiles in theirs.
What an unfinished run holds is then the list's beginning, often one category of it.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import polars as pl

from retailsim.analysis.measures.rows import COUNTS
from retailsim.analysis.measures.scope import SHARED_BY, scope
from retailsim.analysis.projection.registered import is_in_order

_MOST_BYTES = 2**28
"""Of a list: a larger one is not ours. A product takes some kilobytes."""


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """So much of the list was begun.

    Parameters
    ----------
    shared : str
        What it is a list of: ``product`` or ``profile``.
    begun, planned : int
        How many have an episode, and how many there are.
    """

    shared: str
    begun: int
    planned: int

    @property
    def kind(self) -> str:
        """What "of this kind" means where intervals are explained."""
        return f"like the {self.begun:,} of {self.planned:,} that were begun"

    def __str__(self) -> str:
        """Return it as a sentence."""
        whole = "catalogue" if self.shared == "product" else f"list of {self.shared}s"
        return (
            f"What is done is the beginning of the {whole} ({self.begun:,} of {self.planned:,} "
            f"{self.shared}s), not a sample of it: numbers and intervals do not speak of the "
            "rest."
        )


def beginning(run: Path, episodes: pl.LazyFrame) -> Beginning | None:
    """Return how much of its list an unfinished run has begun.

    None where all of it is, or where what is done is not the beginning: people choose when they
    come, and shares begin in many places. So it is where nobody knows the list.

    Parameters
    ----------
    episodes : polars.LazyFrame
        As a projection has them.
    """
    shared = scope(episodes).shared
    if shared not in SHARED_BY or not is_in_order(run):
        return None
    found = episodes.filter(COUNTS).select(pl.col(shared).drop_nulls().unique())
    begun = found.collect(engine="streaming")[shared].to_list()
    places = _places(run / "inputs" / f"{shared}s.jsonl")
    if not begun or not all(one in places for one in begun):
        return None
    reached = max(places[one] for one in begun) + 1
    # Workers run ahead of each other by a few, and a market that failed opened no episode.
    if reached == len(places) or 2 * len(begun) < reached:
        return None
    return Beginning(shared=shared, begun=len(begun), planned=len(places))


class _Listed(msgspec.Struct, frozen=True):
    id: str


def _places(path: Path) -> dict[str, int]:
    """Return where each stands in a list; nothing where it cannot be read."""
    decode = msgspec.json.Decoder(_Listed).decode
    try:
        # A pipe would be waited for without end, and a stranger's line has any length and depth.
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return {}
        with path.open("rb") as lines:
            return {decode(line).id: number for number, line in enumerate(lines)}
    except (OSError, ValueError, RecursionError):
        return {}
