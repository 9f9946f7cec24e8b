"""From a row whose columns have a meaning to the fields that a product is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice
from typing import Any

import msgspec

from retailsim.market.catalogue.amazon import SourceRow
from retailsim.market.catalogue.category_map import TAXONOMY_NUMBER
from retailsim.market.catalogue.formats.table import Broken, Row
from retailsim.market.catalogue.shapes.columns import columns_of, plain
from retailsim.market.catalogue.shapes.money import Money

_TAXONOMY_NUMBER = re.compile(r"[0-9]{1,6}")
_FACTS = ("color", "colour", "size", "material", "pattern", "farbe", "größe", "muster")
_TAXONOMY = ("google product category", "google produktkategorie")
_CHILDREN = frozenset({"newborn", "infant", "toddler", "kids", "children", "child"})
_FLOAT_ID = re.compile(r"([0-9]{1,18})\.0+")


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What the columns of a catalogue mean.

    Parameters
    ----------
    fields : mapping of str to str
        Columns by field.
    groups : tuple of str
        All columns that say which group a product is in, the most telling first.
    descriptions : tuple of str
        Columns of a description, of which the first that is not empty counts.
    facts : mapping of str to str
        Columns whose cells are details, by the name of the detail.
    ages : str or None
        The column that says for which age a product is.
    float_ids : bool
        Whether ids were written with a point and a zero by a program that took them for amounts.
    """

    fields: Mapping[str, str]
    groups: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    facts: Mapping[str, str] = {}
    ages: str | None = None
    float_ids: bool = False

    @property
    def used(self) -> frozenset[str]:
        """All columns that are read."""
        several = (*self.groups, *self.descriptions, *self.facts.values())
        return frozenset((*self.fields.values(), *several, *filter(None, [self.ages])))


def meaning_of(
    fields: Mapping[str, str], told: Mapping[str, str], columns: Sequence[str], *, facts: bool
) -> Meaning:
    """Complete a mapping of single columns by the fields that several columns say.

    Parameters
    ----------
    fields : mapping of str to str
        With what the user told.
    told : mapping of str to str
        What the user told.
    facts : bool
        Whether columns such as a colour are details.
    """
    groups = [fields[field] for field in ("category", "path") if field in fields]
    if not {"path", "category"} & told.keys():
        groups += [*columns_of("category", columns), *columns_of("path", columns)]
    descriptions = [fields["description"]] if "description" in fields else []
    if "description" not in told:
        descriptions += columns_of("description", columns)
    by_name = {plain(column): column for column in columns}
    return Meaning(
        fields=fields,
        groups=tuple(dict.fromkeys(groups)),
        descriptions=tuple(dict.fromkeys(descriptions)),
        facts={n.capitalize(): by_name[n] for n in _FACTS if n in by_name} if facts else {},
        ages=by_name.get("age group") or by_name.get("google shopping age group"),
    )


def with_float_ids(meaning: Meaning, rows: Iterator[Row | Broken]) -> Meaning:
    """Return the meaning with whether all ids end in a point and a zero."""
    column = meaning.fields.get("id")
    ids = (row.cells.get(column) for row in rows if isinstance(row, Row)) if column else iter(())
    all_so = False
    for one in islice((one for one in ids if one not in (None, "")), 10_000):
        all_so = isinstance(one, str) and _FLOAT_ID.fullmatch(one) is not None
        if not all_so:
            break  # mostly at the first, so the file is not read a third time
    return msgspec.structs.replace(meaning, float_ids=all_so)


def source_row(row: Row, meaning: Meaning, money: Money) -> SourceRow:
    """Return the fields of a row, amounts read as was decided for their columns."""
    cells, at = row.cells, meaning.fields

    def cell(field: str) -> Any:
        return cells.get(at[field]) if field in at else None

    path, category, others = _groups(cells, meaning)
    return SourceRow(
        parent_asin=_id(cell("id"), meaning.float_ids),
        title=_single(cell("title")),
        price=_price(cells, at, money),
        main_category=category,
        categories=path,
        other_paths=others,
        features=_features(cell("features")),
        description=next((v for c in meaning.descriptions if (v := cells.get(c))), None),
        details=_details(cell("details"), cells, meaning),
        store=_single(cell("brand")),
        average_rating=_number(cell("average_rating")),
        rating_number=_number(cell("rating_number")),
        unit_cost=money.read(at["unit_cost"], cell("unit_cost")) if "unit_cost" in at else None,
        audience=_audience(cell("audience"), cells, meaning),
    )


