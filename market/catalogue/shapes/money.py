"""How the amounts of a catalogue are written: a decision for each column, a currency for all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from retailsim.market.catalogue.fields import Unreadable
from retailsim.market.catalogue.formats.table import Broken, Row
from retailsim.market.catalogue.options import CatalogueOptions
from retailsim.market.catalogue.shapes.amounts import (
    Evidence,
    Mark,
    amount_of,
    currency_of,
    flat_amount,
    named_currency,
    settled,
)
from retailsim.market.catalogue.shapes.columns import unit_of
from retailsim.market.errors import MixedCurrencies, TornAmounts

DEFAULT_CURRENCY = "USD"


class Money(NamedTuple):
    """The decisions on a catalogue's amounts.

    Parameters
    ----------
    marks : mapping of str to {".", ","}
        Decimal marks by column.
    currency : str
        ISO 4217 code.
    named : bool
        Whether the file or the user names the currency; else it is taken for dollars.
    said : tuple of str
        The decisions in words.
    """

    marks: Mapping[str, Mark]
    currency: str
    named: bool
    said: tuple[str, ...]

    def read(self, column: str, cell: object) -> object:
        """Return a cell's amount; what is none in its column's way is `Unreadable`."""
        cell = flat_amount(cell)
        if not isinstance(cell, str):
            return cell
        if not cell.strip():
            return None
        named = named_currency(cell)
        if named is not None and settled(named, (self.currency,)) != self.currency:
            return Unreadable(cell, foreign=True)
        amount = amount_of(cell, self.marks[column])
        return Unreadable(cell) if amount is None else amount


def decide(
    path: Path,
    rows: Iterable[Row | Broken],
    columns: Iterable[str],
    currency_column: str | None,
    options: CatalogueOptions,
    semicolons: bool,
) -> Money:
    """Look at all amounts of a catalogue, and decide how they are written.

    Parameters
    ----------
    columns : iterable of str
        Those that hold amounts.
    currency_column : str or None
        The one that names the currency.
    semicolons : bool
        Whether fields are separated so, as is usual where commas stand before cents.

    Raises
    ------
    TornAmounts
        If a column is written in both ways, in one as often as in the other.
    MixedCurrencies
        If amounts are in several currencies and the user does not say which to take.
    """
    seen = {column: Evidence() for column in columns}
    stated = dict[str, int]()
    for row in rows:
        if isinstance(row, Broken):
            continue
        for column, evidence in seen.items():
            cell = row.cells.get(column)
            if cell is not None:
                evidence.see(cell)
        code = _stated(row.cells.get(currency_column)) if currency_column else None
        if code is not None:
            stated[code] = stated.get(code, 0) + 1
    marks = {column: _mark(path, column, seen, options, semicolons) for column in seen}
    found = _currencies(seen, stated)
    named = options.currency is not None or bool(found)
    if options.currency is None and len(found) > 1:
        raise MixedCurrencies(path, found)
    currency = options.currency or next(iter(found), DEFAULT_CURRENCY)
    return Money(marks, currency, named, tuple(_said(seen, marks)))


def _stated(cell: object) -> str | None:
    return currency_of(cell) if isinstance(cell, str) and cell.strip() else None


def _mark(
    path: Path,
    column: str,
    seen: Mapping[str, Evidence],
    options: CatalogueOptions,
    semicolons: bool,
) -> Mark:
    """Decide a column's mark: by what is said, what it shows, or what the other columns show."""
    if options.decimal is not None:
        return options.decimal
    evidence = seen[column]
    if evidence.torn:
        raise TornAmounts(path, column, evidence.examples["."], evidence.examples[","])
    if evidence.mark is not None:
        return evidence.mark
    others = {one.mark for one in seen.values()} - {None}
    if len(others) == 1:
        return "," if "," in others else "."
    return "," if semicolons else "."


def _currencies(seen: Mapping[str, Evidence], stated: Mapping[str, int]) -> dict[str, int]:
    """Count amounts by the currency that they name, signs of several currencies settled."""
    counted = dict(stated)
    for column, evidence in seen.items():
        for code in filter(None, map(currency_of, unit_of(column))):
            counted[code] = counted.get(code, 0) + max(1, evidence.unnamed)
        for name, count in evidence.currencies.items():
            counted[name] = counted.get(name, 0) + count
    found: dict[str, int] = {}
    for name, count in counted.items():
        code = settled(name, counted)
        found[code] = found.get(code, 0) + count
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def _said(seen: Mapping[str, Evidence], marks: Mapping[str, Mark]) -> Iterable[str]:
    words = {".": "a point", ",": "a comma"}
    for column, mark in marks.items():
        evidence = seen[column]
        example = evidence.examples.get(mark) or evidence.unclear
        if example is None:
            continue
        doubt = "" if evidence.mark else "; its amounts could be read both ways"
        read = amount_of(example, mark)
        as_read = f", so {example} is {read:.2f}" if isinstance(read, Decimal) else ""
        yield f"{column}: {words[mark]} before the cents{as_read}{doubt}"
