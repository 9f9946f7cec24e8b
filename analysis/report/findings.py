"""What a run found, in sentences that tests make: who earns most, what sells, what comes back.

A sentence names somebody as better or worse only where a test says so. Sellers and buyers are
compared as arms are (`analysis.measures.arms`): all differences between them hold together, and
whoever is ahead is not called best for its luck. Products, which are many, are each compared with
the rest of them by Fisher's exact test, adjusted by Benjamini and Hochberg for each question: of
those that are named, one in twenty is named wrongly on average. Buyers in one market share a pitch
and what goes wrong with it, so counts are first divided by what that takes away (Donner and Klar
2000), by how alike buyers of a market are within a product.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from retailsim.analysis.exhibits.parts import Section
from retailsim.analysis.measures.arms import BY, Best, Rival, best_arm
from retailsim.analysis.measures.interval_text import between
from retailsim.analysis.measures.measure import BOUGHT, ONE_TITLE, SETTLED, Measure
from retailsim.analysis.measures.table import columns_read, measure
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.replay.terminal_tables import clip
from retailsim.analysis.statistics.hypergeometric import tails
from retailsim.analysis.statistics.multiplicity import ALPHA, benjamini_hochberg

MOST_SIDES = 12
"""Sellers or buyers that are compared; of more, the table says enough."""
MOST_PRODUCTS = 5_000
_NAME = 60
"""Cells of a product's name: shops write whole sentences into theirs."""
NAMED = 3
"""Names in a sentence; of more, it says how many there are."""
_RETURNED = pl.col("units_refunded") > 0
_ASKED = (pl.col("pre_exchanges") > 0) | (pl.col("sales_exchanges") > 0)
READ = frozenset(
    ("title", "replication", "price_multiplier", "discount", "units_refunded")
) | frozenset(_ASKED.meta.root_names())
"""Columns of the episodes that findings read, beside those of measures."""


_MARKET = ("seller", "replication", "price_multiplier", "discount")
"""With the product, what buyers share who hear one pitch."""
_SHARED = (*_MARKET, "product", "buyer", "cluster")
"""What tells which episodes of two sellers, or of two buyers, belong together."""


class Count(msgspec.Struct, frozen=True):
    """A product, and how many of its episodes or orders came to something.

    Parameters
    ----------
    effect : float
        Its design effect: how many of them say as much as one that shares nothing with others. Not
        a number where that cannot be known, for every product had a single market.
    """

    name: str
    some: int
    of: int
    effect: float = 1.0


def findings_section(some: pl.DataFrame) -> Section | None:
    """Return the section; `some` are the episodes whose decision is known. None without any."""
    found = (*_sides(some), *_products(some), *_leaving(some))
    if not found:
        return None
    return Section(name="findings", title="Findings", findings=tuple(found))


def _sides(some: pl.DataFrame) -> Iterator[str]:
    by = next(one for one in map(measure, BY) if one.of_each and _known(one, some))
    # What is copied for each of them is as little as that takes.
    read = {*_SHARED, *by.counted.meta.root_names(), *columns_read([by])}
    some = some.select(name for name in some.columns if name in read)
    known = some.select(by.counted.sum()).item() if by.where_known else some.height
    over = f" That is over the {known:,} of {some.height:,} episodes whose costs are known."
    for role in ("seller", "buyer"):
        names = some[role].drop_nulls().unique().sort().to_list()
        if 2 <= len(names) <= MOST_SIDES:
            best = best_arm(_parts(some, role, names), by)
            if best is not None:
                yield side_told(best, by, role) + over * (known < some.height)


def _known(one: Measure, some: pl.DataFrame) -> bool:
    return not some.select(above=one.above())["above"].is_null().all()


def _parts(some: pl.DataFrame, role: str, names: Sequence[str]) -> dict[str, pl.DataFrame]:
    """The episodes of each, by what they share with those of the others."""
    return {
        name: some.filter(pl.col(role) == name).with_columns(pl.lit("").alias(role))
        for name in names
    }


