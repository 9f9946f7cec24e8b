"""Which episodes of two runs are pairs: of one product, at one place of the design, once each.

Seats are the same if they draw by the same key, their `stream`, whatever they are called. Those
that are left over on either side, as where a rival took a seller's place, pair in their order:
what their episodes share is the product and the replication, not the seats' draws.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from retailsim.events.messages import Role

ROLES: tuple[Role, ...] = ("seller", "buyer")
CONDITIONS = ("price_multiplier", "discount")
"""They tell episodes of a run apart that has several."""
_KEY = ("product", "unit", *(f"{role}_place" for role in ROLES), "replication")

Streams = Mapping[str, Mapping[str, str]]
"""By role and id of a seat, in the order of the design, the key of its draws. A seat that is not
there draws by its id, and stands behind those that are."""


class SeatChange(msgspec.Struct, frozen=True, kw_only=True):
    """A seat that the runs do not have alike.

    Parameters
    ----------
    role : {"seller", "buyer"}
    first, second : str or None
        Who sits there in each run; None: nobody, so that its episodes have no partner.
    alike : bool
        Whether they draw by one key, under two names.
    """

    role: Role
    first: str | None
    second: str | None
    alike: bool = False


class Paired(msgspec.Struct, frozen=True, kw_only=True):
    """The episodes of two runs with the places that pair them.

    Parameters
    ----------
    one, two : polars.DataFrame
        The episodes with ``seller_place`` and ``buyer_place``.
    both : polars.DataFrame
        Pairs: the columns of the second run end in ``_two``. Empty where a place holds several.
    seats : tuple of SeatChange
        Seats that differ, in their names, their draws, or by having no partner.
    """

    one: pl.DataFrame
    two: pl.DataFrame
    both: pl.DataFrame
    seats: tuple[SeatChange, ...]

    def partnered(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the episodes of each run that have a partner."""
        keys = _keys(self.one, self.two)
        return (
            self.one.join(self.both, on=keys, how="semi", maintain_order="left"),
            self.two.join(self.both, on=keys, how="semi", maintain_order="left"),
        )


def paired(one: pl.DataFrame, two: pl.DataFrame, streams: tuple[Streams, Streams]) -> Paired:
    """Pair the episodes of two runs.

    Parameters
    ----------
    one, two : polars.DataFrame
        With ``product`` and ``unit`` (what is shared: the product or the profile), ``seller``,
        ``buyer``, ``replication`` and the conditions.
    streams : tuple of mapping
        What the seats of the first and of the second run draw by.
    """
    frames = [one, two]
    changes: list[SeatChange] = []
    for role in ROLES:
        seats = [
            _drawn_by(part[role], known.get(role, {}))
            for part, known in zip(frames, streams, strict=True)
        ]
        places = _places(*seats)
        changes += _changes(role, *places)
        for side, names in enumerate(places):
            place = pl.col(role).replace(names).alias(f"{role}_place")
            frames[side] = frames[side].with_columns(place)
    one, two = frames
    keys = _keys(one, two)
    several = any(part.select(keys).is_duplicated().any() for part in frames)
    both = one.head(0) if several else one.join(two, on=keys, suffix="_two")
    return Paired(one=one, two=two, both=both, seats=tuple(changes))


def _keys(one: pl.DataFrame, two: pl.DataFrame) -> list[str]:
    """What a pair has in common; conditions count only where a run has several of them."""
    several = (key for key in CONDITIONS if max(one[key].n_unique(), two[key].n_unique()) > 1)
    return [*_KEY, *several]


def _drawn_by(column: pl.Series, known: Mapping[str, str]) -> dict[str, str]:
    """Return what those draw by who took part, in the order of the design."""
    there = set(column.drop_nulls().to_list())
    ordered = [name for name in known if name in there]
    ordered += sorted(there - known.keys())
    return {name: known.get(name, name) for name in ordered}


_OTHERS = "\0"
"""Begins the places of seats that do not draw alike: no key of draws holds it."""


def _places(
    one: Mapping[str, str], two: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return each seat's place by its id, for both runs."""
    sides = (one, two)
    several = {key for side in sides for key, n in Counter(side.values()).items() if n > 1}
    first, second = (
        {name: f"{key}/{name}" if key in several else key for name, key in side.items()}
        for side in sides
    )
    alike = set(first.values()) & set(second.values())
    for places in (first, second):
        rest = [name for name, key in places.items() if key not in alike]
        places |= {name: f"{_OTHERS}{number}" for number, name in enumerate(rest)}
    return first, second


def _changes(role: Role, first: Mapping[str, str], second: Mapping[str, str]) -> list[SeatChange]:
    """Return the seats that differ: in their names, their draws, or by having no partner."""
    one, two = ({place: name for name, place in side.items()} for side in (first, second))
    return [
        SeatChange(
            role=role, first=one.get(place), second=two.get(place), alike=_OTHERS not in place
        )
        for place in {**one, **two}
        if _OTHERS in place or one.get(place) != two.get(place)
    ]


def unlike(seats: Sequence[SeatChange], role: Role) -> bool:
    """Whether episodes pair that other seats of a role had, so that these drew otherwise."""
    return any(one.role == role and one.first and one.second and not one.alike for one in seats)
