"""In which order a rater meets the items, and which of them a second time, unannounced."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from retailsim.analysis.annotation.selection import digest

REPEATS = 5
"""Of a hundred items so many are shown twice, unless asked otherwise."""
MOST_REPEATS = 50
"""What is repeated is drawn from the first half of what a rater meets."""


class Place(msgspec.Struct, frozen=True):
    """Where a rating belongs: an item, and whether it is shown for the second time."""

    item: str
    again: bool = False


def presented(
    items: Sequence[str], rater: str, *, seed: int, repeats: int = REPEATS
) -> tuple[Place, ...]:
    """Return what a rater is shown, in order.

    The order and the repeats hang on the seed, the rater's name and the items alone. An item comes
    again at the earliest when half of all items have come after it, so that what was said the first
    time is forgotten as far as that can be.

    Parameters
    ----------
    items : sequence of str
        Their ids, in any order.
    seed : int
        That of the export.
    repeats : int
        How many of a hundred items are shown twice, 0 to `MOST_REPEATS`, rounded half up (below
        ten items, 5 of a hundred are none), and at most half of them, rounded down.

    Returns
    -------
    tuple of Place
        Each item once, and the repeated ones once more with `again`.
    """
    drawn = sorted(items, key=lambda item: _drawn(seed, rater, "order", item))
    half = len(drawn) // 2
    ranks = {item: rank for rank, item in enumerate(drawn)}
    early = sorted(drawn[:half], key=lambda item: _drawn(seed, rater, "again", item))
    found = [(float(rank), item, False) for item, rank in ranks.items()]
    for item in early[: (len(drawn) * repeats + 50) // 100]:
        soonest = ranks[item] + half
        after = soonest + int(_drawn(seed, rater, "after", item), 16) % (len(drawn) - soonest)
        found.append((after + 0.5, item, True))
    return tuple(Place(item, again) for _, item, again in sorted(found))


def _drawn(seed: int, rater: str, what: str, item: str) -> str:
    return digest(f"{seed}/{what}/{item}/{rater}")
