"""A mean difference within units of several strata: products of several audiences, say.

Strata are chosen, not drawn: how much their effects differ is a finding, no source of error. So
the error comes from units within strata alone.
"""

from __future__ import annotations

import math

import polars as pl
from scipy.stats import t as student

from retailsim.analysis.statistics.clusters import by_t
from retailsim.analysis.statistics.equality import TOLERANCE, no_difference
from retailsim.analysis.statistics.values import Test


def stratified_difference(
    outcome: pl.Series, side: pl.Series, unit: pl.Series, stratum: pl.Series
) -> Test:
    """Mean over strata of the mean difference of two rates within units.

    Each unit has a rate on either side, so what is its own is taken out; one that lacks a side
    does not count. Strata weigh the same. Student's t with units - strata degrees of freedom.

    Parameters
    ----------
    outcome : polars.Series
        0 or 1 per observation.
    side : polars.Series of bool
        Which side it is on; the estimate is that of true minus that of false.
    unit, stratum : polars.Series
        Such as the product and whom it is made for; every unit is of one stratum.
    """
    method = "paired by product within audiences"
    frame = pl.DataFrame({"y": outcome, "side": side, "unit": unit, "stratum": stratum})
    frame = frame.drop_nulls()
    rate = [pl.col("y").filter(pl.col("side") == on).mean() for on in (True, False)]
    units = frame.group_by("stratum", "unit").agg(gap=rate[0] - rate[1]).drop_nulls().sort("unit")
    strata = units.group_by("stratum").agg(
        mean=pl.col("gap").mean(), variance=pl.col("gap").var(), units=pl.len()
    )
    n, count = frame.height, strata.height
    if not count:
        return Test(method=method, n=n, note="no product has both sides")
    estimate = float(strata.select(pl.col("mean").mean()).item())
    if float(strata["units"].to_numpy().min()) < 2:
        return Test(method=method, estimate=estimate, n=n, note="a single product of its audience")
    error = math.sqrt(float((strata["variance"] / strata["units"]).sum())) / count
    if error <= TOLERANCE:
        if abs(estimate) <= TOLERANCE:
            return no_difference(method, n)
        return Test(method=method, estimate=estimate, n=n, note="no spread between products")
    df = units.height - count
    p = 2.0 * float(student.sf(abs(estimate) / error, df))
    interval = by_t(estimate, error, df)
    return Test(method=f"{method}, t with {df} df", estimate=estimate, p=p, interval=interval, n=n)
