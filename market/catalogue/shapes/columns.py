"""What a column means, by its name: in our words, in those of shop systems, in shops' languages."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path

from retailsim.events.toml_text import parse_toml
from retailsim.market.catalogue.options import FIELDS
from retailsim.market.errors import Setting, UnknownColumn


def _read() -> dict[str, tuple[str, ...]]:
    text = (files("retailsim.market.data") / "columns.toml").read_text(encoding="utf-8")
    table = parse_toml(text)["columns"]
    return {field: tuple(table[field]) for field in FIELDS}


KNOWN: Mapping[str, tuple[str, ...]] = _read()
"""Names of columns by what they mean, as `plain` writes them; the most telling first."""
_FIELD_OF = {name: field for field, names in KNOWN.items() for name in names}

NEEDED = ("id", "title", "price", "category")
"""What every product needs; a path does for a category."""

_MONEY_NOTE = re.compile(
    r"\s*(?:[(\[][^()\[\]]{1,20}[)\]]|\bin (?:[a-z]{3}|[€$£¥])|\b(?:eur|usd|gbp|chf|cad|aud|jpy|"
    r"sek|nok|dkk|pln|czk|inr|brl|mxn)\b|[€$£¥])\s*$"
)
_WORD = re.compile(r"[^\W\d_]{3}|[€$£¥]")
_MARKS = re.compile(r"[\W_]+")


def plain(name: str) -> str:
    """Reduce a column's name to its words: case, marks, the prefix ``g:`` and a unit go."""
    words = name.casefold().strip().removeprefix("g:")
    if words not in _FIELD_OF:
        words = _MONEY_NOTE.sub("", words) or words
    return " ".join(_MARKS.sub(" ", words).split())


def unit_of(name: str) -> tuple[str, ...]:
    """Return the words and signs of a column's name that may be a currency: ``Price (EUR)``."""
    found = _MONEY_NOTE.search(name.casefold())
    return tuple(_WORD.findall(found[0])) if found else ()


def meaning(name: str) -> str | None:
    """Return what a column means, or None where its name does not tell."""
    return _FIELD_OF.get(plain(name))


def recognised(columns: Sequence[str]) -> int:
    """Count what some columns are known to mean, the same twice counted once."""
    return len({found for column in columns if (found := meaning(column)) is not None})


def guess_columns(columns: Sequence[str]) -> dict[str, str]:
    """Guess the column of each field.

    Parameters
    ----------
    columns : sequence of str
        Names as they are written.

    Returns
    -------
    dict of str to str
        Columns by field, see `FIELDS`; fields without a column are left out.
    """
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(plain(column), column)
    found = {}
    for field in FIELDS:
        first = next((by_name[name] for name in KNOWN[field] if name in by_name), None)
        if first is not None:
            found[field] = first
    return found


def columns_of(field: str, columns: Sequence[str]) -> tuple[str, ...]:
    """Return all columns that can mean a field, the most telling first."""
    names = KNOWN[field]
    known = [(names.index(p), c) for c in columns if (p := plain(c)) in names]
    return tuple(column for _, column in sorted(known, key=lambda one: one[0]))


def missing_fields(mapping: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a mapping lacks of what every product needs."""
    return tuple(
        field
        for field in NEEDED
        if field not in mapping and not (field == "category" and "path" in mapping)
    )


def with_told(
    path: Path, guessed: Mapping[str, str], told: Mapping[str, str], columns: Sequence[str]
) -> dict[str, str]:
    """Return a mapping with what the user says of it over what was guessed.

    Raises
    ------
    UnknownColumn
        If the file has no such column, or no field is called so.
    """
    found = dict(guessed)
    lowered = {column.casefold().strip(): column for column in columns}
    for field, column in told.items():
        if field not in FIELDS:
            raise UnknownColumn(path, Setting(f"columns.{field}", column), FIELDS, "field", field)
        if column == "":
            found.pop(field, None)
            continue
        place = column if column in columns else lowered.get(column.casefold().strip())
        if place is None:
            raise UnknownColumn(
                path, Setting(f"columns.{field}", column), columns, "column", column
            )
        found[field] = place
    return found
