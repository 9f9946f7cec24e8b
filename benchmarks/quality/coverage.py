"""How often 95% intervals cover the truth: ``python -m benchmarks.quality.coverage [--sets N]``.

Episodes are drawn whose truth is known: every product meets five sellers and five buyers, and each
of them shifts what happens. The sellers are always the same five. Prices are lognormal (the
logarithms with a standard deviation of 1.1; the built-in catalogue has 1.2), and what is dearer is
bought less. Beside the intervals stands what they replaced, Student's t of money. Money is looked
at with two other laws of prices, too, under which some products are of a dear kind.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm

from retailsim.analysis.measures.estimates import ENDS
from retailsim.analysis.statistics.clusters import mean, rate
from retailsim.analysis.statistics.two_way import two_way
from retailsim.analysis.statistics.values import Interval

Floats = NDArray[np.float64]

PRODUCTS = (8, 12, 30, 120)
SETS = 1_000
SELLERS: Floats = np.array([-0.5, -0.25, 0.0, 0.25, 0.5])
BUYERS: Floats = np.array([-1.0, -0.4, 0.0, 0.4, 1.0])
"""The same five wherever the question is about other products only."""
Law = tuple[tuple[float, float, float], ...]
"""Kinds of products: (share, mean of ln price beside the usual, its standard deviation)."""
LOGNORMAL: Law = ((1.0, 0.0, 1.1),)
LAWS: Mapping[str, Law] = {
    "one in ten dear": ((0.9, 0.0, 0.6), (0.1, math.log(15.0), 0.6)),
    "one in six dear": ((0.83, 0.0, 0.6), (0.17, math.log(33.0), 0.9)),
}
"""The second has what 731 prices of a large marketplace have: ln price with a standard deviation of
1.5 and a skewness of 1.5, a coefficient of variation of 3."""
_APPEAL, _FAULT, _TASTE = 0.9, 0.6, 0.5
"""Standard deviations of what products share: purchases, refunds, stars; of buyers 0.7 of each."""
_UNITS = 1.4
_GRID: Floats = norm.ppf((np.arange(60) + 0.5) / 60)

MEASURES: Mapping[str, tuple[str, str, Any]] = {
    "conversion": ("bought", "episodes", "share"),
    "refund rate": ("refunded", "units", "share"),
    "rating": ("stars", "bought", "stars"),
    "net per episode": ("net", "episodes", "cents"),
}
"""Measure -> what is counted, out of what, and its unit."""
MONEY = "net per episode"


def _chance(at: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-at))


def _buys(price: Any, appeal: Any, buyer: Any, seller: Any) -> Any:
    return _chance(0.9 - 0.5 * price + appeal + buyer + seller)


def _fails(product: Any, buyer: Any) -> Any:
    return _chance(-1.7 + product + buyer)


def _likes(product: Any, buyer: Any) -> Any:
    return _chance(1.4 + product + buyer)


def _log_prices(generator: np.random.Generator, products: int, law: Law) -> Floats:
    """Draw ln price beside the usual, as a column; of a single kind nothing else is drawn."""
    shares, means, spreads = zip(*law, strict=True)
    kinds = [0] * products if len(law) == 1 else generator.choice(len(law), products, p=shares)
    normal = generator.normal(0.0, 1.0, products)
    return (np.array(means)[kinds] + np.array(spreads)[kinds] * normal)[:, None]


def drawn(
    generator: np.random.Generator, products: int, buyers: Floats | None, law: Law = LOGNORMAL
) -> pl.DataFrame:
    """Draw a data set: one row a product and buyer, with the sums over the five sellers.

    Parameters
    ----------
    buyers : array or None
        Their shifts, in standard deviations; None: five others each time.
    """
    price = _log_prices(generator, products, law)
    appeal, fault, taste = (generator.normal(0.0, sd, (products, 1)) for sd in _SPREADS)
    shifts = [buyers if buyers is not None else generator.normal(size=5) for _ in _SPREADS]
    inclined, careless, kind = (
        0.7 * sd * one[None, :] for sd, one in zip(_SPREADS, shifts, strict=True)
    )
    wanted = _buys(price[..., None], appeal[..., None], inclined[..., None], SELLERS)
    bought = (generator.random(wanted.shape) < wanted).sum(axis=2)
    units = bought + generator.binomial(2 * bought, 0.2)
    refunded = generator.binomial(units, _fails(fault, careless))
    stars = bought + generator.binomial(4 * bought, _likes(taste, kind))
    net = np.rint(2_000.0 * np.exp(price)) * (units - refunded)
    names = ("bought", "units", "refunded", "stars", "net")
    sums = dict(zip(names, (bought, units, refunded, stars, net), strict=True))
    shape = bought.shape
    return pl.DataFrame(
        {
            "product": np.repeat(np.arange(shape[0]), shape[1]),
            "buyer": np.tile(np.arange(shape[1]), shape[0]),
            "episodes": np.full(bought.size, len(SELLERS)),
            **{name: each.ravel() for name, each in sums.items()},
        }
    )


_SPREADS = (_APPEAL, _FAULT, _TASTE)


def truth(buyers: Floats | None, law: Law = LOGNORMAL) -> dict[str, float]:
    """Return what each measure comes to over all products, and all buyers where None are given.

    Integrals over normal shifts, on a grid; for money the grid of prices is moved, which takes the
    place of the weight that dear products have.
    """
    people = _GRID if buyers is None else buyers
    shift = 0.7 * people[None, :]
    wanted, paid = np.zeros(len(people)), np.zeros(len(people))
    for share, centre, spread in law:
        prices = centre + spread * _GRID
        bought, dear = (
            _buys(
                at[:, None, None, None],
                _APPEAL * _GRID[None, :, None, None],
                (_APPEAL * shift)[0][None, None, :, None],
                SELLERS,
            ).mean(axis=(0, 1, 3))
            for at in (prices, prices + spread**2)
        )
        wanted += share * bought
        paid += share * 2_000.0 * math.exp(centre + spread**2 / 2.0) * dear
    fails = _fails(_FAULT * _GRID[:, None], _FAULT * shift).mean(axis=0)
    likes = _likes(_TASTE * _GRID[:, None], _TASTE * shift).mean(axis=0)
    # Shifts of other buyers are drawn apart for each thing, those of the same five are one.
    weights = wanted if buyers is not None else np.ones(len(people))
    kept = (paid * (1.0 - fails)).mean() if buyers is not None else paid.mean() * (1 - fails.mean())
    return {
        "conversion": float(wanted.mean()),
        "refund rate": float((weights * fails).sum() / weights.sum()),
        "rating": float(1.0 + 4.0 * (weights * likes).sum() / weights.sum()),
        "net per episode": float(_UNITS * kept),
    }


def intervals(name: str, data: pl.DataFrame) -> dict[str, Interval | None]:
    """Return the intervals of a measure: by product, by both, and by Student's t if it is money."""
    top, bottom, unit = MEASURES[name]
    above, below, product = data[top], data[bottom], data["product"]
    within = ENDS[unit]
    both = two_way(above, below, data.select("product", "buyer"), within=within, seed=1)
    if unit == "share":
        return {"product": rate(above, below, product).interval, "both": both.interval}
    single = mean(above, product, weights=below, within=within)
    found = {"product": single.interval, "both": both.interval}
    if unit == "cents":
        found["Student's t"] = mean(above, product, weights=below).interval
    return found


