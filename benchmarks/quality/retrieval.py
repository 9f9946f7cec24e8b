"""How well each index finds what a buyer needs.

``python -m benchmarks.quality.retrieval [--catalog FILE] [--profiles FILE] [--index NAME ...]``

The sentence in which a profile says what it needs is searched in the whole catalogue, and an item
is right if it is of the category that the buyer looks for; nobody tells the index which that is.
Profiles whose category the catalogue lacks are left out. A conversation narrows the category first,
so there the two indexes differ by less than here.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product import Product
from retailsim.market.catalogue.product_files import builtin_catalogue, read_products
from retailsim.market.protocols.csales.category_tree import CategoryPath, path_of
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.shop import sheet_text
from retailsim.market.protocols.csales.similarity import Similarity, by_name
from retailsim.market.protocols.csales.values import Profile


class Quality(msgspec.Struct, frozen=True):
    """How well needs were found, averaged over profiles.

    Parameters
    ----------
    profiles : int
        Those whose category has an item.
    reciprocal_rank : float
        One over the place of the first right item.
    precision : float
        Share of right items among the first five, or among as many as there are.
    found : float
        Share of the profiles that have a right item among the first ten.
    """

    profiles: int
    reciprocal_rank: float
    precision: float
    found: float


def quality(
    products: Sequence[Product],
    profiles: Sequence[Profile],
    make: Callable[[Sequence[str]], Similarity],
) -> Quality:
    """Return how well an index of `products` finds what `profiles` need.

    Raises
    ------
    ValueError
        If no profile's category has an item.
    """
    index = make([sheet_text(product) for product in products])
    paths = [_plain(path_of(product)) for product in products]
    rows = []
    for profile in profiles:
        right = _right(paths, _plain(profile.target_category))
        if right.any():
            scores = index.scores(profile.target_needs)
            rows.append(_row(right[np.lexsort((np.arange(len(paths)), -scores))]))
    if not rows:
        raise ValueError("no profile's category has an item in the catalogue")
    return Quality(len(rows), *np.mean(rows, axis=0).tolist())


def _plain(path: CategoryPath) -> CategoryPath:
    """Return a path without the commas that one source has and another lacks."""
    return tuple(part.replace(",", "") for part in path)


def _right(paths: Sequence[CategoryPath], target: CategoryPath) -> NDArray[Any]:
    return np.array([path[: len(target)] == target for path in paths])


def _row(ordered: NDArray[Any]) -> tuple[float, float, float]:
    most = min(5, int(ordered.sum()))
    return (
        1.0 / (1 + int(ordered.argmax())),
        float(ordered[:most].mean()),
        float(ordered[:10].any()),
    )


def table(catalogue: Path, profiles: Path, names: Sequence[str]) -> Iterator[str]:
    """Yield a line for each index."""
    products = sorted(read_products(catalogue, problems=Problems()), key=lambda one: one.id)
    buyers = read_profiles(profiles)
    yield f"{'index':18}{'profiles':>9}{'rank':>8}{'first 5':>9}{'found in 10':>13}"
    for name in names:
        q = quality(products, buyers, by_name(name))
        figures = f"{q.reciprocal_rank:8.3f}{q.precision:9.1%}{q.found:13.1%}"
        yield f"{name:18}{q.profiles:>9}{figures}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[2])
    parser.add_argument("--catalog", type=Path, default=builtin_catalogue())
    parser.add_argument("--profiles", type=Path, default=builtin_profiles())
    parser.add_argument("--index", nargs="+", default=["bm25", "embedding"])
    asked = parser.parse_args()
    for line in table(asked.catalog, asked.profiles, asked.index):
        print(line)
