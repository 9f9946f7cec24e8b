"""A shop's catalogue as conversations use it: categories, and items nearest to a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.category_tree import CategoryPath, CategoryTree, path_of
from retailsim.market.protocols.csales.similarity import Similarity, by_name

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Shop:
    """A catalogue with its category tree and its index; see `Catalogue` of the spec.

    The same question has the same answer: items of equal score stand in the order of their ids.

    Parameters
    ----------
    products : sequence of Product
    index : str
        How nearness is measured; see `market.protocols.csales.similarity`.

    Raises
    ------
    UnknownIndex, IndexUnavailable
        If there is no such index, or its package is not installed.
    """

    def __init__(self, products: Sequence[Product], *, index: str = "bm25") -> None:
        self.products = tuple(sorted(products, key=lambda product: product.id))
        self._by_id = {product.id: product for product in self.products}
        self._tree = CategoryTree(self.products)
        self._make_index = by_name(index)

    @cached_property
    def _index(self) -> Similarity:
        return self._make_index([sheet_text(product) for product in self.products])

    @cached_property
    def _prices(self) -> NDArray[Any]:
        import numpy as np

        return np.array([product.price_cents for product in self.products], dtype=np.int64)

    def product(self, id: str) -> Product:  # noqa: A002 - the field is called so
        """Return an item; raises KeyError for an id that does not exist."""
        return self._by_id[id]

    def cut(self, path: CategoryPath) -> CategoryPath:
        """Return the longest beginning of `path` that exists."""
        return self._tree.cut(path)

    def below(self, path: CategoryPath) -> tuple[CategoryPath, ...]:
        """Return the paths up to two levels below one that exists."""
        return self._tree.below(path)

    def suggest(
        self, text: str, path: CategoryPath, most_cents: int, count: int
    ) -> Sequence[Product]:
        """Return up to `count` items below `path`, nearest to `text`, priced at most so."""
        members = self._members(self.cut(path))
        return self._nearest(text, members[self._prices[members] <= most_cents], count)

    def dearer(self, product: Product, above_cents: int) -> Product | None:
        """Return the item most like `product` that costs more than `above_cents`.

        Looked for in the product's own category, then in the one above it; further away nothing
        is alike enough to be offered instead.
        """
        path = path_of(product)
        for node in (path, path[:-1] or path):
            members = self._members(node)
            above = members[self._prices[members] > above_cents]
            found = self._nearest(sheet_text(product), above, 1)
            if found:
                return found[0]
        return None

    @lru_cache(maxsize=256)  # noqa: B019 - a shop lives as long as its process
    def _members(self, path: CategoryPath) -> NDArray[Any]:
        import numpy as np

        return np.asarray(self._tree.items(path), dtype=np.int64)

    def _nearest(self, text: str, members: NDArray[Any], count: int) -> list[Product]:
        if not len(members):
            return []
        import numpy as np

        scores = self._index.scores(text)[members]
        best = np.lexsort((members, -scores))[:count]
        return [self.products[members[position]] for position in best]


def sheet_text(product: Product) -> str:
    """Return all that a sheet says, as one text to be searched."""
    details = (f"{name} {value}" for name, value in product.details.items())
    parts = (
        product.title,
        product.brand or "",
        *product.path,
        *product.features,
        product.description,
        *details,
    )
    return "\n".join(part for part in parts if part)
