"""How a list of episodes is put before people: its columns, cells, selects and chips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from retailsim.analysis.listing.columns import ListColumn
from retailsim.analysis.listing.episode_filter import CHOICES, MOST_ROWS, EpisodeFilter
from retailsim.analysis.listing.listing import EpisodeList
from retailsim.analysis.measures.steps import STEPS
from retailsim.market.core.money import dollars

PAGE_ROWS = EpisodeFilter().limit
"""Rows of a page; with another number it stays a page where there are scripts, too."""
_MERGED = ("product", "bought", "status", "stage", "reason")
"""What other columns say with their own: the title, how many were bought, the outcome."""
_MOST_OPTIONS = 200
"""Of more names one is typed."""
_UNKNOWN = "–"


class Select(NamedTuple):
    """A choice in the form.

    Parameters
    ----------
    key : str
        What it sets.
    label : str
    options : tuple of (str, str)
        Values and what people read; none: there are too many, and one is typed.
    """

    key: str
    label: str
    options: tuple[tuple[str, str], ...]


class Chip(NamedTuple):
    """Something that is set, and the query without it."""

    text: str
    without: str


class Head(NamedTuple):
    """How a column is sorted, for the attribute ``aria-sort``, and the query that sorts by it."""

    sort: str
    query: str


def shown_columns(episodes: EpisodeList) -> tuple[ListColumn, ...]:
    """Return the columns of the table; the first one leads to the episode."""
    hidden = {*_MERGED, "episode" if episodes.knows("title") else "title"}
    if len(episodes.values("condition")) < 2:
        hidden.add("condition")
    ended = set(episodes.values("status")) <= {"closed"}
    return tuple(
        one
        for one in episodes.columns
        if one.name not in hidden
        and (episodes.knows(one.name) or (one.name == "outcome" and not ended))
    )


def name_of(row: Mapping[str, Any]) -> str:
    """Return what an episode is called: by its product, where it has one."""
    return str(row["title"] or row["product"] or row["episode"])


def cell(row: Mapping[str, Any], column: ListColumn) -> str:
    """Return what stands in a cell."""
    if column.name == "outcome":
        return outcome(row)
    value = row[column.field]
    if value is None:
        return _UNKNOWN
    match column.unit:
        case "cents":
            return dollars(value)
        case "stars":
            return f"{value:.1f}"
        case "count" if column.name == "units" and value == 0:
            return "no"
        case "count":
            return f"{value:,}"
        case _:
            return str(value)


def outcome(row: Mapping[str, Any]) -> str:
    """Say how an episode ended."""
    match row["status"]:
        case "failed":
            return f"failed: {_words(row['stage'] or 'unknown')}"
        case "open":
            return "not ended"
        case _:
            return str(row["outcome"] or _UNKNOWN)


def head(column: ListColumn, wanted: EpisodeFilter) -> Head:
    """Return how a column is sorted now, and what a click on it leads to."""
    name, falling = wanted.order
    if name != column.name:
        first = f"-{column.name}" if column.is_number else column.name
        return Head("none", wanted.query(sort=first, offset=0))
    other = column.name if falling else f"-{column.name}"
    return Head("descending" if falling else "ascending", wanted.query(sort=other, offset=0))


def selects(episodes: EpisodeList, wanted: EpisodeFilter) -> Iterator[Select]:
    """Yield the choices that make a difference in this run, and those that are made."""
    for key in ("seller", "buyer", "category", "condition", "status"):
        values = episodes.values(key)
        if len(values) > 1 or key in wanted.conditions:
            yield Select(key, _LABELS[key], _options(values))
    yield Select("bought", "Bought", (("yes", "Bought"), ("no", "Did not buy")))
    if episodes.knows("outcome"):
        yield Select("outcome", _LABELS["outcome"], _options(CHOICES["outcome"]))
    if episodes.knows("stars"):
        yield Select("min_rating", "Stars", tuple((str(n), f"{n} or more") for n in (2, 3, 4, 5)))
    if episodes.knows("stage"):
        yield Select("stage", _LABELS["stage"], _options(episodes.values("stage")))
    yield Select("sort", "Order", tuple(_orders(episodes)))


def _options(values: Sequence[str]) -> tuple[tuple[str, str], ...]:
    return () if len(values) > _MOST_OPTIONS else tuple((one, _words(one)) for one in values)


def _orders(episodes: EpisodeList) -> Iterator[tuple[str, str]]:
    for one in shown_columns(episodes):
        if one.is_number:
            yield f"-{one.name}", f"{one.label}, highest first"
            yield one.name, f"{one.label}, lowest first"
        else:
            yield one.name, one.label
            yield f"-{one.name}", f"{one.label}, from the end"


def chips(wanted: EpisodeFilter) -> list[Chip]:
    """Return what is set, each with what is left when it is taken away."""
    return [
        Chip(_told(key, value), wanted.query(offset=0, **{key: _UNSET[key]}))
        for key, value in wanted.conditions.items()
    ]


_UNSET = {name: getattr(EpisodeFilter(), name) for name in EpisodeFilter.__struct_fields__}
_LABELS = {
    "seller": "Seller",
    "buyer": "Buyer",
    "category": "Category",
    "condition": "Condition",
    "product": "Product",
    "status": "Status",
    "outcome": "Outcome",
    "stage": "Failed at",
}


_STEPS = {step.key: step.name.capitalize() for step in STEPS}


def _told(key: str, value: str) -> str:
    match key:
        case "text":
            return f"“{value}”"
        case "bought":
            return "Bought" if value == "yes" else "Did not buy"
        case "step":
            return _STEPS[value]
        case "min_rating":
            return f"{value} stars or more"
        case _:
            return f"{_LABELS[key]}: {_words(value) if key == 'stage' else value}"


def _words(name: str) -> str:
    return name.replace("_", " ")


def others(wanted: EpisodeFilter, total: int) -> dict[str, str]:
    """Return the queries of other parts of the rows: first, previous, next, last."""
    size, at = wanted.limit, wanted.offset
    found: dict[str, str] = {}
    if at > 0:
        found["First"] = wanted.query(offset=0)
        found["Previous"] = wanted.query(offset=max(0, min(at, total) - size))
    if at + size < total:
        found["Next"] = wanted.query(offset=at + size)
        found["Last"] = wanted.query(offset=(total - 1) // size * size)
    return found


def as_page(wanted: EpisodeFilter) -> str:
    """Return the query of a page with as many rows as are given at once."""
    return wanted.query(limit=MOST_ROWS)
