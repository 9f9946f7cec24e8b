"""Price elasticity of demand: the paper's estimate, and one that keeps what it throws away."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
import polars as pl
import statsmodels.api as sm
from scipy.stats import norm, ttest_rel
from scipy.stats import t as student

from retailsim.analysis.statistics.values import LEVEL, Interval, Test


class Slopes(msgspec.Struct, frozen=True, kw_only=True):
    """The paper's comparison of two groups of buyers.

    Parameters
    ----------
    per_product : mapping of product to (sensitive, indifferent)
        Elasticities of the products that count.
    dropped : mapping of product to reason
    test : Test
        One-tailed paired t-test that the sensitive group's mean |elasticity| is the larger.
    """

    per_product: dict[str, tuple[float, float]]
    dropped: dict[str, str]
    test: Test


def log_log(purchases: Mapping[float, int], size: int) -> float | None:
    """Slope of ln(purchases / size) on ln(price), conditions without a purchase left out.

    Parameters
    ----------
    purchases : mapping of price multiplier to purchases
        The multiplier is 1 - discount.
    size : int
        Episodes in each condition.

    Returns
    -------
    float or None
        None with fewer than two conditions left.
    """
    return _line((price, count / size) for price, count in purchases.items())


def _line(shares: Iterable[tuple[float, float]]) -> float | None:
    """Least squares of ln(share) on ln(price) over (price, share) with a share above 0."""
    points = [(math.log(price), math.log(share)) for price, share in shares if share]
    if len({x for x, _ in points}) < 2:
        return None
    x, y = (np.array(part) for part in zip(*points, strict=True))
    centred = x - x.mean()
    return float((centred * y).sum() / (centred**2).sum())


def by_group(cells: pl.DataFrame, sensitive: str, indifferent: str) -> Slopes:
    """The published comparison, with the products it drops and why.

    Parameters
    ----------
    cells : polars.DataFrame
        ``product``, ``group``, ``price`` (multiplier), ``purchases``, ``episodes``; one row a
        condition.
    """
    found: dict[str, tuple[float, float]] = {}
    dropped: dict[str, str] = {}
    for (product,), rows in cells.sort("product").group_by("product", maintain_order=True):
        slopes = [_slope(rows.filter(group=group)) for group in (sensitive, indifferent)]
        one, two = slopes
        if one is None or two is None:
            lacking = [
                g for g, s in zip((sensitive, indifferent), slopes, strict=True) if s is None
            ]
            dropped[str(product)] = f"fewer than two prices with a purchase: {', '.join(lacking)}"
        else:
            found[str(product)] = (one, two)
    ones, twos = ([abs(pair[side]) for pair in found.values()] for side in (0, 1))
    return Slopes(per_product=found, dropped=dropped, test=_paired(ones, twos))


def _slope(rows: pl.DataFrame) -> float | None:
    return _line(zip(rows["price"], rows["purchases"] / rows["episodes"], strict=True))


def _paired(ones: list[float], twos: list[float]) -> Test:
    method = "paired t, one-tailed"
    if len(ones) < 2:
        return Test(method=method, n=len(ones), note="fewer than two products count")
    estimate = float(np.mean(ones) - np.mean(twos))
    if np.ptp(np.subtract(ones, twos)) == 0.0:
        return Test(method=method, estimate=estimate, n=len(ones), note="no spread")
    p = float(ttest_rel(ones, twos, alternative="greater").pvalue)
    both = ttest_rel(ones, twos).confidence_interval(LEVEL)
    interval = Interval(float(both.low), float(both.high), "paired t by product, two-sided")
    return Test(method=method, estimate=estimate, p=p, interval=interval, n=len(ones))


def grouped(cells: pl.DataFrame) -> Test:
    """Elasticity of total demand by a grouped binomial model over all conditions, empty ones too.

    ``logit(share) = product + slope * ln(price)``, errors robust to products. The elasticity is
    that of all purchases together, ``slope * sum(n p (1 - p)) / sum(n p)``: products that are
    always bought count as sales that no price changes. (A log link would say it in one number,
    and would be ruled by the products that are nearly always bought.)

    Parameters
    ----------
    cells : polars.DataFrame
        ``product``, ``price`` (multiplier, above 0), ``purchases``, ``episodes``; one row a
        condition, several of one product and price where groups are put together.

    Returns
    -------
    Test
        `n` counts episodes; without an estimate the note says why.
    """
    method = "grouped binomial, logit"
    rows = cells.filter(pl.col("episodes") > 0).sort("product", "price")
    n, bought = int(rows["episodes"].sum()), int(rows["purchases"].sum())
    # A product that was never or always bought says nothing, and would have no finite level.
    totals = rows.group_by("product").agg(pl.col("purchases").sum(), pl.col("episodes").sum())
    some = (pl.col("purchases") > 0) & (pl.col("purchases") < pl.col("episodes"))
    rows = rows.filter(pl.col("product").is_in(totals.filter(some)["product"].to_list()))
    if rows["price"].n_unique() < 2:
        return Test(method=method, n=n, note="nothing varies")
    products = rows["product"].rank("dense").cast(pl.Int64).to_numpy()
    dummies = (products[:, None] == np.unique(products)[None, :]).astype(float)
    design = np.column_stack((np.log(rows["price"].to_numpy()), dummies))
    counts = rows.select("purchases", misses=pl.col("episodes") - pl.col("purchases")).to_numpy()
    fitted = _fit(counts, design, products)
    if fitted is None:
        return Test(method=method, n=n, note="no model fits")
    shares = fitted.fittedvalues
    scale = float((counts.sum(axis=1) * shares * (1.0 - shares)).sum() / bought)
    return _told(fitted, scale, len(np.unique(products)), method, n)


def _fit(counts: Any, design: Any, products: Any) -> Any | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of is looked at below
        try:
            model = sm.GLM(counts, design, family=sm.families.Binomial())
            if len(np.unique(products)) > 1:
                fitted = model.fit(cov_type="cluster", cov_kwds={"groups": products}, maxiter=200)
            else:
                fitted = model.fit(maxiter=200)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    return fitted if fitted.converged and np.isfinite(fitted.bse[0]) else None


def _told(fitted: Any, scale: float, clusters: int, method: str, n: int) -> Test:
    """The slope as an elasticity; Student's t with products - 1 df, or normal for one product."""
    estimate, error = scale * float(fitted.params[0]), scale * float(fitted.bse[0])
    law = student(clusters - 1) if clusters > 1 else norm
    half = float(law.ppf(0.5 + LEVEL / 2.0)) * error
    p = 2.0 * float(law.sf(abs(estimate) / error)) if error else None
    how = f"robust by product, t with {clusters - 1} df" if clusters > 1 else "binomial"
    interval = Interval(estimate - half, estimate + half, how)
    return Test(method=method, estimate=estimate, p=p, interval=interval, n=n)
