"""Shopify: the product export, in which every variant has a row, and the lists of its API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from retailsim.market.catalogue.formats.table import Broken, Row
from retailsim.market.catalogue.options import Variant
from retailsim.market.catalogue.shapes.columns import plain
from retailsim.market.catalogue.shapes.money import Money
from retailsim.market.catalogue.shapes.variants import Family

READS = ("option1 ", "option2 ", "option3 ", "status", "published")
"""How the names of columns begin that are read here and nowhere else."""
_HANDLES = ("handle", "url handle")
_OF_A_VARIANT = ("variant price", "variant sku", "option1 value", "option1 name")
_NO_OPTION = ("", "Default Title", "Default")
_OPTIONS = 3
_MOST_VARIANTS = 2_000


def is_export(columns: Sequence[str]) -> bool:
    """Whether the columns are those of a product export."""
    names = {plain(column) for column in columns}
    return any(name in names for name in _HANDLES) and bool(names & {*_OF_A_VARIANT})


def is_api(row: Mapping[str, Any]) -> bool:
    """Whether a row is a product as the API gives it."""
    variants = row.get("variants")
    return isinstance(variants, list) and any(
        isinstance(one, dict) and "price" in one for one in variants
    )


def api_rows(rows: Iterable[Row | Broken]) -> Iterator[Row | Broken]:
    """Write products of the API as rows of an export: one for each variant."""
    for row in rows:
        if isinstance(row, Broken):
            yield row
            continue
        options = _named_options(row.cells.get("options"))
        base = {
            ours: value
            for ours, theirs in _FROM_API.items()
            for key in theirs
            if (value := row.cells.get(key)) not in (None, "", [])
        }
        variants = row.cells.get("variants")
        variants = variants if isinstance(variants, list) else []
        first = True
        for one in variants[:_MOST_VARIANTS] or [{}]:
            cells = dict(base) if first else {"Handle": base.get("Handle")}
            yield Row(row.number, cells | _variant(one if isinstance(one, dict) else {}, options))
            first = False


_FROM_API = {
    "Handle": ("handle", "id"),
    "Title": ("title",),
    "Body (HTML)": ("body_html", "descriptionHtml", "description"),
    "Vendor": ("vendor",),
    "Type": ("product_type", "productType"),
    "Product Category": ("category", "productCategory"),
    "Status": ("status",),
}
"""Columns of an export by keys of the API, of which the last that is there counts."""


def _named_options(options: object) -> list[str]:
    found = options if isinstance(options, list) else []
    names = [one.get("name") if isinstance(one, dict) else one for one in found]
    return [name if isinstance(name, str) else "" for name in names[:_OPTIONS]]


def _variant(one: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    item = one.get("inventory_item")
    cost = one.get("cost") or (item.get("cost") if isinstance(item, dict) else None)
    cells = {
        "Variant SKU": one.get("sku"),
        "Variant Price": one.get("price"),
        "Cost per item": cost,
    }
    for place in range(1, _OPTIONS + 1):
        cells[f"Option{place} Name"] = names[place - 1] if place <= len(names) else None
        cells[f"Option{place} Value"] = one.get(f"option{place}")
    return {name: value for name, value in cells.items() if value is not None}


API_COLUMNS = (
    *_FROM_API,
    *(f"Option{place} {word}" for place in range(1, _OPTIONS + 1) for word in ("Name", "Value")),
    "Variant SKU",
    "Variant Price",
    "Cost per item",
)


def products(
    rows: Iterable[Row | Broken],
    columns: Sequence[str],
    fields: Mapping[str, str],
    variant: Variant,
    money: Money,
) -> Iterator[Row | Broken]:
    """Fold the rows of an export into one row for each product, in the order of their first rows.

    A row with a handle and neither a title nor a price is another picture of its product.
    """
    by_name = {plain(column): column for column in columns}
    own = [c for c in columns if plain(c).startswith("variant ") or c in _own(fields)]
    families: dict[str, Family] = {}
    for row in rows:
        handle = "" if isinstance(row, Broken) else str(row.cells.get(fields["id"], "")).strip()
        if isinstance(row, Broken) or not handle:
            yield row
            continue
        family = families.get(handle)
        if family is None:
            family = Family(number=row.number, cells={}, variants=[], options={})
            families[handle] = family
        for name, value in row.cells.items():
            family.cells.setdefault(name, value)
        _take(family, row.cells, by_name, fields.get("price"))
    for family in families.values():
        yield family.row(variant, own, fields.get("price"), money)


def _own(fields: Mapping[str, str]) -> set[str]:
    return {fields[one] for one in ("price", "sale_price", "unit_cost") if one in fields}


def _take(
    family: Family, cells: Mapping[str, Any], by_name: Mapping[str, str], price: str | None
) -> None:
    """Take a row's variant and the values of its options."""
    if price is not None and cells.get(price) not in (None, ""):
        family.variants.append(cells)
    for place in range(1, _OPTIONS + 1):
        name_column = by_name.get(f"option{place} name", "")
        value = str(cells.get(by_name.get(f"option{place} value", ""), "")).strip()
        name = str(family.cells.get(name_column, "")).strip()
        if value not in _NO_OPTION and name and name != "Title":
            family.offer(name, value)


def unpublished(cells: Mapping[str, Any], by_name: Mapping[str, str]) -> bool:
    """Whether a product is a draft or archived, or, where no status says, not published."""
    status = str(cells.get(by_name.get("status", ""), "")).strip().casefold()
    if status:
        return status in ("draft", "archived")
    shown = by_name.get("published") or by_name.get("published on online store") or ""
    return str(cells.get(shown, "")).strip().casefold() in ("false", "0", "no")