def side_told(best: Best, by: Measure, role: str) -> str:
    """Say which seller or buyer brings most, and of which others that is not certain."""
    value = f"{_amount(by, best.value)}{_MONEY.get(by.name, '')} an episode"
    if best.interval is not None:
        value += f" ({between(best.interval, partial(_amount, by))})"
    if best.over is not None:
        value += f", over the {best.over:,} that all {role}s had"
    behind = sorted(
        (one for one in best.rivals if one.told_apart),
        key=lambda one: -(one.behind.estimate or 0.0),
    )
    if not behind:
        return (
            f"Which {role} {_VERBS[role]} most was not told apart: {best.label} is ahead with "
            f"{value}, which may be chance."
        )
    most = f"{_VERBS[role]} most" if best.value >= 0 else "loses least"
    told = f"Of the {role}s, {best.label} {most}: {value}"
    if not best.alike:
        told += f", more than every other {role}"
    else:
        alike = listed(best.alike, role)
        told += f". Not told apart from it: {alike}"
    return f"{told}. {_behind(behind, by, role)}"


_VERBS = {"seller": "earns", "buyer": "brings"}
_MONEY = {"profit_cents": " of profit", "net_revenue_cents": " of net revenue"}


def _behind(behind: Sequence[Rival], by: Measure, role: str) -> str:
    """Say by how much others are behind."""
    told = []
    for one in behind:
        ends = one.behind.interval
        size = _amount(by, abs(one.behind.estimate or 0.0))
        around = "" if ends is None else f" ({between(ends, partial(_amount, by))})"
        told.append(f"{one.label} {size}{around}")
    return f"Behind it: {listed(told, role)}."


def _amount(by: Measure, value: float) -> str:
    return written(by.unit, value)


def _products(some: pl.DataFrame) -> Iterator[str]:
    read = ("product", "title", "orders", "settled", "units_refunded", *_MARKET)
    known = some.select(read).filter(pl.col("product").is_not_null())
    if not 2 <= known["product"].n_unique() <= MOST_PRODUCTS:
        return
    sold = product_counts(known, BOUGHT, pl.lit(value=True))
    yield from products_told(sold, "Sold", "episodes")
    back = product_counts(known.filter(BOUGHT), _RETURNED, SETTLED | _RETURNED)
    yield from products_told(back, "Refunded", "orders", _DRAWN)


def product_counts(some: pl.DataFrame, came: pl.Expr, out_of: pl.Expr) -> list[Count]:
    """Count what came of each product's episodes, with the design effect.

    Parameters
    ----------
    came, out_of : polars.Expr
        Whether it came to it, and whether an episode counts.
    """
    markets = (
        some.filter(out_of)
        .group_by("product", *_MARKET)
        .agg(
            title=ONE_TITLE,
            some=came.sum().cast(pl.Int64),
            of=pl.len().cast(pl.Int64),
        )
    )
    squares = (pl.col("of") ** 2).sum()
    rows = (
        markets.group_by("product")
        .agg(ONE_TITLE, pl.col("some", "of").sum(), squares=squares)
        .sort("product")
    )
    alike = _alike(markets, rows)
    return [
        Count(str(title or product), n, of, 1.0 + (squares / of - 1.0) * alike)
        for product, title, n, of, squares in rows.iter_rows()
    ]


_DRAWN = (
    " In a simulation the seed draws what goes wrong with a product: another seed names others."
)


