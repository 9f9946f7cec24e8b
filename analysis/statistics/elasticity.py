"""Price elasticity of demand: the paper's estimate, and models that keep what it throws away.

With a logit demand the elasticity at a price is ``E = slope * (1 - p)``, the slope that of the log
odds on ln(price) and p the share that buys. So of two groups with one slope, the one that buys less
has the larger elasticity: who answers more to the price, slopes say (`slope_gap`). A mean of |E|
over products (`by_group`, the paper's rule) takes noise for an answer, too, because a slope of
either sign adds to it.

Where the price separates who buys from who does not, no logit fits; `separated` answers then.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np
import polars as pl
import statsmodels.api as sm
from scipy.stats import norm, ttest_rel
from scipy.stats import t as student

from retailsim.analysis.statistics.equality import (
    SAME_LOG_ODDS,
    TOLERANCE,
    most_missed,
    no_difference,
    same,
)
from retailsim.analysis.statistics.separated import by_product, is_separated, lines
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
    """Least squares of ln(share) on ln(price) over (price, share) with a share above 0.

    Equal shares have a slope of exactly 0.
    """
    some = [(price, share) for price, share in shares if share]
    if len({price for price, _ in some}) < 2:
        return None
    if same([share for _, share in some]):
        return 0.0
    x, y = (np.log(part) for part in zip(*some, strict=True))
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
    shares = _shares(cells)
    for product in sorted({product for product, _ in shares}):
        slopes = [_line(shares.get((product, group), ())) for group in (sensitive, indifferent)]
        one, two = slopes
        if one is None or two is None:
            lacking = [
                g for g, s in zip((sensitive, indifferent), slopes, strict=True) if s is None
            ]
            dropped[product] = f"fewer than two prices with a purchase: {', '.join(lacking)}"
        else:
            found[product] = (one, two)
    ones, twos = ([abs(pair[side]) for pair in found.values()] for side in (0, 1))
    return Slopes(per_product=found, dropped=dropped, test=_paired(ones, twos))


def _shares(cells: pl.DataFrame) -> dict[tuple[str, str], list[tuple[float, float]]]:
    """(product, group) -> (price, share that buys) of each condition."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    columns = cells.select("product", "group", "price", pl.col("purchases") / pl.col("episodes"))
    for product, group, price, share in columns.iter_rows():
        found.setdefault((str(product), group), []).append((price, share))
    return found


