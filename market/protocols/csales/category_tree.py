"""The category tree of a catalogue: paths, their beginnings, and the items below each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from retailsim.market.catalogue.product import Product
from retailsim.market.protocols.csales.events import CategoryRule

CategoryPath = tuple[str, ...]

LEVELS = 2
"""How far below a category its options reach."""


class CategoryTree:
    """The categories of some products, numbered as they are given.

    Parameters
    ----------
    products : sequence of Product
        One without a path stands below its category's name.
    """

    def __init__(self, products: Sequence[Product]) -> None:
        self._items: dict[CategoryPath, list[int]] = {(): []}
        self._children: dict[CategoryPath, set[str]] = {(): set()}
        for number, product in enumerate(products):
            self._add(path_of(product), number)

    def _add(self, path: CategoryPath, number: int) -> None:
        self._items[()].append(number)
        for depth in range(1, len(path) + 1):
            node, parent = path[:depth], path[: depth - 1]
            self._items.setdefault(node, []).append(number)
            self._children.setdefault(node, set())
            self._children[parent].add(path[depth - 1])

    def cut(self, path: Iterable[str]) -> CategoryPath:
        """Return the longest beginning of `path` that exists; empty if nothing of it does."""
        found: CategoryPath = ()
        for name in path:
            if name not in self._children[found]:
                break
            found = (*found, name)
        return found

    def below(self, path: CategoryPath) -> tuple[CategoryPath, ...]:
        """Return the paths up to `LEVELS` below one that exists, in alphabetic order."""
        paths: list[CategoryPath] = []
        level = [path]
        for _ in range(LEVELS):
            level = [(*node, name) for node in level for name in self._children[node]]
            paths += level
        return tuple(sorted(paths))

    def items(self, path: CategoryPath) -> Sequence[int]:
        """Return the numbers of the products at or below a path that exists, ascending."""
        return self._items[path]


def path_of(product: Product) -> CategoryPath:
    """Return where a product stands in the tree."""
    return product.path or (product.category,)


def searched(rule: CategoryRule, named: CategoryPath, current: CategoryPath) -> CategoryPath:
    """Return the path that a category search looks at.

    Parameters
    ----------
    named : path
        What the seller names; "nearest" takes it.
    current : path
        Where the seller looks so far.
    """
    match rule:
        case "nearest":
            return named
        case "parent":
            return current[:-1]
        case _:
            return ()