def _alike(markets: pl.DataFrame, products: pl.DataFrame) -> float:
    """Return how alike buyers of a market are within a product: the intraclass correlation.

    By an analysis of variance; 0 where no market has two buyers, not a number where no product has
    two markets.
    """
    whole, count = int(markets["of"].sum()), markets.height
    if whole == count:
        return 0.0
    if count == products.height:
        return float("nan")
    both = markets.join(products, on="product", suffix="_all")
    share, usual = pl.col("some") / pl.col("of"), pl.col("some_all") / pl.col("of_all")
    within, between, lost = both.select(
        within=(pl.col("of") * share * (1.0 - share)).sum(),
        between=(pl.col("of") * (share - usual) ** 2).sum(),
        lost=(pl.col("of") ** 2 / pl.col("of_all")).sum(),
    ).row(0)
    more = count - products.height
    within, between, size = within / (whole - count), between / more, (whole - lost) / more
    spread = between + (size - 1.0) * within
    return max(0.0, (between - within) / spread) if spread > 0.0 else 0.0


def products_told(counts: Sequence[Count], what: str, of: str, if_named: str = "") -> Iterator[str]:
    """Yield a sentence on the products that differ from the rest, or that none does for certain.

    Parameters
    ----------
    what : str
        What came of some of them, such as ``Sold``.
    of : str
        What is counted of each product, such as ``episodes``.
    if_named : str
        What a reader has to know where some product is named.
    """
    whole, came = sum(one.of for one in counts), sum(one.some for one in counts)
    if len(counts) < 2 or not 0 < came < whole:
        return
    usual = f"{came / whole:.0%} of all {whole:,} {of}"
    if any(math.isnan(one.effect) for one in counts):
        yield (
            f"{what}: {usual}; which products differ cannot be told: each had one pitch, which its "
            "buyers share (design.replications gives it more)."
        )
        return
    adjusted = benjamini_hochberg(list(apart(counts)))
    named = [one for one, p in zip(counts, adjusted, strict=True) if p is not None and p <= ALPHA]
    if not named:
        yield f"{what}: {usual}; no product is told apart from the others."
        return
    sides = []
    for way, sign in (("more often", 1), ("less often", -1)):
        those = sorted(
            (one for one in named if sign * (one.some / one.of - came / whole) > 0),
            key=lambda one: -sign * one.some / one.of,
        )
        if those:
            shown = [f"{clip(one.name, _NAME)} ({one.some:,} of {one.of:,})" for one in those]
            sides.append(f"{way} {listed(shown, 'product')}")
    rest = len(counts) - len(named)
    others = f" {rest:,} product{'s are' if rest > 1 else ' is'} not told apart." if rest else ""
    yield f"{what}: {usual}; {'; '.join(sides)}.{others}{if_named}"


def apart(counts: Sequence[Count]) -> NDArray[np.float64]:
    """Return the p value of each against the rest together: Fisher's exact test, both sides.

    Twice the smaller tail, at most 1; of counts divided by their design effects.
    """
    some = np.array([round(one.some / one.effect) for one in counts])
    of = some + np.array([round((one.of - one.some) / one.effect) for one in counts])
    marked, total = int(some.sum()), int(of.sum())
    smaller = [min(tails(int(k), int(n), marked, total)) for k, n in zip(some, of, strict=True)]
    found: NDArray[np.float64] = np.minimum(1.0, 2.0 * np.array(smaller))
    return found


def _leaving(some: pl.DataFrame) -> Iterator[str]:
    """Say where buyers left: counts, without a test."""
    left = some.lazy().filter(~BOUGHT).select(*_ASKED.meta.root_names()).collect()
    if not left.height:
        return
    silent = left.filter(~_ASKED).height
    asked = "after the buyer had asked the seller"
    when = f"{silent:,} at once and {left.height - silent:,} {asked}"
    if silent in (0, left.height):
        when = f"all of them {'at once' if silent else asked}"
    yield f"Of {some.height:,} episodes {left.height:,} ended without a purchase, {when}."


def listed(names: Sequence[str], what: str) -> str:
    """Return some names, and how many more there are."""
    shown = list(names[:NAMED])
    more = len(names) - NAMED
    if more > 0:
        shown.append(f"{more:,} more {what}{'s' * (more > 1)}")
    *first, last = shown
    return f"{', '.join(first)} and {last}" if first else last
