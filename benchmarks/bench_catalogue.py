"""Queries of a catalogue of 100,000 items: a suggestion, and the dearer item, in milliseconds.

The items are the built-in ones many times over, each with words of its own. The reference is the
same suggestion by plain Python: counting shared words item by item, in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import msgspec

from retailsim.events.streams import Seed
from retailsim.market.catalogue.product_files import Problems, builtin_catalogue, read_products
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.shop import Shop, sheet_text
from retailsim.market.protocols.csales.similarity import words

LIMIT_MS = 20.0
_OWN_WORDS = 12


def catalogue(size: int) -> Shop:
    """Return a shop with `size` items."""
    base = list(read_products(builtin_catalogue(), problems=Problems()))
    seed = Seed(1)
    products = []
    for number in range(size):
        product = base[number % len(base)]
        stream = seed.stream("bench", str(number))
        own = " ".join(f"w{stream.integer(0, 20_000)}" for _ in range(_OWN_WORDS))
        products.append(
            msgspec.structs.replace(
                product, id=f"{product.id}-{number}", description=f"{product.description} {own}"
            )
        )
    return Shop(products)


def run(size: int = 100_000, *, quick: bool = False) -> list[dict[str, Any]]:
    """Return rows for the one table."""
    size = 5_000 if quick else size
    shop = catalogue(size)
    profiles = read_profiles(builtin_profiles())
    texts = [f"{one.target_needs} {one.general_preference}" for one in profiles]
    shop.suggest(texts[0], (), 10**9, 100)  # builds the index
    suggested = _each(lambda text: shop.suggest(text, (), 10**9, 100), texts)
    items = [shop.products[number * 97 % size] for number in range(len(texts))]
    dearer = _each(lambda item: shop.dearer(item, item.price_cents), items)
    sheets = [frozenset(words(sheet_text(product))) for product in shop.products]
    plain = _each(lambda text: _plain(text, sheets), texts[:5])
    return [
        _row(f"suggestion among {size:,} items", suggested, plain, size),
        _row(f"dearer item among {size:,}", dearer, plain, size),
    ]


def _plain(text: str, sheets: list[frozenset[str]]) -> list[int]:
    asked = frozenset(words(text))
    return sorted(range(len(sheets)), key=lambda number: -len(asked & sheets[number]))[:100]


def _each(query: Callable[[Any], Any], arguments: list[Any]) -> float:
    """Return the median milliseconds of one query."""
    times = []
    for argument in arguments:
        start = time.perf_counter()
        query(argument)
        times.append(1e3 * (time.perf_counter() - start))
    return median(times)


def _row(figure: str, value: float, plain: float, size: int) -> dict[str, Any]:
    whole = size >= 100_000
    return {
        "figure": figure,
        "value": value,
        "unit": "ms",
        "reference": f"plain Python {plain:,.1f}",
        "ratio": value / plain,
        "target": f"<= {LIMIT_MS:g}" if whole else "",
        "met": value <= LIMIT_MS if whole else None,
    }