def _paired(ones: list[float], twos: list[float]) -> Test:
    method = "paired t, one-tailed"
    if len(ones) < 2:
        return Test(method=method, n=len(ones), note="fewer than two products count")
    differences = np.subtract(ones, twos)
    largest, estimate = max(*ones, *twos), float(differences.mean())
    if np.abs(differences).max() <= TOLERANCE * largest:
        return no_difference(method, len(ones))
    if np.ptp(differences) <= TOLERANCE * largest:
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
        `n` counts episodes; without an estimate the note says why. Where all buy up to some price
        and none above, the method is that of `separated`, and the elasticity that of a line.
    """
    bought = int(cells["purchases"].sum())
    found = _separated([cells], lambda _: 1.0 / bought)
    if found is not None:
        return found
    return _one_slope(cells, "grouped binomial, logit", lambda fitted: _moved(fitted) / bought)


def slope(cells: pl.DataFrame) -> Test:
    """Slope of the log odds of buying on ln(price), with a level for each product.

    The model of `grouped`, before its slope is made an elasticity: what the price does to a
    choice, whatever share buys.

    Parameters
    ----------
    cells : polars.DataFrame
        As for `grouped`. Where the method is that of `separated`, the slope is that of a line, in
        log odds at the mean share.
    """
    found = _separated([cells], _log_odds)
    if found is not None:
        return found
    return _one_slope(cells, "binomial, logit", lambda _: 1.0)


def _one_slope(cells: pl.DataFrame, method: str, scale: Callable[[Any], float]) -> Test:
    """Fit one slope for all products; `scale` makes of it what is estimated."""
    n, rows = int(cells["episodes"].sum()), _telling(cells, ["product"])
    if rows["price"].n_unique() < 2:
        return Test(method=method, n=n, note="nothing varies")
    fitted = _fit(rows, ["product"], np.log(rows["price"].to_numpy())[:, None])
    if fitted is None:
        return Test(method=method, n=n, note="no model fits")
    factor = scale(fitted)
    if _still(fitted.params[:1], rows):
        return no_difference(method, n, _unseen(rows) * factor)
    return _told(factor * fitted.params[0], factor * fitted.bse[0], rows, method, n)


def slope_gap(cells: pl.DataFrame, sensitive: str, indifferent: str) -> Test:
    """How much more one group answers to the price than another: by signed slopes of log odds.

    ``logit(share) = level of product and group + slope of group * ln(price)``, errors robust to
    products, which both groups share. The estimate is minus the first slope plus the second:
    positive where the first group's demand falls more steeply. Levels are free, so that a group
    that only buys less makes no gap; slopes keep their sign, so that noise makes none either.

    Parameters
    ----------
    cells : polars.DataFrame
        ``product``, ``group``, ``price`` (multiplier, above 0), ``purchases``, ``episodes``.
    sensitive, indifferent : str
        Values of ``group``; others do not count.

    Returns
    -------
    Test
        Two-sided, Student's t with products - 1 df; `n` counts episodes. Where one of the groups
        buys up to some price and not above, the method is that of `separated`, and both slopes are
        those of lines, in log odds at the group's mean share.
    """
    method = "binomial, logit, price x group"
    chosen = cells.filter(pl.col("group").is_in([sensitive, indifferent]))
    n = int(chosen["episodes"].sum())
    rows = _telling(chosen, ["product", "group"])
    sides = [rows.filter(group=group) for group in (sensitive, indifferent)]
    whole = [chosen.filter(group=group) for group in (sensitive, indifferent)]
    separated = _separated(whole, _log_odds)
    if separated is not None:
        return separated
    if any(side["price"].n_unique() < 2 for side in sides):
        return Test(method=method, n=n, note="nothing varies in one of the groups")
    prices, first = np.log(rows["price"].to_numpy()), (rows["group"] == sensitive).to_numpy()
    # So the first number is the gap itself, with its robust error; the second one group's slope.
    fitted = _fit(rows, ["product", "group"], np.column_stack((-prices * first, prices)))
    if fitted is None:
        return Test(method=method, n=n, note="no model fits")
    if _still(fitted.params[:2], rows):
        return no_difference(method, n, max(map(_unseen, sides)))
    if _still(fitted.params[:1], rows):
        return no_difference(method, n)
    return _told(fitted.params[0], fitted.bse[0], rows, method, n)


def _log_odds(rows: pl.DataFrame) -> float:
    """What makes purchases per unit of ln(price) a slope of log odds at the mean share."""
    bought, episodes = float(rows["purchases"].sum()), float(rows["episodes"].sum())
    return episodes / (bought * (episodes - bought))


def _separated(sides: list[pl.DataFrame], scale: Callable[[pl.DataFrame], float]) -> Test | None:
    """Return the answer by lines where a side's slope has no end, or a side never moves.

    Never moves: each product is always bought or never, and there are some of both, or, of a
    single side, something is bought. None where a model of log odds can say it, or nothing can.
    Of a single side it is the slope itself; of two, minus the first plus the second, as in
    `slope_gap`.
    """
    sides = [side.filter(pl.col("episodes") > 0) for side in sides]
    telling = [_telling(side, ["product"]) for side in sides]
    if not any(not rows.height or is_separated(rows) for rows in telling):
        return None
    used = [rows if rows.height else side for rows, side in zip(telling, sides, strict=True)]
    if any(rows["price"].n_unique() < 2 for rows in used):
        return None
    signs = (1.0,) if len(sides) == 1 else (-1.0, 1.0)
    try:
        factors = [sign * scale(rows) for rows, sign in zip(used, signs, strict=True)]
    except ZeroDivisionError:  # a share of 0 or 1 has no log odds
        return None
    weighed = list(zip(map(lines, used), factors, strict=True))
    n = sum(int(side["episodes"].sum()) for side in sides)
    return by_product(weighed, n, "the price separates who buys, or nothing moves")


def _telling(cells: pl.DataFrame, level: list[str]) -> pl.DataFrame:
    """Leave out what was never or always bought: it says nothing, and has no finite level."""
    rows = cells.filter(pl.col("episodes") > 0).sort(*level, "price")
    bought, episodes = (pl.col(name).sum().over(level) for name in ("purchases", "episodes"))
    return rows.filter(bought > 0, bought < episodes)


def _log_range(rows: pl.DataFrame) -> float:
    return float(np.ptp(np.log(rows["price"].to_numpy())))


def _still(slopes: Any, rows: pl.DataFrame) -> bool:
    """Whether no slope moves the log odds between the lowest and the highest price."""
    return float(np.abs(slopes).max()) * _log_range(rows) < SAME_LOG_ODDS


def _moved(fitted: Any) -> float:
    """The sum of n p (1 - p): purchases moved per unit of log odds."""
    shares = fitted.fittedvalues
    return float((fitted.model.n_trials * shares * (1.0 - shares)).sum())


def _unseen(rows: pl.DataFrame) -> float:
    """The slope that could have been missed where no decision moved between the prices."""
    totals = rows.group_by("price").agg(pl.col("episodes").sum())["episodes"].to_list()
    share = float(rows["purchases"].sum()) / float(rows["episodes"].sum())
    return most_missed(min(totals)) / (share * (1.0 - share)) / _log_range(rows)


def _fit(rows: pl.DataFrame, level: list[str], slopes: Any) -> Any | None:
    """Fit purchases on the columns of `slopes` and a level for each value of `level`, or None.

    Errors are robust to products. Levels lie within products and cost no further degrees of
    freedom, so the correction for few clusters is G / (G - 1) alone (`_told`).
    """
    products = rows["product"].rank("dense").cast(pl.Int64).to_numpy()
    levels = rows.select(pl.struct(level).rank("dense")).to_series().to_numpy()
    dummies = (levels[:, None] == np.unique(levels)[None, :]).astype(float)
    counts = rows.select("purchases", misses=pl.col("episodes") - pl.col("purchases")).to_numpy()
    robust: dict[str, Any] = {"maxiter": 200}
    if len(np.unique(products)) > 1:
        robust |= {
            "cov_type": "cluster",
            "cov_kwds": {"groups": products, "use_correction": False},
        }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what they warn of is looked at below
        try:
            design = np.column_stack((slopes, dummies))
            fitted = sm.GLM(counts, design, family=sm.families.Binomial()).fit(**robust)
        except (np.linalg.LinAlgError, ValueError, FloatingPointError):
            return None
    return fitted if fitted.converged else None


def _told(slope: Any, robust_error: Any, rows: pl.DataFrame, method: str, n: int) -> Test:
    """A slope with Student's t and products - 1 df, or the normal law for a single product."""
    estimate, error, clusters = float(slope), float(robust_error), rows["product"].n_unique()
    if not math.isfinite(error):
        return Test(method=method, n=n, note="no model fits")
    if error <= TOLERANCE * abs(estimate):
        return Test(method=method, estimate=estimate, n=n, note="no spread between products")
    if clusters > 1:
        error *= math.sqrt(clusters / (clusters - 1))
    law = student(clusters - 1) if clusters > 1 else norm
    half = float(law.ppf(0.5 + LEVEL / 2.0)) * error
    p = 2.0 * float(law.sf(abs(estimate) / error))
    how = f"robust by product, t with {clusters - 1} df" if clusters > 1 else "binomial"
    interval = Interval(estimate - half, estimate + half, how)
    return Test(method=method, estimate=estimate, p=p, interval=interval, n=n)
