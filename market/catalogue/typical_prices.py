"""What goods typically cost in a catalogue, category by category, counted while it is read."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator

from retailsim.market.catalogue.product import CATEGORIES, Category, Product


class TypicalPrices:
    """Geometric means of list prices; all of a file's goods count, not a sample's.

    Prices are counted rather than summed up, so the order of the file does not matter, and memory
    grows with the different prices only.
    """

    def __init__(self) -> None:
        self._counts: dict[Category, Counter[int]] = {name: Counter() for name in CATEGORIES}

    def watch(self, products: Iterable[Product]) -> Iterator[Product]:
        """Hand on products, and count what they cost."""
        for product in products:
            self._counts[product.category][product.price_cents] += 1
            yield product

    def cents(self) -> dict[Category, float]:
        """Return the geometric mean of the list prices, in cents, of each category that has any."""
        return {name: _geometric(counts) for name, counts in self._counts.items() if counts}


def _geometric(counts: Counter[int]) -> float:
    logs = (times * math.log(cents) for cents, times in sorted(counts.items()))
    return math.exp(math.fsum(logs) / counts.total())
