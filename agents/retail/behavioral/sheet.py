"""What the behavioral agents know of a product: its facts, bounded, as quotable clauses.

The sheet is foreign text: it may be empty, endless or hostile. Everything taken from it is
cleaned, cut to a bounded length and quoted; nothing of it is ever used as a template.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from retailsim.agents.retail.behavioral.memo import Memo
from retailsim.market.catalogue.product import Category, Product

NAME_CHARACTERS = 60
NAME_WORDS = 9
FACT_CHARACTERS = 120
FACT_WORDS = 20
MAX_FACTS = 12
MAX_KEYS = 10
_SCANNED_CHARACTERS = 600


class Aspect(NamedTuple):
    """Something buyers ask about: how it is asked, in which words, and where a sheet tells it."""

    name: str
    question: str
    cues: tuple[str, ...]
    terms: tuple[str, ...]


_MATERIAL = Aspect(
    "material",
    "what it is made of",
    ("material", "fabric", "made of"),
    ("material", "fabric", "cotton", "leather", "polyester", "wool", "steel", "wood", "knit"),
)
_SIZE = Aspect(
    "size",
    "how the size works out in practice",
    ("size", "dimension", "how big", "fit"),
    ("size", "dimension", "inch", " cm", "width", "fits"),
)
_CARE = Aspect(
    "care",
    "how it has to be cleaned and cared for",
    ("care", "clean", "wash"),
    ("wash", "care", "clean", "dishwasher"),
)
_POWER = Aspect(
    "power",
    "how it is powered and what it draws",
    ("power", "battery", "voltage"),
    ("power", "battery", "volt", "watt", "usb"),
)
_LASTING = Aspect(
    "durability",
    "how well it holds up in daily use",
    ("durab", "holds up", "hold up"),
    (),
)
"""Asked in the place of power of what needs none. No fact answers it, as none answered that."""

_POWERED = re.compile(
    r"\b(?:electric|lamps?|lights?|led|cordless|corded|solar|vacuum|heater|fan|kettle|toaster|"
    r"blender|mixer|speaker|clock radio)\b"
)
"""Titles of what needs power, whether or not the rest of the sheet says so."""

_CONNECTION = Aspect(
    "compatibility",
    "what it works together with",
    ("compatib", "work together", "works together", "connect"),
    ("compatib", "connect", "wireless", "bluetooth", "hdmi", "works with", "operating system"),
)
_CONTENTS = Aspect(
    "ingredients",
    "what the ingredients are",
    ("ingredient", "contain", "allerg"),
    ("ingredient", "contains", "flavor", "organic", "gluten", "sugar"),
)
_AMOUNT = Aspect(
    "amount",
    "how much is in one pack",
    ("how much is in", "weight", "amount", "ounce"),
    ("weight", "ounce", "pack", "count", "gram", "lb"),
)
_KEEPING = Aspect(
    "storage",
    "how long it keeps and how it is stored",
    ("keep", "store", "storage", "shelf"),
    ("shelf", "store", "storage", "refrigerat", "best before"),
)

ASPECTS: dict[Category, tuple[Aspect, ...]] = {
    "Fashion": (_MATERIAL, _SIZE, _CARE),
    "Home": (_MATERIAL, _SIZE, _CARE, _POWER),
    "Electronics": (_POWER, _CONNECTION, _SIZE),
    "Food": (_CONTENTS, _AMOUNT, _KEEPING),
}

ALL_ASPECTS: tuple[Aspect, ...] = tuple(
    dict.fromkeys((*(aspect for some in ASPECTS.values() for aspect in some), _LASTING))
)

_KINDS: dict[Category, str] = {
    "Fashion": "things to wear",
    "Home": "things for the home",
    "Electronics": "devices like this",
    "Food": "things for the pantry",
}

_DULL_KEYS = ("asin", "rank", "date first", "discontinued", "is ", "are ", "model number", "upc")


class Sheet(msgspec.Struct, frozen=True):
    """A product sheet prepared for talking.

    Parameters
    ----------
    name, brand, kind : str, str or None, str
        Short title and maker, both bounded, and how one speaks of such products in the plural
        (by category: the catalogue's own category names seldom fit into a sentence).
    facts : tuple of str
        Clauses such as ``the material is listed as Steel``; empty for a poor sheet.
    keys : tuple of str
        Lower-case words that show that a text speaks about this product.
    aspects : tuple of (Aspect, str or None)
        What can be asked, with the clause that answers it or None where the sheet is silent.
    """

    name: str
    brand: str | None
    kind: str
    facts: tuple[str, ...]
    keys: tuple[str, ...]
    aspects: tuple[tuple[Aspect, str | None], ...]


def clean(text: str, limit: int) -> str:
    """Return `text` on one line, printable, without double quotes, at most `limit` characters."""
    text = " ".join(text[: 4 * limit].split())
    if not text.isprintable():
        text = "".join(letter for letter in text if letter.isprintable())
    for mark in ("“", "”", '"'):
        text = text.replace(mark, "'")
    if len(text) <= limit:
        return text
    cut = text[:limit]
    return (cut[: cut.rfind(" ")] if " " in cut else cut).rstrip(" ,;:-–(&")


def short_name(title: str) -> str:
    """Return the head of a title: up to its first break, bounded."""
    name = " ".join(clean(title, NAME_CHARACTERS).split(" ")[:NAME_WORDS])
    for mark in (" - ", " | ", ", ", " (", " – ", ": "):
        place = name.find(mark)
        if place >= 12:
            name = name[:place]
    return name.rstrip(".,;:!?- ") or "this item"


def _quoted(lead: str, texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        whole = clean(text, 2 * FACT_CHARACTERS)
        short = " ".join(clean(whole, FACT_CHARACTERS).split(" ")[:FACT_WORDS])
        cut = "..." if len(short) < len(whole) else ""
        short = short.rstrip(".!?;,: ")
        if len(short) > 2:
            yield f'{lead} "{short}{cut}"'


def _details(details: dict[str, str]) -> Iterator[str]:
    for key, value in list(details.items())[: 3 * MAX_FACTS]:
        name, short = clean(key, 30).lower(), clean(value, 60).rstrip(".")
        if short and name and not any(dull in name for dull in _DULL_KEYS):
            yield f"the {name} is listed as {short}"


def _facts(product: Product) -> tuple[str, ...]:
    description = product.description[:_SCANNED_CHARACTERS]
    for end in ("\n", "! ", "? "):
        description = description.replace(end, ". ")
    sentences = description.split(". ")
    features = list(_quoted("the listing says", product.features[:6]))
    details = list(_details(product.details))[:6]
    # Alternating, so that the few facts which a pitch has room for are of both kinds.
    mixed = [fact for pair in zip(features, details, strict=False) for fact in pair]
    common = len(mixed) // 2
    mixed += features[common:] + details[common:]
    mixed += _quoted("the description says", sentences[:4])
    return tuple(dict.fromkeys(mixed))[:MAX_FACTS]


def _keys(product: Product) -> tuple[str, ...]:
    texts = (clean(product.title, 200), *product.features[:3], *list(product.details.values())[:6])
    source = " ".join(clean(text, FACT_CHARACTERS) for text in texts).lower()
    words = (word.strip(".,;:!?()[]'") for word in source.split())
    telling = (word for word in words if len(word) >= 7 or (len(word) > 2 and word[0].isdigit()))
    return tuple(dict.fromkeys(telling))[:MAX_KEYS]


def _fitting(product: Product) -> Iterator[Aspect]:
    """What can be asked of a product: nobody asks how a mug for the home is powered."""
    unpowered = product.category == "Home" and not _powered(product)
    for aspect in ASPECTS[product.category]:
        yield _LASTING if aspect is _POWER and unpowered else aspect


def _powered(product: Product) -> bool:
    """Whether the sheet speaks of power; where a fact does, it does."""
    details = (f"{key} {value}" for key, value in product.details.items())
    text = " ".join((product.title, *product.features, *details, product.description)).lower()
    spoken = any(word in text for word in _POWER.terms)
    return spoken or _POWERED.search(product.title.lower()) is not None


def _built(product: Product) -> Sheet:
    facts = _facts(product)
    lowered = [(fact.lower(), fact) for fact in facts]
    answers = tuple(
        (
            aspect,
            next((f for low, f in lowered if any(term in low for term in aspect.terms)), None),
        )
        for aspect in _fitting(product)
    )
    return Sheet(
        name=short_name(product.title),
        brand=clean(product.brand, 30) or None if product.brand else None,
        kind=_KINDS[product.category],
        facts=facts,
        keys=_keys(product),
        aspects=answers,
    )


def _written(product: Product) -> tuple[object, ...]:
    """All that a sheet is made from: each market has a copy, which its agents may change."""
    return (
        product.title,
        product.brand,
        product.category,
        product.description,
        product.features,
        *product.details.items(),
    )


sheet_of: Memo[Product, Sheet] = Memo(_built, key=_written)
"""The prepared sheet of a product, remembered for the products met last."""
