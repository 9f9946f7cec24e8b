"""The pairs of episodes of two runs beside each other, and which of them changed most.

A pair is what `analysis.measures.comparison` compares: one product (or profile), one place of the
design, one replication, decided in both runs.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from retailsim.analysis.measures.comparison import HasEpisodes, keyed
from retailsim.analysis.measures.measure import BOUGHT
from retailsim.analysis.measures.pairing import Streams, paired

Changed = Literal["net", "profit", "decision"]
"""What pairs are put in order by."""
Way = Literal["either", "up", "down"]
"""Whether what changed is more or less in the second run."""

READS = (
    *("episode", "product", "profile", "category", "title", "seller", "buyer", "replication"),
    *("price_multiplier", "discount", "condition", "superseded", "decided", "orders", "outcome"),
    *("net_revenue_cents", "profit_cents"),
)
"""Columns of the episodes that pairs are made of."""

_SIDES = {
    "bought": BOUGHT,
    "net": pl.col("net_revenue_cents"),
    "profit": pl.col("profit_cents"),
}
_KEPT = ("episode", "seller", "buyer", "condition", "outcome", "bought", "net", "profit")


def changed_pairs(
    first: HasEpisodes, second: HasEpisodes, streams: tuple[Streams, Streams]
) -> pl.DataFrame:
    """Return the pairs of two runs that share their seed.

    Parameters
    ----------
    first, second : HasEpisodes
        With the columns `READS`, those of the protocol among them where there are any.
    streams : tuple of mapping
        What the seats of the first and of the second run draw by.

    Returns
    -------
    polars.DataFrame
        A row a pair, in the order of the first run: ``about`` (the product's title, else the
        product or the profile), ``category`` and ``replication`` of both; of each side, those of
        the second run with ``_two``, ``episode``, ``seller``, ``buyer``, ``condition``,
        ``outcome``, ``bought`` (bool), ``net`` and ``profit`` (cents; profit is null where no cost
        is known).
    """
    both = paired(_sided(first), _sided(second), streams).both
    product = pl.col("product").replace("", None)  # `keyed` needs a text there to pair by
    about = pl.coalesce("title", product, "unit")
    sides = [f"{name}{side}" for side in ("", "_two") for name in _KEPT]
    return both.select(about.alias("about"), "category", "replication", *sides)


def _sided(run: HasEpisodes) -> pl.DataFrame:
    return keyed(run).with_columns(**_SIDES)


def change(by: Changed) -> pl.Expr:
    """Return how much a pair changed, second minus first: cents, or for a decision -1, 0 or 1."""
    name = "bought" if by == "decision" else by
    return pl.col(f"{name}_two").cast(pl.Int64) - pl.col(name).cast(pl.Int64)


def most_changed(pairs: pl.DataFrame, by: Changed, way: Way = "either") -> pl.DataFrame:
    """Return pairs with those first that changed most; ties go by net revenue, then as they stand.

    Parameters
    ----------
    pairs : polars.DataFrame
        As `changed_pairs` returns them.
    way : {"either", "up", "down"}
        Keep all, those with more in the second run, or those with less.
    """
    moved = change(by)
    keep = {"either": pl.lit(value=True), "up": moved > 0, "down": moved < 0}[way]
    order = (moved.abs(), change("net").abs())
    some = pairs.filter(keep)
    return some.sort(*order, descending=True, nulls_last=True, maintain_order=True)
