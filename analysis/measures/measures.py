"""The measures of a replay, from the episodes frame.

All are sums of integers over **closed** episodes, divided at the end, so they are the same to
the last bit whatever the order of the log. A rate with nothing counted below the line is null.

- ``conversion_rate``: episodes with an order / closed episodes. Beside it the bounds with the
  failed episodes counted as if none (``conversion_rate_low``) or all (``conversion_rate_high``)
  of them had bought.
- ``refund_rate``: units refunded / units sold.
- ``average_quantity``: units / orders.
- ``average_rating``: mean stars over all reviews of buying episodes; ``ratings``: per aspect.
- ``gross_revenue_cents``: price times quantity of the orders; ``net_revenue_cents``: gross minus
  refunds of goods; ``shipping_cents`` apart from both.
- ``profit_cents``: net revenue minus the unit cost of all units sold; null unless every order's
  unit cost is known.
- ``normalized_revenue_cents`` (pairs): the pair's net revenue minus the mean over the pairs with
  a closed episode; null for a pair without one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import polars as pl
from msgspec import UNSET, UnsetType

from retailsim.events.messages import ASPECTS

SENTIMENTS = ("Positive", "Neutral", "Negative")


class MeasureRow(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of one seller, buyer, category or pair, or of the whole run.

    ``episodes`` counts closed episodes; ``failed`` and ``open`` those in no rate. Which of
    ``seller``, ``buyer`` and ``category`` are set says what the row is about. Rates are from 0
    to 1, ratings from 1 to 5, money is in cents; see the module for each.
    """

    seller: str | UnsetType = UNSET
    buyer: str | UnsetType = UNSET
    category: str | UnsetType = UNSET
    episodes: int
    failed: int
    open: int
    orders: int
    units: int
    units_refunded: int
    conversion_rate: float | None
    conversion_rate_low: float | None
    conversion_rate_high: float | None
    refund_rate: float | None
    average_quantity: float | None
    average_rating: float | None
    ratings: dict[str, float | None]
    reviews: int
    recommend_rate: float | None
    sentiments: dict[str, int]
    gross_revenue_cents: int
    refunded_cents: int
    net_revenue_cents: int
    shipping_cents: int
    profit_cents: int | None
    normalized_revenue_cents: float | UnsetType | None = UNSET


def counted(episodes: pl.DataFrame) -> pl.DataFrame:
    """The episodes that count at all: opened, and not repeated by another."""
    return episodes.filter(pl.col("status") != "unopened", ~pl.col("superseded"))


def overall(episodes: pl.DataFrame) -> MeasureRow:
    """Measures of the whole run.

    Parameters
    ----------
    episodes : polars.DataFrame
        As `counted` gives them.
    """
    return _row(episodes.select(_sums()).row(0, named=True))


def measures(episodes: pl.DataFrame, by: Sequence[str]) -> list[MeasureRow]:
    """Measures per group, sorted by the group's key; episodes with a null key are in none.

    Parameters
    ----------
    episodes : polars.DataFrame
        As `counted` gives them.
    by : sequence of {"seller", "buyer", "category"}
        What makes a group.
    """
    known = episodes.filter(pl.col(name).is_not_null() for name in by)
    sums = known.group_by(by).agg(_sums()).sort(by)
    return [
        msgspec.structs.replace(_row(row), **{name: row[name] for name in by})
        for row in sums.iter_rows(named=True)
    ]


def pairs(episodes: pl.DataFrame) -> list[MeasureRow]:
    """Measures per (seller, buyer), with the normalized net revenue."""
    rows = measures(episodes, ("seller", "buyer"))
    observed = [row.net_revenue_cents for row in rows if row.episodes]
    return [
        msgspec.structs.replace(row, normalized_revenue_cents=_normalized(row, observed))
        for row in rows
    ]


def _normalized(row: MeasureRow, observed: Sequence[int]) -> float | None:
    """One division of integers, so that equal pairs give exactly 0."""
    if not row.episodes:
        return None
    return (row.net_revenue_cents * len(observed) - sum(observed)) / len(observed)


def _sums() -> list[pl.Expr]:
    """Integer sums of a group of episodes."""
    closed = pl.col("status") == "closed"
    buying = closed & (pl.col("orders") > 0)
    cost = pl.col("unit_cost_cents") * pl.col("units")
    return [
        *(_count(f"n_{status}", pl.col("status") == status) for status in _STATUSES),
        _count("buying", buying),
        *(_sum(name, pl.col(name), closed) for name in _TOTALS),
        *(_count(f"n_{mood}", closed & (pl.col("sentiment") == mood)) for mood in SENTIMENTS),
        *(_sum(f"stars_{aspect}", pl.col(f"rating_{aspect}"), buying) for aspect in ASPECTS),
        *(_sum(f"reviews_{aspect}", pl.col(f"reviews_{aspect}"), buying) for aspect in ASPECTS),
        _count("asked", buying & pl.col("would_recommend").is_not_null()),
        _count("recommending", buying & pl.col("would_recommend")),
        _sum("cost_cents", cost, buying),
        _count("costed", buying & cost.is_not_null()),
    ]


_STATUSES = ("closed", "failed", "open")
_TOTALS = (
    "orders",
    "units",
    "units_refunded",
    "gross_revenue_cents",
    "refunded_cents",
    "net_revenue_cents",
    "shipping_cents",
)


def _sum(name: str, value: pl.Expr, where: pl.Expr) -> pl.Expr:
    return value.filter(where).sum().alias(name)


def _count(name: str, where: pl.Expr) -> pl.Expr:
    return where.sum().cast(pl.Int64).alias(name)


def _row(sums: dict[str, Any]) -> MeasureRow:
    closed, failed, buying = sums["n_closed"], sums["n_failed"], sums["buying"]
    stars = {aspect: sums[f"stars_{aspect}"] for aspect in ASPECTS}
    reviews = {aspect: sums[f"reviews_{aspect}"] for aspect in ASPECTS}
    costed = buying > 0 and sums["costed"] == buying
    return MeasureRow(
        episodes=closed,
        failed=failed,
        open=sums["n_open"],
        **{name: sums[name] for name in _TOTALS},
        conversion_rate=_rate(buying, closed),
        conversion_rate_low=_rate(buying, closed + failed),
        conversion_rate_high=_rate(buying + failed, closed + failed),
        refund_rate=_rate(sums["units_refunded"], sums["units"]),
        average_quantity=_rate(sums["units"], sums["orders"]),
        average_rating=_rate(_total(stars.values()), _total(reviews.values())),
        ratings={aspect: _rate(stars[aspect], reviews[aspect]) for aspect in ASPECTS},
        reviews=_total(reviews.values()),
        recommend_rate=_rate(sums["recommending"], sums["asked"]),
        sentiments={mood: sums[f"n_{mood}"] for mood in SENTIMENTS},
        profit_cents=sums["net_revenue_cents"] - sums["cost_cents"] if costed else None,
    )


def _total(numbers: Iterable[int]) -> int:
    return sum(numbers)


def _rate(above: int, below: int) -> float | None:
    return above / below if below else None
