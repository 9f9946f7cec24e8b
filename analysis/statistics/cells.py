"""Observations as the sums that estimates are made of: as many as there are cells, not episodes.

A cell is what some observations share, such as a product, or a product and a buyer. Ratios of sums
and their variances between clusters need no more than sums by cell. What they are compared with,
the variance if no two observations were in one cluster, needs squares besides. All are integers,
added without rounding, so nothing depends on the order or on how many were at hand at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl


class Moments(NamedTuple):
    """Sums over observations with something below the line.

    Parameters
    ----------
    n : int
        How many there are.
    above, below, above_above, above_below, below_below : int
        Sums of what each has above and below the line, and of the products.
    """

    n: int
    above: int
    below: int
    above_above: int
    above_below: int
    below_below: int

    def independent(self) -> float:
        """Variance of the ratio of sums, were no two observations in one cluster.

        As `clusters.ratio_variance` of the observations has it, with one rounding at the end.
        """
        if self.n < 2:
            return 0.0
        top, bottom = self.above, self.below
        rest = (
            bottom * bottom * self.above_above
            - 2 * top * bottom * self.above_below
            + top * top * self.below_below
        )
        return self.n * rest / ((self.n - 1) * bottom**4)


class Cells(NamedTuple):
    """Sums by cell.

    Parameters
    ----------
    sums : polars.DataFrame
        The columns that make a cell, ``above`` and ``below``. Observations with nothing below the
        line stand in a row of their own, so that they can be told apart.
    moments : Moments
    """

    sums: pl.DataFrame
    moments: Moments


def cells(observations: pl.LazyFrame, keys: Sequence[str], *, streaming: bool) -> Cells:
    """Sum observations by cell.

    Parameters
    ----------
    observations : polars.LazyFrame
        `keys`, and ``above`` and ``below``: integers, the latter at least 0. Observations that lack
        one of both or the first key count nowhere.
    keys : sequence of str
        The columns that make a cell.
    streaming : bool
        Whether only some observations are to be at hand at a time.
    """
    known = observations.drop_nulls([keys[0], "above", "below"])
    # Squares of cents over a million episodes do not fit into 64 bits.
    above, below = (pl.col(name).cast(pl.Int128) for name in ("above", "below"))
    made = known.group_by(*keys, some=pl.col("below") > 0).agg(
        pl.col("above", "below").sum(),
        n=pl.len(),
        above_above=(above * above).sum(),
        above_below=(above * below).sum(),
        below_below=(below * below).sum(),
    )
    found = made.collect(engine="streaming" if streaming else "auto")
    totals = found.filter("some").select(*Moments._fields).cast(pl.Int128).sum()
    return Cells(found.select(*keys, "above", "below"), Moments(*totals.row(0)))
