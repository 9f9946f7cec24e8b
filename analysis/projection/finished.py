"""Whole rows of markets and episodes with the columns that are made of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from retailsim.analysis.projection.money_columns import with_profit
from retailsim.analysis.projection.packed import Packed, unpacked

REVIEWING = "review"
"""The stage at which buyers are asked for reviews, as a failure names it."""


def finished_markets(markets: pl.DataFrame) -> pl.DataFrame:
    """Markets with their ``status``."""
    status = (
        pl.when(pl.col("failed") > 0)
        .then(pl.lit("failed"))
        .when(pl.col("closed") > 0)
        .then(pl.lit("closed"))
        .otherwise(pl.lit("open"))
    )
    return markets.with_columns(status=status).drop("seq", "closed", "failed")


@dataclass(frozen=True, slots=True)
class Others:
    """What an episode's row needs to know of the others, of which only some are at hand."""

    markets: pl.DataFrame
    retried: pl.Series
    costs_known: bool

    @classmethod
    def of(cls, episodes: Sequence[Packed], markets: pl.LazyFrame) -> Others:
        """Look through the pieces of all episodes, and the finished markets.

        Parameters
        ----------
        episodes : sequence of bytes
            Partial rows, packed, one piece after the other.
        markets : polars.LazyFrame
            As `finished_markets` gives them.
        """
        telling = (pl.col("status") == "failed") | (pl.col("unsupported_claims") > 0)
        retried, costs_known = pl.Series("retries", dtype=pl.String), False
        for piece in episodes:
            rows = unpacked(piece, ("retries", "unit_cost_cents"))
            retried = pl.concat([retried, rows["retries"].drop_nulls()]).unique()
            costs_known |= rows["unit_cost_cents"].is_not_null().any()
        told = markets.filter(telling).select(_OF_MARKETS)
        return cls(told.collect(engine="streaming"), retried, costs_known)


_OF_MARKETS = pl.col(
    ("market", "status", "failed_stage", "failed_reason", "closed_t", "unsupported_claims")
)
"""What a market that failed, or whose pitch claimed too much, says of its episodes."""


def finished_episodes(episodes: pl.DataFrame, run: Others) -> pl.DataFrame:
    """Some episodes of a run with the columns that come from others: a row by itself each."""
    counted = [c.removeprefix("stars_") for c in episodes.columns if c.startswith("stars_")]
    ratings = {
        f"rating_{a}": pl.when(pl.col(f"reviews_{a}") > 0).then(pl.col(f"stars_{a}"))
        for a in counted
    }
    markets = _within(run.markets, episodes["market"])
    finished = (
        _heard_by_all(_fail_with_market(episodes, markets), markets)
        .with_columns(
            status=_episode_status(),
            superseded=pl.col("episode").is_in(run.retried.to_list()),
            net_revenue_cents=pl.col("gross_revenue_cents") - pl.col("refunded_cents"),
            reviews=pl.sum_horizontal(f"reviews_{a}" for a in counted),
            **ratings,
        )
        .with_columns(decided=_is_decided(), settled=_is_settled())
    )
    return with_profit(finished, costs_known=run.costs_known).drop(
        *_ONLY_HERE, *(f"stars_{a}" for a in counted)
    )


def _within(markets: pl.DataFrame, named: pl.Series) -> pl.DataFrame:
    """Leave out markets that lie elsewhere: to join with all of a large run takes 20 MB."""
    return markets.filter(pl.col("market").is_between(pl.lit(named.min()), pl.lit(named.max())))


_ONLY_HERE = (
    *("seq", "opened", "closed", "failed", "decided_t", "refused_orders"),
    *("sales_tax_cents", "tax_refund_cents"),
)
"""Columns that only others are made of."""


def _is_decided() -> pl.Expr:
    """Whether the buyer's decision is known, and with it whether there is an order.

    The end of an episode says so, and so do an order, a "no", and an order that was refused. A
    "yes" alone does not: of an episode that stops there, the order may be what is missing.
    """
    ended, ordered = pl.col("status") == "closed", pl.col("orders") > 0
    declined = pl.col("will_purchase").eq_missing(False) | (pl.col("refused_orders") > 0)
    return (pl.col("opened") > 0) & (ended | ordered | declined)


def _is_settled() -> pl.Expr:
    """Whether it is known of an order how much of it was refunded.

    It is when the episode closed or its issue was resolved. An order about which nothing was raised
    may still have its issue before it; the buyer's reviews come behind that.
    """
    status, issue = pl.col("status"), pl.col("issue").is_not_null()
    reviewing = (
        pl.when(status == "failed")
        .then(pl.col("failed_stage").eq_missing(REVIEWING))
        .otherwise(pl.col("reviews") > 0)
    )
    known = (status == "closed") | pl.col("outcome").is_not_null() | (~issue & reviewing)
    return (pl.col("opened") > 0) & (pl.col("orders") > 0) & known


def _heard_by_all(episodes: pl.DataFrame, markets: pl.DataFrame) -> pl.DataFrame:
    """Count the claims of a shared pitch in each episode that heard it."""
    shared = markets.select("market", shared_claims="unsupported_claims")
    claims = pl.col("unsupported_claims") + pl.col("shared_claims").fill_null(0)
    own = episodes.select("market", "unsupported_claims")
    heard = own.join(shared, on="market", how="left", maintain_order="left")
    return episodes.with_columns(heard.select(unsupported_claims=claims))


def _fail_with_market(episodes: pl.DataFrame, markets: pl.DataFrame) -> pl.DataFrame:
    """Let the episodes a failed market left open fail with it."""
    failures = markets.filter(status="failed").select(
        "market", market_stage="failed_stage", market_reason="failed_reason", market_t="closed_t"
    )
    unended = (pl.col("closed") + pl.col("failed") == 0) & (pl.col("opened") > 0)
    falls = unended & pl.col("market_t").is_not_null()
    if failures.is_empty():
        return episodes
    columns = ("market", "opened", "closed", "failed", "failed_stage", "failed_reason", "closed_t")
    own = episodes.select(columns)
    fell = own.join(failures, on="market", how="left", maintain_order="left").select(
        failed=pl.col("failed") + falls.cast(pl.Int64),
        failed_stage=pl.when(falls).then("market_stage").otherwise("failed_stage"),
        failed_reason=pl.when(falls).then("market_reason").otherwise("failed_reason"),
        closed_t=pl.when(falls).then("market_t").otherwise("closed_t"),
    )
    return episodes.with_columns(fell)


def _episode_status() -> pl.Expr:
    return (
        pl.when(pl.col("opened") == 0)
        .then(pl.lit("unopened"))
        .when(pl.col("failed") > 0)
        .then(pl.lit("failed"))
        .when(pl.col("closed") > 0)
        .then(pl.lit("closed"))
        .otherwise(pl.lit("open"))
    )
