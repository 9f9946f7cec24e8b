"""Catalogues of products: read from files, and sampled.

A file is read as a stream, row by row, so memory does not grow with it. What is wrong with single
rows is counted in `Problems`; what is wrong with the file as a whole raises a `CatalogueError`.
"""

from __future__ import annotations

from bisect import insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from retailsim.market.catalogue.amazon import read_row
from retailsim.market.catalogue.catalogue_file import CatalogueFile, open_catalogue
from retailsim.market.catalogue.category_map import CategoryMap, builtin_categories
from retailsim.market.catalogue.fields import parse_price
from retailsim.market.catalogue.options import CatalogueOptions
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import CATEGORIES, Product
from retailsim.market.errors import (
    EmptyCatalogue,
    MissingProducts,
    RepeatedProducts,
)

__all__ = [
    "EmptyCatalogue",
    "Problems",
    "builtin_catalogue",
    "builtin_products",
    "parse_price",
    "read_products",
    "sample",
]


def builtin_catalogue() -> Path:
    """Return the catalogue that comes with the package."""
    return Path(str(files("retailsim.market.data") / "catalogue.jsonl"))


def builtin_products(problems: Problems) -> Iterator[Product]:
    """Yield the products of `builtin_catalogue`, read as it is meant: once in a process.

    What plays many runs, an experiment or a sweep, reads it for each of them. The products are
    the caller's own, down to the facts, as if they had just been read.

    Parameters
    ----------
    problems : Problems
        Counts them as rows that were kept.
    """
    for product in _builtin_products():
        problems.rows += 1
        problems.kept += 1
        yield msgspec.structs.replace(product, details=dict(product.details))


@cache
def _builtin_products() -> tuple[Product, ...]:
    return tuple(read_products(builtin_catalogue(), problems=Problems()))


def read_products(
    path: Path,
    *,
    categories: CategoryMap | None = None,
    problems: Problems,
    options: CatalogueOptions | None = None,
) -> Iterator[Product]:
    """Read the usable products of a catalogue, in the file's order.

    Parameters
    ----------
    path : Path
        A file of any format and shape that `open_catalogue` knows.
    categories : CategoryMap or None
        Groups by source category; None for the package's own.
    problems : Problems
        Counts rows, those skipped and why. Ids are not compared here, for that would hold all
        of them; `sample` does.
    options : CatalogueOptions or None
        What the user says about the file.

    Raises
    ------
    CatalogueError
        While iterating, if the file as a whole cannot be read.
    """
    file = open_catalogue(path, options)
    yield from products_of(file, categories=categories, problems=problems, options=options)


def products_of(
    file: CatalogueFile,
    *,
    categories: CategoryMap | None = None,
    problems: Problems,
    options: CatalogueOptions | None = None,
) -> Iterator[Product]:
    """Read the usable products of an opened catalogue, likewise."""
    categories = categories or builtin_categories()
    if options is not None and options.other is not None:
        categories = categories.with_rest(options.other)
    dataset = _dataset(file.path)
    for number, row in file.rows(problems):
        product = read_row(row, categories, problems, dataset, number)
        if product is not None:
            yield product


def sample(
    products: Iterable[Product],
    *,
    per_category: int | None,
    ids: Sequence[str] | None,
    key: Callable[[str], bytes],
    problems: Problems | None = None,
) -> list[Product]:
    """Choose products, whatever their order in the file.

    With `ids` exactly those, in that order. Otherwise those with the smallest ``key(id)``, up to
    `per_category` of each category, so a smaller sample is contained in a larger one; memory is
    bounded by the sample. Of rows with the same id the one whose encoding is smallest counts,
    wherever it stands.

    Parameters
    ----------
    products : iterable of Product
        Read once.
    per_category : int or None
        At least 1; None for all products. Not used with `ids`.
    ids : sequence of str or None
        The products wanted.
    key : callable
        A keyed hash of an id: the source of randomness.
    problems : Problems or None
        Told of repeated ids among the products held, and warned of categories that hold fewer
        than asked.

    Returns
    -------
    list of Product
        By category in the order of `CATEGORIES`, then by id; with `ids` in their order.

    Raises
    ------
    MissingProducts, RepeatedProducts
        If one of `ids` is not among the products, or twice among `ids`.
    """
    problems = problems or Problems()
    if ids is not None:
        return _named(products, ids, problems)
    shelves = {category: _Shelf(per_category, key, problems) for category in CATEGORIES}
    for product in products:
        shelves[product.category].offer(product)
    chosen = settle((p for shelf in shelves.values() for p in shelf.held.values()), problems)
    _warn_of_few(chosen, per_category, problems)
    return sorted(chosen, key=lambda p: (CATEGORIES.index(p.category), p.id))


class _Shelf:
    """The products of one category with the smallest keys; at most `size` are held."""

    def __init__(self, size: int | None, key: Callable[[str], bytes], problems: Problems) -> None:
        self.held: dict[str, Product] = {}
        self._ranks: list[tuple[bytes, str]] = []
        self._size = size
        self._key = key
        self._problems = problems

    def offer(self, product: Product) -> None:
        """Hold the product if it ranks among the first, or replaces its namesake."""
        if product.id in self.held:
            self._problems.skip_duplicate()
            self.held[product.id] = _preferred(self.held[product.id], product)
            return
        if self._size is None or self._admit((self._key(product.id), product.id), self._size):
            self.held[product.id] = product

    def _admit(self, rank: tuple[bytes, str], size: int) -> bool:
        """Take the rank in if it is among the first, and let go of the one that is no longer."""
        if len(self._ranks) >= size:
            if not self._ranks or rank >= self._ranks[-1]:
                return False
            del self.held[self._ranks.pop()[1]]
        insort(self._ranks, rank)
        return True


def _named(products: Iterable[Product], ids: Sequence[str], problems: Problems) -> list[Product]:
    """Pick the products of these ids."""
    wanted = frozenset(ids)
    if len(wanted) < len(ids):
        raise RepeatedProducts([i for i, count in Counter(ids).items() if count > 1])
    found = {p.id: p for p in settle((p for p in products if p.id in wanted), problems)}
    missing = [i for i in ids if i not in found]
    if missing:
        raise MissingProducts(missing)
    return [found[i] for i in ids]


def settle(products: Iterable[Product], problems: Problems) -> list[Product]:
    """Keep one product of each id: the one whose encoding is smallest."""
    kept: dict[str, Product] = {}
    for product in products:
        if product.id in kept:
            problems.skip_duplicate()
            product = _preferred(kept[product.id], product)
        kept[product.id] = product
    return list(kept.values())


def _preferred(one: Product, other: Product) -> Product:
    """Choose between two products of one id by what they say, not by which came first."""
    return min(one, other, key=lambda p: msgspec.json.encode(p, order="deterministic"))


def _warn_of_few(chosen: Sequence[Product], per_category: int | None, problems: Problems) -> None:
    if per_category is None:
        return
    held = Counter(product.category for product in chosen)
    few = [
        f"{category} {held[category]}" for category in CATEGORIES if held[category] < per_category
    ]
    if few:
        problems.warn(f"fewer than per_category = {per_category} products: {', '.join(few)}")


def _dataset(path: Path) -> str:
    """Return the data set's name in a file name such as ``meta_All_Beauty.jsonl.gz``."""
    return path.name.split(".")[0].removeprefix("meta_") if path.name.startswith("meta_") else ""
