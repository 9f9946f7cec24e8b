"""The measures of sales conversations: the published ones, and corrected ones beside them.

They are read off the frame of `analysis.protocols.csales.conversations`, a row a conversation,
with ``sold`` (it ended in a purchase) and ``censored`` (its turns; without a purchase those of the
longest conversation of the run, so that no seller looks quick by driving buyers away).
"""

from __future__ import annotations

import polars as pl

from retailsim.analysis.measures.measure import Measure, Unit
from retailsim.analysis.measures.table import PROFIT

_ONE = pl.lit(1)
_EVERY = pl.lit(True)
_SOLD = pl.col("sold")
_PAID = pl.when(_SOLD).then("price_cents").otherwise(0)


def _measure(
    name: str, tag: str, unit: Unit, numerator: pl.Expr, about: str, counts: pl.Expr = _EVERY
) -> Measure:
    """A mean or a share over conversations."""
    return Measure(
        name=name,
        label=f"{tag[0].upper()}{tag[1:]}",
        tag=tag,
        unit=unit,
        numerator=numerator,
        denominator=_ONE,
        counts=counts,
        about=about,
    )


CONVERSATION_MEASURES = (
    _measure(
        *("success_rate", "SR", "share", _SOLD),
        "conversations that end in a purchase / all",
    ),
    _measure(
        *("upsell_rate_of_sold", "SWR (published)", "share", pl.col("upsold")),
        "purchases of the dearer candidate / conversations that end in a purchase",
        _SOLD,
    ),
    _measure(
        *("upsell_rate", "SWR (of all)", "share", pl.col("upsold")),
        "purchases of the dearer candidate / all conversations",
    ),
    _measure(
        *("turns_of_sold", "AT (published)", "units", pl.col("turns")),
        "mean turns of conversations that end in a purchase",
        _SOLD,
    ),
    _measure(
        *("turns", "turns (all)", "units", pl.col("turns")),
        "mean turns of all conversations, up to where they ended",
    ),
    _measure(
        *("turns_censored", "turns (censored)", "units", pl.col("censored")),
        "mean turns, those without a purchase counted as long as the run's longest",
    ),
    _measure(
        *("over_budget_rate", "over budget", "share", pl.col("over_budget")),
        "conversations that end in a purchase above the upper budget / all",
    ),
    _measure(
        *("surplus_lost_cents", "surplus lost", "cents", pl.col("surplus_lost_cents")),
        "what the buyer's surplus on the bought item falls short of that on the selected one",
        _SOLD & pl.col("surplus_lost_cents").is_not_null(),
    ),
)
"""In the order of their columns."""

WORTH_MEASURES = (
    _measure(
        *("net_revenue_cents_per_conversation", "net revenue", "cents", _PAID),
        "price of what was bought, a conversation; nothing is refunded",
    ),
    _measure(
        *("surplus_cents", "buyer surplus", "cents", pl.col("surplus_cents")),
        "what the bought item was worth to the buyer above its price, a conversation",
        pl.col("surplus_cents").is_not_null(),
    ),
)
"""Who a conversation pays: the seller, and the buyer."""

PROFIT_MEASURE = Measure(
    name="profit_cents_per_conversation",
    label="Profit",
    tag="profit",
    unit="cents",
    numerator=pl.col("profit_cents"),
    denominator=_ONE,
    where_known=True,
    signed=True,
    counts=_EVERY,
    about=PROFIT,
)
"""What the seller earns; beside the others where the catalogue has unit costs."""
