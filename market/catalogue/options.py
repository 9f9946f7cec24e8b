"""What a user may say about a catalogue, where its file alone does not say enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from retailsim.market.catalogue.product import Category

FIELDS = (
    "id",
    "title",
    "price",
    "sale_price",
    "category",
    "path",
    "brand",
    "description",
    "features",
    "details",
    "unit_cost",
    "audience",
    "average_rating",
    "rating_number",
    "currency",
)
"""What a column can mean: the keys of ``[products.columns]``."""

Variant = Literal["first", "cheapest", "dearest"]


class CatalogueOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How a catalogue is to be read; what is left out is found out.

    Parameters
    ----------
    columns : mapping of str to str
        Names of columns by what they mean, see `FIELDS`; they win over what is recognised.
    encoding : str or None
        Of a text file.
    delimiter : str or None
        Of a table in a text file.
    decimal : {".", ","} or None
        What stands before the cents, in all columns.
    currency : str or None
        The ISO 4217 code of all amounts that name none, in capitals; products in others are
        skipped.
    variant : {"first", "cheapest", "dearest"}
        Which variant gives a product of several its price and cost.
    other : Category or None
        The group that takes products of categories that the mapping does not name; None skips
        them.
    """

    columns: Mapping[str, str] = {}
    encoding: str | None = None
    delimiter: str | None = None
    decimal: Literal[".", ","] | None = None
    currency: str | None = None
    variant: Variant = "first"
    other: Category | None = None
