"""Variants of one product: which of them gives it its price and cost, and what they differ in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from retailsim.market.catalogue.formats.table import Row
from retailsim.market.catalogue.options import Variant
from retailsim.market.catalogue.shapes.money import Money

OPTIONS = "(options)"
"""The cell that holds a product's options by name, which become details of it."""
_MOST_VALUES = 50


class Family(msgspec.Struct, kw_only=True):
    """A product's rows, gathered in the order of the file.

    Parameters
    ----------
    number : int
        Of its first row.
    cells : dict
        What all rows say together: of each column what comes first.
    variants : list of mapping
        The cells of each row that has a price.
    options : dict of str to list of str
        What there is to choose from, by the option's name.
    """

    number: int
    cells: dict[str, Any]
    variants: list[Mapping[str, Any]]
    options: dict[str, list[str]]

    def offer(self, name: str, value: str) -> None:
        """Add a value of an option."""
        values = self.options.setdefault(name, [])
        if value and value not in values and len(values) < _MOST_VALUES:
            values.append(value)

    def row(self, variant: Variant, own: Sequence[str], price: str | None, money: Money) -> Row:
        """Return the product as one row.

        Parameters
        ----------
        own : sequence of str
            Columns that belong to a variant: they are the chosen one's, or nobody's.
        price : str or None
            The column by which the cheapest is found.
        """
        cells = {name: value for name, value in self.cells.items() if name not in own}
        if self.variants:
            chosen = _chosen(self.variants, variant, price, money)
            cells |= {name: value for name, value in chosen.items() if name in own}
        options = {name: ", ".join(values) for name, values in self.options.items() if values}
        if options:
            cells[OPTIONS] = options
        return Row(self.number, cells)

    def prices(self, column: str | None) -> int:
        """Count the different prices of the variants, as they are written."""
        return len({str(one.get(column)) for one in self.variants}) if column else 0


def _chosen(
    variants: Sequence[Mapping[str, Any]], which: Variant, column: str | None, money: Money
) -> Mapping[str, Any]:
    if which == "first" or column is None:
        return variants[0]
    priced = [(amount, one) for one in variants if (amount := _price(one, column, money))]
    if not priced:
        return variants[0]
    pick = min if which == "cheapest" else max
    return pick(priced, key=lambda one: one[0])[1]


def _price(cells: Mapping[str, Any], column: str, money: Money) -> Decimal | None:
    found = money.read(column, cells.get(column))
    return Decimal(str(found)) if isinstance(found, int | float | Decimal) else None
