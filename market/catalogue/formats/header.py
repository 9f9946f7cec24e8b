"""Which record of a table is its header: titles and merged cells may stand above it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

Recognise = Callable[[Sequence[str]], int]
"""Counts how many things a product needs some names of columns are known to mean."""

_LOOKED_AT = 20


def header_of(
    records: Sequence[Sequence[Any]], recognise: Recognise
) -> tuple[int, tuple[str, ...]]:
    """Return the place of the header among the first records, and its names.

    It is the first record with the most known names; where none has any, the first that is not
    empty.
    """
    named = [tuple(name(cell) for cell in record) for record in records[:_LOOKED_AT]]
    filled = [at for at, names in enumerate(named) if any(names)]
    if not filled:
        return 0, ()
    best = max(filled, key=lambda at: (recognise(named[at]), -at))
    names = named[best]
    while names and not names[-1]:
        names = names[:-1]
    return best, names


def name(cell: object) -> str:
    """Return the text of a header's cell on one line."""
    return " ".join(cell.split()).removeprefix("\ufeff") if isinstance(cell, str) else ""


def unique(columns: Sequence[str]) -> tuple[str, ...]:
    """Tell columns of one name apart, by a number behind it; columns without a name get one."""
    seen = Counter[str]()
    found = []
    for place, column in enumerate(columns, start=1):
        own = column or f"(column {place})"
        seen[own] += 1
        found.append(own if seen[own] == 1 else f"{own} ({seen[own]})")
    return tuple(found)