def _price(cells: Mapping[str, Any], at: Mapping[str, str], money: Money) -> object:
    """Return what is asked today: the lower price of a sale, where there is one."""
    full = money.read(at["price"], cells.get(at["price"])) if "price" in at else None
    if "sale_price" not in at:
        return full
    sale = money.read(at["sale_price"], cells.get(at["sale_price"]))
    if not isinstance(sale, int | float | Decimal) or sale <= 0:
        return full
    usable = isinstance(full, int | float | Decimal)
    return sale if not usable or Decimal(str(sale)) < Decimal(str(full)) else full


def _id(cell: object, float_ids: bool) -> object:
    """Return an id; a whole number that a program wrote with a point loses it."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return int(cell)
    if float_ids and isinstance(cell, str) and (found := _FLOAT_ID.fullmatch(cell)):
        return found[1]
    return _single(cell)


def _single(cell: object) -> object:
    """Return the first of several values, and the name of an object that has one."""
    if isinstance(cell, list) and cell:
        cell = cell[0]
    if isinstance(cell, dict):
        return cell.get("name") or cell.get("value") or cell.get("title")
    return cell


def _number(cell: object) -> object:
    """Return a rating written with a comma as one with a point."""
    text = cell.strip() if isinstance(cell, str) else ""
    return text.replace(",", ".") if re.fullmatch(r"[0-9],[0-9]{1,2}", text) else cell


def _features(cell: object) -> object:
    if isinstance(cell, str):
        return [part for line in cell.splitlines() for part in line.split("|")]
    return cell


def _details(cell: object, cells: Mapping[str, Any], meaning: Meaning) -> object:
    """Return details, with the columns that are one each."""
    extra = {name: v for name, c in meaning.facts.items() if (v := cells.get(c)) not in (None, "")}
    if not extra:
        return cell
    return {**cell, **extra} if isinstance(cell, dict) else extra if cell in (None, "") else cell


def _audience(cell: object, cells: Mapping[str, Any], meaning: Meaning) -> object:
    age = cells.get(meaning.ages) if meaning.ages else None
    if isinstance(age, str) and age.strip().casefold() in _CHILDREN:
        return "children"
    return _single(cell)


def _groups(
    cells: Mapping[str, Any], meaning: Meaning
) -> tuple[list[str] | None, str | None, list[list[str]]]:
    """Sort what a row says about its group: a path, a single name, and all the rest."""
    found = [
        (levels, column)
        for column in meaning.groups
        for levels in _paths(_numbered(cells.get(column), column))
    ]
    path = next((levels for levels, _ in found if len(levels) > 1), None)
    if path is None:
        own = meaning.fields.get("path")
        path = next((levels for levels, column in found if column == own), None)
    single = next((levels for levels, _ in found if len(levels) == 1 and levels is not path), None)
    others = [levels for levels, _ in found if levels is not path and levels is not single]
    return path, single[0] if single else None, others


def _numbered(cell: object, column: str) -> object:
    """Return a number of Google's taxonomy as a name that a mapping can hold."""
    number = str(cell).strip() if isinstance(cell, str | int) else ""
    if _TAXONOMY_NUMBER.fullmatch(number) and plain(column).endswith(_TAXONOMY):
        return f"{TAXONOMY_NUMBER} {number}"
    return cell


def _paths(cell: object) -> list[list[str]]:
    """Read a cell as category paths; the number of one in Google's taxonomy is looked up."""
    match cell:
        case str():
            levels = [part.strip() for part in re.split(r"\s*[>›»|]\s*", cell[:2000])]
        case list() if all(isinstance(one, str) and ">" not in one for one in cell):
            levels = [one.strip() for one in cell]
        case list():
            return [levels for one in cell[:20] for levels in _paths(one)]
        case dict():
            return _paths(cell.get("full_name") or cell.get("fullName") or cell.get("name"))
        case int():
            levels = [str(cell)]
        case _:
            return []
    levels = [level for level in levels if level]
    return [levels] if levels else []
