"""The measures of a run with what they are worth: every rate with n, interval and effective n.

Episodes of one product share that product; so intervals come from clusters of products (in
conversations without one, of profiles).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import polars as pl

from retailsim.analysis.statistics.clusters import mean, rate
from retailsim.analysis.statistics.values import Estimate
from retailsim.events.messages import ASPECTS


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """The measures of some closed episodes.

    Parameters
    ----------
    keys : tuple of str
        What these episodes have in common, in the order that was asked for.
    conversion : Estimate
        Episodes with an order / closed episodes.
    refunds : Estimate
        Units refunded / units sold.
    quantity : Estimate
        Units per order.
    rating : Estimate
        Mean over all reviews of buying episodes.
    revenue : Estimate
        Net revenue in cents per closed episode.
    net_revenue_cents : int
        The sum of it.
    """

    keys: tuple[str, ...]
    episodes: int
    conversion: Estimate
    refunds: Estimate
    quantity: Estimate
    rating: Estimate
    revenue: Estimate
    net_revenue_cents: int


def closed(episodes: pl.DataFrame) -> pl.DataFrame:
    """Return the closed episodes that count, each with the cluster it belongs to."""
    cluster = pl.col("product").fill_null(pl.col("episode").str.split("/").list.first())
    return episodes.filter(~pl.col("superseded"), status="closed").with_columns(cluster=cluster)


def measured(episodes: pl.DataFrame, by: Sequence[str] = ()) -> list[Measured]:
    """Return measures for each value of the columns `by`, sorted; one entry without any.

    Parameters
    ----------
    episodes : polars.DataFrame
        As `closed` returns them.
    """
    if not by:
        return [_measured((), episodes)]
    groups = episodes.drop_nulls(list(by)).sort(by).group_by(by, maintain_order=True)
    return [_measured(tuple(map(str, keys)), some) for keys, some in groups]


def _measured(keys: tuple[str, ...], some: pl.DataFrame) -> Measured:
    buying = some.filter(pl.col("orders") > 0)
    cluster = some["cluster"]
    ones = pl.Series("ones", [1] * some.height, dtype=pl.Int64)
    stars = pl.sum_horizontal(pl.col(f"rating_{aspect}").fill_null(0) for aspect in ASPECTS)
    ratings = buying.select("cluster", "reviews", stars=stars)
    return Measured(
        keys=keys,
        episodes=some.height,
        conversion=rate((some["orders"] > 0).cast(pl.Int64), ones, cluster),
        refunds=rate(buying["units_refunded"], buying["units"], buying["cluster"]),
        quantity=mean(buying["units"], buying["cluster"], weights=buying["orders"]),
        rating=mean(ratings["stars"], ratings["cluster"], weights=ratings["reviews"]),
        revenue=mean(some["net_revenue_cents"], cluster),
        net_revenue_cents=int(some["net_revenue_cents"].sum()),
    )
