"""What an episode earned its seller: from the money in its events, in whole cents.

Profit is what came in and stayed minus what it cost::

    gross revenue - refunds of goods
    + shipping that buyers paid - shipping paid back
    - carriers: the way there, the way back where the seller pays it, both ways of an exchange
    - goods that were not resold: what buyers kept, and the part of the returns that is lost
    - payment fees - taxes

All of it is booked by the market (`market.core.selling_costs`). A log that does not say one of
these amounts means the usual one: a carrier that costs what the buyer paid, no fee, no tax, and
returned goods that bring nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from retailsim.analysis.projection.tables import Column, total

BOOKED: Mapping[str, Column] = {
    "carrier_cents": total("OrderPlaced", pl.coalesce("carrier_cents", "shipping_cents")),
    "payment_fee_cents": total("OrderPlaced", pl.col("payment_fee_cents")),
    "sales_tax_cents": total("OrderPlaced", pl.col("tax_cents")),
    "tax_refund_cents": total("RefundIssued", pl.col("tax_refund_cents")),
    "salvage_cents": Column(("RefundIssued", "IssueResolved"), pl.col("salvage_cents"), "sum"),
}
"""Columns of the episodes that only profit needs."""

_EXCHANGED = pl.col("outcome").eq_missing("exchanged").cast(pl.Int64)
"""All units of the order were sent a second time, and the first ones came back."""
_WAYS = 1 + 2 * _EXCHANGED
_NOTHING_SOLD = (pl.col("orders") == 0) & pl.col("product").is_null()
"""Such a buyer could have bought any product: it cost nothing, whatever goods cost."""


def with_profit(episodes: pl.DataFrame, *, costs_known: bool) -> pl.DataFrame:
    """Add what goods, carriers and taxes cost each episode, and its profit.

    ``profit_cents`` is null where the decision is not known, and where the product's cost is not.
    A buyer who came without a product and bought nothing cost nothing, if the run knows the cost
    of anything at all.

    ``returned_cost_cents`` is what the units that came back had cost: as much more would have been
    earned, had all of them been resold at cost, less what ``salvage_cents`` says already.

    Parameters
    ----------
    episodes : polars.DataFrame
        With the columns of `BOOKED`, ``net_revenue_cents`` and ``decided``; any of a run's.
    costs_known : bool
        Whether the run knows the cost of anything.
    """
    cost = pl.col("unit_cost_cents")
    known = cost.is_not_null() | (_NOTHING_SOLD & costs_known)
    shipping = pl.col("shipping_cents") - pl.col("shipping_refund_cents")
    return episodes.with_columns(
        returned_cost_cents=cost * (pl.col("units_refunded") + pl.col("units") * _EXCHANGED),
        goods_cost_cents=pl.when(known).then(
            cost.fill_null(0) * pl.col("units") * (1 + _EXCHANGED) - pl.col("salvage_cents")
        ),
        delivery_cost_cents=pl.col("carrier_cents") * _WAYS
        + pl.col("return_shipping_seller_cents"),
        tax_cents=pl.col("sales_tax_cents") - pl.col("tax_refund_cents"),
    ).with_columns(
        profit_cents=pl.when("decided").then(
            pl.col("net_revenue_cents")
            + shipping
            - pl.col("delivery_cost_cents")
            - pl.col("goods_cost_cents")
            - pl.col("payment_fee_cents")
            - pl.col("tax_cents")
        )
    )
