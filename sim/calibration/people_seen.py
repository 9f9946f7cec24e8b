"""What people did, beside what simulated buyers stand on in the same episodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from retailsim.agents.footing import Expected, Footing
from retailsim.events.messages import ASPECTS

Floats = NDArray[np.float64]
Codes = NDArray[np.int_]

_LATER = {"post_inquiry": "settled", "product": "product"}
RATINGS = "buyer.ratings."


class RatedStars(NamedTuple):
    """Stars that a person gave, and the level of ratings that they tell of."""

    episode: int
    key: str
    stars: int


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Episodes of people with the footings of their twins, in one order.

    Parameters
    ----------
    expected : Expected
    person, product : arrays of int
        Codes of who played, and over what.
    people : tuple of str
        Names by code.
    bought : array of bool
    units : array of float
        0 without an order.
    questions : array of float
        Messages before the decision.
    reviews : tuple of RatedStars
    """

    expected: Expected
    person: Codes
    product: Codes
    people: tuple[str, ...]
    bought: NDArray[np.bool_]
    units: Floats
    questions: Floats
    reviews: tuple[RatedStars, ...]

    def __len__(self) -> int:
        """Return how many episodes there are."""
        return len(self.person)

    @property
    def footing(self) -> Footing:
        """One of the footings: what all of them have alike."""
        return self.expected.footings[0]

    def of_people(self, chosen: NDArray[np.bool_]) -> Seen:
        """Return the episodes of some of the people, by code."""
        places = np.flatnonzero(chosen[self.person])
        moved = {int(old): new for new, old in enumerate(places)}
        return Seen(
            expected=self.expected.some(places),
            person=self.person[places],
            product=self.product[places],
            people=self.people,
            bought=self.bought[places],
            units=self.units[places],
            questions=self.questions[places],
            reviews=tuple(
                review._replace(episode=moved[review.episode])
                for review in self.reviews
                if review.episode in moved
            ),
        )


def seen_of(episodes: pl.DataFrame, footings: Mapping[str, Footing]) -> Seen:
    """Return what people did in the episodes that have a footing.

    Parameters
    ----------
    episodes : polars.DataFrame
        Decided ones as a projection has them, with ``person`` and ``pair``.
    footings : mapping of str to Footing
        By the episode's name in the design.
    """
    some = episodes.filter(pl.col("pair").is_in(list(footings))).sort("pair")
    names, person = _codes(some["person"])
    _, product = _codes(some["product"])
    return Seen(
        expected=Expected(tuple(footings[pair] for pair in some["pair"])),
        person=person,
        product=product,
        people=names,
        bought=(some["orders"] > 0).to_numpy(),
        units=some["units"].cast(pl.Float64).to_numpy(),
        questions=some["pre_exchanges"].cast(pl.Float64).to_numpy(),
        reviews=tuple(_reviews(some.to_dicts(), footings)),
    )


def _codes(column: pl.Series) -> tuple[tuple[str, ...], Codes]:
    names, codes = np.unique(np.array(column.to_list(), dtype=str), return_inverse=True)
    return tuple(map(str, names)), codes


def _reviews(
    rows: Sequence[Mapping[str, Any]], footings: Mapping[str, Footing]
) -> list[RatedStars]:
    found = []
    for place, row in enumerate(rows):
        known = footings[row["pair"]].ratings
        for aspect in ASPECTS:
            stars, key = row[f"rating_{aspect}"], _key(aspect, row)
            if stars is not None and key in known:
                found.append(RatedStars(place, key, round(stars)))
    return found


def _key(aspect: str, row: Mapping[str, Any]) -> str:
    """The level that a review tells of: it hangs on whether it was bought, or how it ended."""
    if aspect in _LATER:
        return f"{RATINGS}{_LATER[aspect]}_{row['outcome'] or 'none'}"
    return f"{RATINGS}{aspect}" + "_nonbuyer" * (not row["orders"])
