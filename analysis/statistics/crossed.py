"""A difference of rates whose episodes share two things: products, and buyers of other draws.

Two runs of other seeds have other buyers behind the same names, so what differs between them by
accident is not only products' but buyers' too. The variance of the difference is that over the
ones plus that over the others less that over their cells (Cameron, Gelbach and Miller 2011). What
is of one name in both runs is taken out of the difference, so that the sort of a buyer (its
persona) is no accident. One degree of freedom less than there are of the rarer.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from retailsim.analysis.statistics.clusters import by_t
from retailsim.analysis.statistics.differences import p_of_t, two_rates
from retailsim.analysis.statistics.values import LEVEL, Test

Floats = NDArray[np.float64]
Side = tuple[pl.Series, pl.Series, pl.Series, pl.Series]


class Difference(NamedTuple):
    """A difference of two ratios with its standard error and the degrees of freedom of that.

    With a single buyer the error is that of products alone, and `buyers` is 1.
    """

    estimate: float
    error: float
    df: float
    buyers: int


def crossed_difference(first: Side, second: Side) -> Difference | None:
    """Return the first ratio minus the second; None where products are too few for an error.

    Parameters
    ----------
    first, second : (above, below, product, buyer)
        The first two as for `clusters.rate`.
    """
    below = [float(side[1].sum()) for side in (first, second)]
    if min(below) == 0.0:
        return None
    estimate = float(first[0].sum()) / below[0] - float(second[0].sum()) / below[1]
    scores = pl.concat((_scores(first, 1.0), _scores(second, -1.0)))
    products, buyers = (_sums(scores, name) for name in ("product", "buyer"))
    if len(products) < 2:
        return None
    if len(buyers) < 2:
        return Difference(estimate, math.sqrt(_variance(products)), len(products) - 1.0, 1)
    parts = [_variance(products), _variance(buyers)]
    # That over the cells may be much, as noise is; the difference must not eat up what there is.
    variance = max(*parts, sum(parts) - _variance(_sums(scores, "product", "buyer")))
    fewest = min(len(products), len(buyers))
    return Difference(estimate, math.sqrt(variance), fewest - 1.0, len(buyers))


def crossed_rates(first: Side, second: Side, *, level: float = LEVEL) -> Test:
    """Test two ratios of sums of runs of other seeds; as `two_rates` where one buyer is alone.

    Parameters
    ----------
    first, second : (above, below, product, buyer)
        The first two as for `clusters.rate`.
    level : float
        Of the interval.
    """
    alone = two_rates(first[:3], second[:3], level=level)
    if alone.p is None or alone.estimate is None:
        return alone
    found = crossed_difference(first, second)
    if found is None or found.buyers < 2:
        return msgspec.structs.replace(alone, note="one buyer: that another seed draws another")
    return Test(
        method=f"difference by product and buyer, t with {found.df:.0f} df",
        estimate=alone.estimate,
        p=p_of_t(alone.estimate, found.error, found.df),
        interval=by_t(alone.estimate, found.error, found.df, level=level),
        n=alone.n,
    )


def _scores(side: Side, sign: float) -> pl.DataFrame:
    """What each episode adds to the error of the difference."""
    above, below = (one.cast(pl.Float64) for one in side[:2])
    total = float(below.sum())
    added = sign * (above - float(above.sum()) / total * below) / total
    return pl.DataFrame({"product": side[2], "buyer": side[3], "added": added})


def _sums(scores: pl.DataFrame, *keys: str) -> Floats:
    """Sums by these keys, in their order, each of rows in theirs: sums of floats depend on it."""
    return (
        scores.group_by(keys, maintain_order=True)
        .agg(pl.col("added").sum())
        .sort(keys)["added"]
        .to_numpy()
    )


def _variance(sums: Floats) -> float:
    """Variance of their sum, which is 0 itself; few of them seem to spread less than they do."""
    return float((sums**2).sum()) * len(sums) / max(1, len(sums) - 1)
