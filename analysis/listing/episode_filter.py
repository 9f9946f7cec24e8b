"""Which episodes are wanted and in which order, as an address says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, get_args
from urllib.parse import urlencode

import msgspec

from retailsim.analysis.listing.errors import BadFilter, not_among
from retailsim.analysis.measures.steps import STEPS
from retailsim.events.messages import Outcome

MOST_ROWS = 1_000
"""That are given at once."""
MOST_TEXT = 200
"""Characters that are searched for."""

CHOICES: Mapping[str, tuple[str, ...]] = {
    "status": ("closed", "failed", "open"),
    "bought": ("yes", "no"),
    "outcome": get_args(Outcome),
    "step": tuple(step.key for step in STEPS),
}
"""Keys whose values do not depend on the run."""

NAMES = ("seller", "buyer", "category", "condition", "product", "stage")
"""Keys whose values are what the run has; ``stage`` is the one at which an episode failed."""

_NUMBERS: Mapping[str, tuple[type[int] | type[float], float, float]] = {
    "min_rating": (float, 1, 5),
    "offset": (int, 0, 10**12),
    "limit": (int, 1, MOST_ROWS),
}
"""Type, least and most."""


class EpisodeFilter(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked of a list of episodes; all that is not set lets every episode through.

    Parameters
    ----------
    text : str
        Stands somewhere in a text of the row (title, ids, people ...), in whatever case.
    seller, buyer, category, condition, product, stage : str
        Exactly this one; ``stage`` is the one at which the episode failed.
    status : {"", "closed", "failed", "open"}
    bought : {"", "yes", "no"}
        Episodes of which it is not known are in neither.
    outcome : {"", "delivered", "exchanged", "refunded"}
    step : {"", "offered", "asked", "bought", "supported", "reviewed", "refunded"}
        Episodes whose decision is known and that came to this step of the funnel.
    min_rating : float
        Least mean of the reviews, 1 to 5; 0: not set, and those without reviews count, too.
    sort : str
        Name of a column, with ``-`` before it for the highest first; empty: by id. What is not
        known comes last either way, and what is alike in the order of ids.
    offset, limit : int
        Which of the rows that are left.
    """

    text: str = ""
    seller: str = ""
    buyer: str = ""
    category: str = ""
    condition: str = ""
    product: str = ""
    status: str = ""
    bought: str = ""
    outcome: str = ""
    step: str = ""
    stage: str = ""
    min_rating: float = 0
    sort: str = ""
    offset: int = 0
    limit: int = 100

    def set(self) -> dict[str, str]:
        """Return what is not as it is by default, by its key, as an address has it."""
        defaults = EpisodeFilter()
        return {
            name: _written(value)
            for name, value in msgspec.structs.asdict(self).items()
            if value != getattr(defaults, name)
        }

    def query(self, **changes: Any) -> str:
        """Return the query of the address with some of it changed; empty if nothing is set."""
        return urlencode(msgspec.structs.replace(self, **changes).set())

    @property
    def conditions(self) -> dict[str, str]:
        """What an episode has to meet, by its key: without the order and the part of the rows."""
        return {name: value for name, value in self.set().items() if name not in _OF_ROWS}

    @property
    def order(self) -> tuple[str, bool]:
        """The column to sort by, if any, and whether the highest comes first."""
        return self.sort.removeprefix("-"), self.sort.startswith("-")


_OF_ROWS = ("sort", "offset", "limit")


def filter_of(query: Iterable[tuple[str, str]]) -> EpisodeFilter:
    """Return the filter that an address asks for; an empty value sets nothing.

    Raises
    ------
    BadFilter
        For a key that there is not or that is there twice, and a value that can be none of it.
        Whether the run has a name is not seen here.
    """
    found: dict[str, Any] = {}
    for key, value in query:
        if key not in EpisodeFilter.__struct_fields__:
            raise BadFilter(key, not_among(key, EpisodeFilter.__struct_fields__))
        if key in found:
            raise BadFilter(key, "it is there twice; give one value")
        if value:
            found[key] = _value(key, value)
    return EpisodeFilter(**found)


def _value(key: str, value: str) -> Any:
    if key in _NUMBERS:
        return _number(key, value)
    if key in CHOICES and value not in CHOICES[key]:
        raise BadFilter(key, not_among(value, CHOICES[key]))
    if key == "text" and len(value) > MOST_TEXT:
        raise BadFilter(key, f"it is longer than {MOST_TEXT} characters; search for less")
    return value


def _number(key: str, value: str) -> float:
    kind, least, most = _NUMBERS[key]
    try:
        number = kind(value)
    except ValueError:
        number = kind(-1)
    if not least <= number <= most:
        whole = "a whole number" if kind is int else "a number"
        raise BadFilter(key, f"{value!r} is not {whole} from {least:,} to {most:,}")
    return number


def _written(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
