"""From a row of Amazon Reviews '23 to a product.

The data set is described in Hou et al. (2024), "Bridging Language and Items for Retrieval and
Recommendation". Its rows are read as they are: any field may be missing, null or of another type
than described. Tables are read into the same row, so that one set of rules holds for all formats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from retailsim.events.messages import Audience
from retailsim.market.catalogue.category_map import CategoryMap, candidates
from retailsim.market.catalogue.fields import (
    PRICE_LIMIT_CENTS,
    Unreadable,
    facts,
    number,
    paragraphs,
    parse_amount,
    parse_price,
    text,
    texts,
    to_cents,
)
from retailsim.market.catalogue.markup import without_markup
from retailsim.market.catalogue.problems import NO_CATEGORY, Example, Problems, Reason
from retailsim.market.catalogue.product import Category, Product

TITLE_LIMIT = 500
DESCRIPTION_LIMIT = 8_000
FEATURES, FEATURE_LIMIT = 40, 1_000
DETAILS, DETAIL_NAME_LIMIT, DETAIL_LIMIT = 80, 100, 500
LEVELS, LEVEL_LIMIT = 12, 100
OTHER_PATHS = 20
ID_LIMIT = 100
BRAND_LIMIT = 200
_COUNT_LIMIT = 10**12

_NO_TITLE = frozenset({"none", "null", "nan", "n/a", "na"})
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_MEN = frozenset({"men", "mens", "man", "mans", "male", "males", "gentlemen"})
_WOMEN = frozenset({"women", "womens", "woman", "womans", "female", "females", "ladies"})
_CHILDREN = frozenset(
    {"baby", "babies", "boy", "boys", "child", "children", "childrens", "girl", "girls", "infant"}
    | {"infants", "kid", "kids", "newborn", "teen", "toddler", "toddlers"}
)


class SourceRow(msgspec.Struct, kw_only=True):
    """The fields of a source row that matter here, of whatever type the file holds.

    Other fields, such as images and videos, are passed over without being built.
    ``id`` or ``asin`` stand in for a missing ``parent_asin``, ``category`` for a missing
    ``main_category``; ``audience``, ``unit_cost`` and ``other_paths``, lists of names that may say
    the group as well, are additions to the source's format.
    """

    parent_asin: Any = None
    id: Any = None
    asin: Any = None
    title: Any = None
    price: Any = None
    main_category: Any = None
    category: Any = None
    categories: Any = None
    other_paths: Any = None
    features: Any = None
    description: Any = None
    details: Any = None
    store: Any = None
    average_rating: Any = None
    rating_number: Any = None
    unit_cost: Any = None
    audience: Any = None


class _Skip(Exception):
    """Ends the reading of a row that is no product."""

    def __init__(self, reason: Reason, value: object = None) -> None:
        self.reason = reason
        self.value = value


def read_row(
    row: SourceRow,
    categories: CategoryMap,
    problems: Problems,
    dataset: str = "",
    number: int = 0,
) -> Product | None:
    """Turn a row into a product, or count why it is none.

    Parameters
    ----------
    row : SourceRow
        Fields of any type; none of them makes this raise.
    categories : CategoryMap
        Groups by source category.
    problems : Problems
        Counts the row, and why it was skipped or what of it was left out.
    dataset : str
        Name of the data set the row came in, the last resort for its category.
    number : int
        Where the row stands in its file, from 1.
    """
    problems.rows += 1
    try:
        product = _product(row, categories, problems, dataset)
    except _Skip as skip:
        problems.skip(skip.reason, _example(row, number, skip.value))
        return None
    problems.kept += 1
    if product.unit_cost_cents is not None:
        problems.costed += 1
    elif row.unit_cost in (None, ""):
        problems.costless(_example(row, number, None))
    else:
        problems.note("unusable_unit_cost", _example(row, number, row.unit_cost))
    return product


def _example(row: SourceRow, number: int, value: object) -> Example:
    """Return where a row stands and what it calls itself, with the value that was of no use."""
    names = (text(one, 60) for one in (row.parent_asin, row.id, row.asin, row.title))
    shown = value if isinstance(value, str) else "" if value is None else str(value)[:80]
    return Example(number, next((one for one in names if one), ""), text(shown, 60))


def _product(row: SourceRow, categories: CategoryMap, problems: Problems, dataset: str) -> Product:
    """Read what a product must have, then what it may lack."""
    title, price_cents, product_id = _title(row.title), _price(row.price), _id(row)
    path = _path(row.categories)
    category = _category(row, path, categories, problems, dataset)
    details = _details(row.details, problems)
    rating_number = number(row.rating_number, 0, _COUNT_LIMIT)
    return Product(
        id=product_id,
        title=title,
        price_cents=price_cents,
        category=category,
        path=path,
        audience=_audience(_given_audience(row.audience, problems), details, path, title, category),
        brand=text(_unmarked(row.store), BRAND_LIMIT) or None,
        features=texts(_unmarked(row.features), count=FEATURES, limit=FEATURE_LIMIT),
        description=_description(row.description),
        details=details,
        average_rating=number(row.average_rating, 0, 5),
        rating_number=None if rating_number is None else int(rating_number),
        unit_cost_cents=_unit_cost(row.unit_cost),
    )


def _unmarked(value: object) -> object:
    """Take HTML off a text, or off the texts of a list."""
    match value:
        case str():
            return without_markup(value)
        case list():
            return [without_markup(one) if isinstance(one, str) else one for one in value]
        case _:
            return value


def _description(value: object) -> str:
    return paragraphs(_unmarked(value), DESCRIPTION_LIMIT)


def _title(value: object) -> str:
    """Read a title; marks without a letter or digit, and words for nothing, are none.

    One that is markup and nothing else stays what it is: a text.
    """
    read = (without_markup(value).strip() or value) if isinstance(value, str) else value
    title = text(read, TITLE_LIMIT)
    if title.casefold() in _NO_TITLE or not any(map(str.isalnum, title)):
        raise _Skip("no_title", value)
    return title


def _price(value: object) -> int:
    """Read a price in cents, telling an absurd one from none."""
    if isinstance(value, Unreadable) and value.foreign:
        raise _Skip("other_currency", value)
    price_cents = parse_price(value)
    if price_cents is None:
        raise _Skip("no_price" if parse_amount(value) is None else "absurd_price", value)
    return price_cents


def _id(row: SourceRow) -> str:
    """Read the id; one beyond the limit is none, for cutting it could make two ids one."""
    found = (text(value, ID_LIMIT + 1) for value in (row.parent_asin, row.id, row.asin))
    first = next((value for value in found if value), "")
    if not 0 < len(first) <= ID_LIMIT:
        raise _Skip("no_id")
    return first


def _path(value: object) -> tuple[str, ...]:
    """Read the category path: a list, the first of several lists, or levels joined by ``>``."""
    if isinstance(value, list) and value and isinstance(value[0], list):
        value = value[0]
    if isinstance(value, str):
        value = re.split(r"\s*[>›|]\s*", value[: LEVELS * LEVEL_LIMIT])
    return texts(value, count=LEVELS, limit=LEVEL_LIMIT)


def _category(
    row: SourceRow, path: Sequence[str], categories: CategoryMap, problems: Problems, dataset: str
) -> Category:
    """Look the group up, remembering the name of a category the mapping lacks."""
    main_category = text(row.main_category, LEVEL_LIMIT) or text(row.category, LEVEL_LIMIT)
    others = [_path(one) for one in (row.other_paths or ())[:OTHER_PATHS]]
    names = [*candidates(path, main_category, dataset)]
    names += [name for one in others for name in candidates(one)]
    try:
        category = categories.group(names)
    except KeyError:
        name = main_category or next(iter(path), "") or next((o[0] for o in others if o), "")
        problems.unnamed(name or NO_CATEGORY)
        if categories.rest is not None:
            return categories.rest
        raise _Skip("unmapped_category", " > ".join(path) or main_category) from None
    if category is None:
        raise _Skip("unsold_category", " > ".join(path) or main_category)
    return category


def _details(value: object, problems: Problems) -> dict[str, str]:
    """Read details: a mapping, or its JSON."""
    if isinstance(value, str) and value.strip():
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = ()
    if value not in (None, "", []) and not isinstance(value, dict):
        problems.note("unreadable_details")
    return facts(value, count=DETAILS, key_limit=DETAIL_NAME_LIMIT, limit=DETAIL_LIMIT)


def _unit_cost(value: object) -> int | None:
    """Read the optional cost of one unit, in cents; zero is a cost, a negative one is none."""
    if value is None or value == "":
        return None
    amount = parse_amount(value)
    cents = None if amount is None else to_cents(amount)
    return cents if cents is not None and 0 <= cents < PRICE_LIMIT_CENTS else None


def _given_audience(value: object, problems: Problems) -> str:
    """Read the audience a catalogue gives by itself; one that says nothing is noted."""
    words = text(value, LEVEL_LIMIT).replace("-", " ")
    if words and not _verdict(words):
        problems.note("unknown_audience")
    return words


def _audience(
    given: str, details: dict[str, str], path: Sequence[str], title: str, category: Category
) -> Audience | None:
    """Decide whom the product is for; the first source that says something decides.

    Those are what the catalogue gives, the detail "Department", the category path, and the
    title. Titles count for Fashion only, where such words say who wears the product; elsewhere
    they name its subject. Children's products have no audience.
    """
    department = details.get("Department", "").replace("-", " ")
    title = title if category == "Fashion" else ""
    for words in (given, department, " / ".join(path), title):
        verdict = _verdict(words)
        if verdict is not None:
            return None if verdict == "children" else verdict
    return None


def _verdict(words: str) -> Audience | Literal["children"] | None:
    """Read whom words such as "Mens", "Women's" or "Unisex Child" speak of."""
    found = set(_WORD.findall(words.casefold().replace("'", "").replace("’", "")))
    men, women = not found.isdisjoint(_MEN), not found.isdisjoint(_WOMEN)
    if men or women:
        return "unisex" if men and women else "men" if men else "women"
    if not found.isdisjoint(_CHILDREN):
        return "children"
    return "unisex" if "unisex" in found else None