QUESTIONS = (
    ("other products, the same sellers and buyers", "product", True),
    ("the same, by Student's t", "Student's t", True),
    ("other products and buyers, interval by product", "product", False),
    ("other products and buyers, two-way interval", "both", False),
)
"""What is asked, the interval that answers, and whether the buyers are always the same."""


def coverage(
    products: int,
    *,
    sets: int = SETS,
    seed: int = 1,
    names: tuple[str, ...] = tuple(MEASURES),
    law: Law = LOGNORMAL,
) -> dict[tuple[str, str], float]:
    """Return the share of data sets whose interval covers the truth, by measure and question."""
    generator = np.random.default_rng(seed)
    hits: dict[tuple[str, str], int] = {}
    for same in (True, False):
        buyers = BUYERS if same else None
        true = truth(buyers, law)
        for _ in range(sets):
            data = drawn(generator, products, buyers, law)
            for name in names:
                found = intervals(name, data)
                for question, kind, about in QUESTIONS:
                    if about is same and kind in found:
                        hits.setdefault((name, question), 0)
                        hits[name, question] += _covers(found[kind], true[name])
    return {key: count / sets for key, count in hits.items()}


def _covers(interval: Interval | None, true: float) -> bool:
    return interval is not None and interval.low <= true <= interval.high


def table(sets: int) -> Iterator[str]:
    """Yield the table, a line a measure and question, and last those of the other prices."""
    found = {count: coverage(count, sets=sets) for count in PRODUCTS}
    yield f"{'products':64}" + "".join(f"{count:>8}" for count in PRODUCTS)
    for name in MEASURES:
        for question, _, _ in QUESTIONS:
            if (name, question) in found[PRODUCTS[0]]:
                yield _line(f"{name}: {question}", [found[n][name, question] for n in PRODUCTS])
    for prices, law in LAWS.items():
        money = [coverage(n, sets=sets, names=(MONEY,), law=law) for n in PRODUCTS]
        for question, _, _ in QUESTIONS:
            yield _line(f"net, {prices}: {question}", [one[MONEY, question] for one in money])


def _line(head: str, shares: Iterable[float]) -> str:
    return f"{head:64}" + "".join(f"{share:8.1%}" for share in shares)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sets", type=int, default=SETS)
    for line in table(parser.parse_args().sets):
        print(line)
