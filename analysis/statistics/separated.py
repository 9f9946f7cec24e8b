"""Answers to a price that is a wall: where all buy below some price, and none above it.

Then the slope of the log odds is infinite and no model of them fits, however much is seen; agents
that decide alike every time (a language model at temperature 0, a rule) behave so. What has an end
is a line through the shares, product by product: how many purchases are lost per unit of ln(price).
Over products it is tested by Student's t and by sign flips, and p is the larger of both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

from retailsim.analysis.statistics.equality import no_difference, same
from retailsim.analysis.statistics.flips import flipped
from retailsim.analysis.statistics.values import LEVEL, Interval, Test

Floats = NDArray[np.float64]

METHOD = "linear by product"
_FEW = 1e-12
_SEED = 1


class Lines(msgspec.Struct, frozen=True):
    """Lines through the shares of products.

    Parameters
    ----------
    moved : mapping of product to float
        Episodes times the slope of the share on ln(price): purchases per unit of ln(price).
    variance : float
        Of their sum, were episodes independent; with half a purchase and half a miss added to
        each price, so that prices at which all or none buy are not taken for certain.
    """

    moved: dict[str, float]
    variance: float


def is_separated(rows: pl.DataFrame) -> bool:
    """Whether the slope of the log odds is infinite, with a level for each product.

    So it is if, in each product, nothing was missed at a lower price than one at which something
    was bought, or in each the other way round. One price may have both.

    Parameters
    ----------
    rows : polars.DataFrame
        ``product``, ``price``, ``purchases``, ``episodes``; products of which some episodes, and
        not all, are purchases.
    """
    bought = pl.col("price").filter(pl.col("purchases") > 0)
    missed = pl.col("price").filter(pl.col("purchases") < pl.col("episodes"))
    ends = rows.group_by("product").agg(
        falls=bought.max() <= missed.min(), rises=bought.min() >= missed.max()
    )
    return ends.height > 0 and bool(ends["falls"].all() or ends["rises"].all())


def lines(rows: pl.DataFrame) -> Lines:
    """Fit a line to the shares of each product, weighted by episodes."""
    moved, variance = {}, 0.0
    for (product,), cells in rows.sort("product", "price").group_by("product", maintain_order=True):
        at = np.log(cells["price"].to_numpy())
        bought, episodes = (cells[name].to_numpy().astype(float) for name in _COUNTS)
        centred = at - float((episodes * at).sum() / episodes.sum())
        squares = float((episodes * centred**2).sum())
        if squares < _FEW:
            continue
        scale = float(episodes.sum()) / squares
        near = (bought + 0.5) / (episodes + 1.0)
        flat = same((bought / episodes).tolist())
        moved[str(product)] = 0.0 if flat else scale * float((centred * bought).sum())
        variance += scale**2 * float((centred**2 * episodes * near * (1.0 - near)).sum())
    return Lines(moved, variance)


_COUNTS = ("purchases", "episodes")


def by_product(sides: Sequence[tuple[Lines, float]], n: int, why: str) -> Test:
    """Test the sum of lines, each times its factor, over products.

    Parameters
    ----------
    sides : sequence of (Lines, float)
        Lines of each group, and what makes purchases per unit of ln(price) what is estimated.
    n : int
        Episodes.
    why : str
        What the estimate is, for the method.

    Returns
    -------
    Test
        Two-sided; Student's t with products - 1 df, the error at least that of independent
        episodes, and the larger p of t and sign flips. Of a single product there is the estimate
        alone: its episodes may be one decision many times over.
    """
    products = sorted({product for side, _ in sides for product in side.moved})
    method = f"{METHOD}, {why}"
    each: Floats = np.array(
        [sum(factor * side.moved.get(one, 0.0) for side, factor in sides) for one in products]
    )
    count, estimate = len(products), float(each.sum())
    if count < 2 and not estimate:
        return Test(method=method, n=n, note="nothing varies")
    if count < 2:
        return Test(method=method, estimate=estimate, n=n, note="a single product: no interval")
    of_episodes = sum(factor**2 * side.variance for side, factor in sides)
    error = math.sqrt(max(of_episodes, count * float(each.var(ddof=1))))
    law, how = student(count - 1), f"t with {count - 1} df and sign flips"
    p_of_flips, _, _ = flipped(each, np.ones(count), seed=_SEED, level=LEVEL)
    half = float(law.ppf(0.5 + LEVEL / 2.0)) * error
    if not each.any():
        return no_difference(method, n, half)
    p = max(p_of_flips, 2.0 * float(law.sf(abs(estimate) / error)))
    interval = Interval(estimate - half, estimate + half, f"{METHOD}, {how}")
    return Test(method=method, estimate=estimate, p=min(1.0, p), interval=interval, n=n)
