"""The scenario's table [products]: which goods are for sale, and how their file is read."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from retailsim.market.catalogue.options import Variant
from retailsim.market.catalogue.product import Category

Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1)]
Half = Annotated[int, Meta(ge=1, le=2)]


class ProductsTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which products are for sale, and how often something goes wrong with them.

    Parameters
    ----------
    catalog : str
        "builtin", or the path of a file of products: a table in text (CSV, TSV), a workbook (XLSX),
        JSON, JSON Lines, a feed in XML, or Parquet, as shops' programs write them.
    columns : dict of str to str
        Names of the file's columns by what they mean (id, title, price, category, path, brand,
        description, features, details, unit_cost, sale_price, audience, average_rating,
        rating_number, currency), where their names do not tell; an empty name leaves a meaning
        out.
    encoding : str
        Encoding of a text file, where it is not found out rightly.
    delimiter : str
        What stands between the fields of a table in text, likewise.
    decimal : str
        What stands before the cents, "." or ",", where it is not found out rightly.
    currency : str
        ISO 4217 code of the catalogue's amounts; by default the one that the file names, else USD.
        Products in another currency are skipped.
    variant : str
        Which of a product's variants gives it its price and cost: "first", "cheapest" or
        "dearest".
    per_category : int
        Number of products drawn from each category; a category with fewer gives all it has, with
        a warning. In csales the whole catalogue is for sale.
    ids : tuple of str
        Exactly these products, in this order, instead of a draw.
    half : int
        Only the products of one half, 1 or 2, by a hash of their ids: what was tuned on one half
        is judged on the other.
    issue_rate : float or dict of category to float
        Share of orders that have an issue after delivery. By default 1.0, as in the paper; with
        the parameters "field" that of a normal shop, by category.
    categories : str or dict of str to str
        Groups by source category, or the path of a file that has them.
    other : str
        The group that takes products of categories that nothing maps; they are skipped unless set
        here.
    """

    catalog: str = "builtin"
    columns: dict[str, str] = {}
    encoding: str | None = None
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] | None = None
    decimal: Literal[".", ","] | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    variant: Variant = "first"
    per_category: Count | None = 30
    ids: tuple[str, ...] | None = None
    half: Half | None = None
    issue_rate: Share | dict[Category, Share] | None = None
    categories: str | dict[str, str] | None = None
    other: Category | None = None
