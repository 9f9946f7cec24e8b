"""WooCommerce: the product export, in which variations name their parent, and the REST API.

The names of its columns are in the shop's language; the types of products are never translated.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from retailsim.market.catalogue.formats.table import Broken, Row
from retailsim.market.catalogue.options import Variant
from retailsim.market.catalogue.shapes.columns import meaning, plain
from retailsim.market.catalogue.shapes.money import Money
from retailsim.market.catalogue.shapes.variants import Family

_WORDS: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "type": ("type", "typ", "tipo"),
    "sku": ("sku", "artikelnummer", "ugs", "cod"),
    "parent": ("parent", "übergeordnetes produkt", "superior", "principal", "genitore", "hoofd"),
    "published": (
        "published", "veröffentlicht", "publié", "publicado", "pubblicato", "gepubliceerd",
    ),
    "categories": (
        "categories", "kategorien", "catégories", "categorías", "categorie", "categorieën",
    ),
    "name": ("name", "nom", "nombre", "nome", "naam"),
    "regular price": (
        "regular price", "regulärer preis", "tarif régulier", "precio normal", "prezzo di listino",
        "reguliere prijs",
    ),
    "value": ("value", "wert", "valeur", "valor", "valore", "waarde"),
    "attribute": ("attribute", "attribut", "atributo", "attributo", "attribuut", "eigenschap"),
}  # fmt: skip
"""Names of columns in English, German, French, Spanish, Italian and Dutch, as `plain` has them."""
MISLEADING = frozenset({*_WORDS["type"], "position"})
"""Columns that mean something else than in other tables: a product is "simple" or "variable"."""
_READS = ("type", "sku", "parent", "published")
_COMMA = re.compile(r"(?<!\\),\s*")


def is_export(columns: Sequence[str]) -> bool:
    """Whether the columns are those of a product export, in the language of some shop."""
    names = {plain(column) for column in columns}
    some = {"tax status", "in stock", "short description"}
    roles = [one for one in (*_READS, "categories") if names & set(_WORDS[one])]
    told = names & set(_WORDS["name"]) and names & set(_WORDS["regular price"])
    return bool(told) and len(roles) + len(names & some) >= 2


def reads(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the columns that are read here and nowhere else, as `plain` has them."""
    words = {word for one in _READS for word in _WORDS[one]}
    pairs = {column for pair in _attribute_columns(columns) for column in pair}
    return tuple(n for c in columns if (n := plain(c)) in words or c in pairs)


def flat(rows: Iterable[Row | Broken], columns: Sequence[str]) -> Iterator[Row | Broken]:
    """Write texts and lists as other formats have them: line ends, categories, attributes."""
    categories = next((c for c in columns if plain(c) in _WORDS["categories"]), "")
    texts = [c for c in columns if meaning(c) == "description"]
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
    attributes = _attribute_columns(columns)
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
        _attributes(family, row.cells, attributes)
        if kind.startswith("variable"):
            for name in _names(row.cells, by_name):
                parents[name] = family
        else:
            family.variants.append(row.cells)
            yield family.row(variant, own, fields.get("price"), money)
    for parent, row in waiting:
        if parent in parents:
            parents[parent].variants.append(row.cells)
            _attributes(parents[parent], row.cells, attributes)
        else:
            yield row
    for family in {id(one): one for one in parents.values()}.values():
        yield family.row(variant, own, fields.get("price"), money)


def _cell(cells: Mapping[str, Any], by_name: Mapping[str, str], role: str) -> str:
    column = next((by_name[word] for word in _WORDS[role] if word in by_name), "")
    return str(cells.get(column, "")).strip()


def _names(cells: Mapping[str, Any], by_name: Mapping[str, str]) -> list[str]:
    """Return what variations may call their parent: its SKU, or ``id:`` and its number."""
    sku, number = _cell(cells, by_name, "sku"), _cell(cells, by_name, "id")
    return [name for name in (sku, f"id:{number}" if number else "") if name]


def _attribute_columns(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return the columns of the name and the values of each attribute, by their numbers.

    They are called ``Attribute 1 name`` or, in other orders, ``Nom de l'attribut 1``.
    """
    found: dict[tuple[int, str], str] = {}
    for column in columns:
        words = plain(column).split()
        place = next((int(word) for word in words if word.isdecimal()), None)
        if place is None or not set(words) & set(_WORDS["attribute"]):
            continue
        role = next((one for one in ("name", "value") if set(words) & set(_WORDS[one])), None)
        if role is not None:
            found.setdefault((place, role), column)
    places = sorted({place for place, _ in found})
    pairs = [(found.get((n, "name")), found.get((n, "value"))) for n in places]
    return [(name, values) for name, values in pairs if name and values]


def _attributes(
    family: Family, cells: Mapping[str, Any], columns: Sequence[tuple[str, str]]
) -> None:
    for name_column, values_column in columns:
        name = str(cells.get(name_column, "")).strip()
        values = str(cells.get(values_column, "")).strip()
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
