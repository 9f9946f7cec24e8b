"""WooCommerce: the product export, in which variations name their parent, and the REST API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from retailsim.market.catalogue.formats.table import Broken, Row
from retailsim.market.catalogue.options import Variant
from retailsim.market.catalogue.shapes.columns import plain
from retailsim.market.catalogue.shapes.money import Money
from retailsim.market.catalogue.shapes.variants import Family

MISLEADING = frozenset({"type", "position"})
"""Columns that mean something else than in other tables: a product is "simple" or "variable"."""
READS = ("type", "sku", "parent", "published", "attribute ")
"""How the names of columns begin that are read here and nowhere else."""
_ATTRIBUTES = 20
_COMMA = re.compile(r"(?<!\\),\s*")


def is_export(columns: Sequence[str]) -> bool:
    """Whether the columns are those of a product export."""
    names = {plain(column) for column in columns}
    some = {"type", "sku", "categories", "parent", "tax status", "in stock", "short description"}
    return "name" in names and "regular price" in names and len(names & some) >= 2


def flat(rows: Iterable[Row | Broken], columns: Sequence[str]) -> Iterator[Row | Broken]:
    """Write texts and lists as other formats have them: line ends, categories, attributes."""
    categories = next((c for c in columns if plain(c) == "categories"), "")
    texts = [c for c in columns if plain(c) in ("description", "short description")]
    for row in rows:
        if isinstance(row, Broken):
            yield row
            continue
        cells = dict(row.cells)
        for column in texts:
            if isinstance(cells.get(column), str):
                cells[column] = cells[column].replace("\\n", "\n")
        if isinstance(cells.get(categories), str):
            cells[categories] = _categories(cells[categories])
        yield Row(row.number, cells)


def _categories(cell: str) -> list[list[str]]:
    """Read ``Clothing, Clothing > Hoodies``: paths, the longest first."""
    paths = [
        [level.replace("\\,", ",").strip() for level in path.split(">") if level.strip()]
        for path in _COMMA.split(cell)
    ]
    return sorted((path for path in paths if path), key=len, reverse=True)


def products(
    rows: Iterable[Row | Broken],
    columns: Sequence[str],
    fields: Mapping[str, str],
    variant: Variant,
    money: Money,
) -> Iterator[Row | Broken]:
    """Fold variations into their parents; other rows come as they are, and parents at the end.

    A variation whose parent is not in the file is a product of its own.
    """
    by_name = {plain(column): column for column in columns}
    own = [fields[one] for one in ("price", "sale_price", "unit_cost") if one in fields]
    parents: dict[str, Family] = {}
    waiting: list[tuple[str, Row]] = []
    for row in rows:
        if isinstance(row, Broken):
            yield row
            continue
        kind = _cell(row.cells, by_name, "type").casefold()
        if kind.startswith("variation") and not kind.startswith("variations"):
            waiting.append((_cell(row.cells, by_name, "parent"), row))
            continue
        family = Family(number=row.number, cells=dict(row.cells), variants=[], options={})
        _attributes(family, row.cells, by_name)
        if kind.startswith("variable"):
            for name in _names(row.cells, by_name):
                parents[name] = family
        else:
            family.variants.append(row.cells)
            yield family.row(variant, own, fields.get("price"), money)
    for parent, row in waiting:
        if parent in parents:
            parents[parent].variants.append(row.cells)
            _attributes(parents[parent], row.cells, by_name)
        else:
            yield row
    for family in {id(one): one for one in parents.values()}.values():
        yield family.row(variant, own, fields.get("price"), money)


def _cell(cells: Mapping[str, Any], by_name: Mapping[str, str], name: str) -> str:
    return str(cells.get(by_name.get(name, ""), "")).strip()


def _names(cells: Mapping[str, Any], by_name: Mapping[str, str]) -> list[str]:
    """Return what variations may call their parent: its SKU, or ``id:`` and its number."""
    sku, number = _cell(cells, by_name, "sku"), _cell(cells, by_name, "id")
    return [name for name in (sku, f"id:{number}" if number else "") if name]


def _attributes(family: Family, cells: Mapping[str, Any], by_name: Mapping[str, str]) -> None:
    for place in range(1, _ATTRIBUTES + 1):
        name = _cell(cells, by_name, f"attribute {place} name")
        values = _cell(cells, by_name, f"attribute {place} value")
        for value in _COMMA.split(values) if name else ():
            family.offer(name, value.replace("\\,", ",").strip())


def unpublished(cells: Mapping[str, Any], by_name: Mapping[str, str]) -> bool:
    """Whether a product is a draft or private."""
    return _cell(cells, by_name, "published") in ("-1", "0")


def api_attributes(cells: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes of a product of the REST API."""
    found = cells.get("attributes")
    return {
        str(one.get("name")): ", ".join(map(str, one.get("options", [])))
        for one in (found if isinstance(found, list) else [])
        if isinstance(one, dict) and isinstance(one.get("options"), list)
    }
