"""Which columns every replay derives from which events: five tables, read like a form.

They are of all protocols; a protocol may add columns and tables of its own (`protocol_tables`).
Of each event type only the fields that feed a column are parsed, with the types in `FIELDS`;
all other fields and event types are passed over. Types are given to the parser explicitly
because an inferred schema silently drops a key that first appears late.
"""

from __future__ import annotations

import polars as pl

from retailsim.analysis.projection.call_stages import STAGE, UNPLACED
from retailsim.analysis.projection.money_columns import BOOKED
from retailsim.analysis.projection.tables import Column, ColumnTable, count, last, total
from retailsim.events.messages import ASPECTS

SELLER_TRAITS = ("assertiveness", "friendliness", "rationality")
BUYER_TRAITS = ("pickiness", "price_consciousness", "rationality")
TOLD = ("model", "fingerprint", "upstream")
"""What a provider may tell of who answered."""

_TEXTS = (
    *("market", "episode", "seller", "buyer", "product", "category", "title", "audience"),
    *("condition", "seller_gender", "buyer_gender", "seller_kind", "buyer_kind", "retries"),
    *("stage", "task", "reason", "role", "command"),
    "again",
    *("sentiment", "issue", "outcome", "resolution", "return_shipping_payer", "aspect", "model"),
)
_INTEGERS = (
    *("seq", "t", "list_price_cents", "price_cents", "replication", "unit_cost_cents"),
    *("quantity", "unit_price_cents", "shipping_cents", "amount_cents", "rating"),
    *("shipping_refund_cents", "return_shipping_cents", "cost_nanousd"),
    *("carrier_cents", "payment_fee_cents", "tax_cents", "tax_refund_cents", "salvage_cents"),
    *("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"),
)

FIELDS: dict[str, pl.DataType] = {
    **dict.fromkeys(_TEXTS, pl.String()),
    **dict.fromkeys(_INTEGERS, pl.Int64()),
    "price_multiplier": pl.Float64(),
    "discount": pl.Float64(),
    "will_purchase": pl.Boolean(),
    "saved": pl.Boolean(),
    "would_recommend": pl.Boolean(),
    "seller_persona": pl.Struct(dict.fromkeys(SELLER_TRAITS, pl.String())),
    "buyer_persona": pl.Struct(dict.fromkeys(BUYER_TRAITS, pl.String())),
    "answered_by": pl.Struct(dict.fromkeys(TOLD, pl.String())),
}
"""The fields a replay reads, with their types; a log line without one has null there."""


def _or(event_type: str, name: str, default: object) -> Column:
    """A field of an event, or what an older log without it means."""
    return Column((event_type,), pl.col(name).fill_null(default))


def _opened(*names: str) -> dict[str, Column]:
    return {name: last("EpisodeOpened", name) for name in names}


def _traits(seat: str, traits: tuple[str, ...]) -> dict[str, Column]:
    persona = pl.col(f"{seat}_persona").struct
    return {f"{seat}_{t}": Column(("EpisodeOpened",), persona.field(t)) for t in traits}


def _exchanges(stage: str) -> Column:
    buyers = (pl.col("stage") == stage) & (pl.col("role") == "buyer")
    return count("MessageSent", buyers)


def _return_shipping(payer: str) -> Column:
    amount = pl.when(pl.col("return_shipping_payer") == payer).then(pl.col("return_shipping_cents"))
    return total("RefundIssued", amount)


def _reviews() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for aspect in ASPECTS:
        rated = (pl.col("aspect") == aspect) & pl.col("rating").is_not_null()
        columns[f"stars_{aspect}"] = total("ReviewPosted", pl.col("rating") * rated)
        columns[f"reviews_{aspect}"] = count("ReviewPosted", rated)
    return columns


_GOODS = pl.col("quantity") * pl.col("unit_price_cents")

EPISODES = ColumnTable(
    key=("episode",),
    within=pl.col("episode").is_not_null(),
    columns={
        "market": last("EpisodeOpened", "market"),
        **_opened("seller", "buyer", "product", "category", "title", "audience"),
        **_opened("list_price_cents", "price_cents"),
        "price_multiplier": _or("EpisodeOpened", "price_multiplier", 1.0),
        "discount": _or("EpisodeOpened", "discount", 0.0),
        "replication": _or("EpisodeOpened", "replication", 0),
        "condition": _or("EpisodeOpened", "condition", ""),
        **_traits("seller", SELLER_TRAITS),
        **_traits("buyer", BUYER_TRAITS),
        **_opened("seller_gender", "buyer_gender", "seller_kind", "buyer_kind"),
        "unit_cost_cents": Column(("EpisodeOpened", "OrderPlaced"), pl.col("unit_cost_cents")),
        **_opened("retries"),
        "opened": count("EpisodeOpened"),
        "closed": count("EpisodeClosed"),
        "failed": count("EpisodeFailed"),
        "failed_stage": last("EpisodeFailed", "stage"),
        "failed_reason": last("EpisodeFailed", "reason"),
        "opened_t": Column(("EpisodeOpened",), pl.col("t"), "min"),
        "closed_t": Column(("EpisodeClosed", "EpisodeFailed"), pl.col("t"), "max"),
        "decided_t": last("DecisionMade", "t"),
        "will_purchase": last("DecisionMade", "will_purchase"),
        "sentiment": last("DecisionMade", "sentiment"),
        "refused_orders": count("CommandRejected", pl.col("command") == "PlaceOrder"),
        "orders": count("OrderPlaced"),
        "units": total("OrderPlaced", pl.col("quantity")),
        "gross_revenue_cents": total("OrderPlaced", _GOODS),
        "shipping_cents": total("OrderPlaced", pl.col("shipping_cents")),
        "units_refunded": total("RefundIssued", pl.col("quantity")),
        "refunded_cents": total("RefundIssued", pl.col("amount_cents")),
        "shipping_refund_cents": total("RefundIssued", pl.col("shipping_refund_cents")),
        "return_shipping_buyer_cents": _return_shipping("buyer"),
        "return_shipping_seller_cents": _return_shipping("seller"),
        **BOOKED,
        "issue": last("IssueRaised", "issue"),
        "outcome": last("IssueResolved", "outcome"),
        "resolution": last("IssueResolved", "resolution"),
        **_reviews(),
        "would_recommend": last("ReviewPosted", "would_recommend"),
        "pre_exchanges": _exchanges("pre_inquiry"),
        "post_exchanges": _exchanges("post_inquiry"),
        "sales_exchanges": _exchanges("sales"),
        "unsupported_claims": count("ClaimFound"),
        "rejected_outputs": count("OutputRejected"),
        "rejected_commands": count("CommandRejected"),
    },
)

_WHOLE_MARKET = pl.col("episode").is_null()

MARKETS = ColumnTable(
    key=("market",),
    within=pl.col("market").is_not_null(),
    columns={
        "seller": Column(("StrategyFormed", "PitchPresented"), pl.col("seller")),
        "product": Column(("StrategyFormed", "PitchPresented"), pl.col("product")),
        "closed": count("MarketClosed"),
        "failed": count("MarketFailed"),
        "failed_stage": last("MarketFailed", "stage"),
        "failed_reason": last("MarketFailed", "reason"),
        "opened_t": Column(("MarketOpened",), pl.col("t"), "min"),
        "closed_t": Column(("MarketClosed", "MarketFailed"), pl.col("t"), "max"),
        "strategies": count("StrategyFormed"),
        "pitches": count("PitchPresented"),
        "unsupported_claims": count("ClaimFound", _WHOLE_MARKET),
        "rejected_outputs": count("OutputRejected", _WHOLE_MARKET),
        "rejected_commands": count("CommandRejected", _WHOLE_MARKET),
    },
)

_SAVED = pl.col("saved").fill_null(False)
_PAID = ~_SAVED


def _used(name: str, which: pl.Expr) -> Column:
    return total("ModelCalled", pl.col(name) * which)


_USE: dict[str, Column] = {
    "calls": count("ModelCalled"),
    **{
        name: _used(name, pl.lit(1))
        for name in ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
    },
    "cost_nanousd": _used("cost_nanousd", _PAID),
    "unpriced_calls": count("ModelCalled", pl.col("cost_nanousd").is_null()),
    "saved_calls": count("ModelCalled", _SAVED),
    "saved_tokens": total(
        "ModelCalled", (pl.col("input_tokens") + pl.col("output_tokens")) * _SAVED
    ),
    "saved_nanousd": _used("cost_nanousd", _SAVED),
    "again_calls": count("ModelCalled", pl.col("again").is_not_null()),
    "thin_calls": count("ModelCalled", (pl.col("again") == "thin").fill_null(value=False)),
}

CALLS = ColumnTable(key=("model", "role", "stage"), within=~UNPLACED, columns=_USE)

UNPLACED_CALLS = ColumnTable(
    key=("market", "episode", "model", "role", "stage", "t"), within=UNPLACED, columns=_USE
)
"""Calls of old logs whose stage depends on when their episode was decided."""

EPISODE_CALLS = ColumnTable(key=("market", "episode", "model"), within=pl.lit(True), columns=_USE)
"""Per episode, for the cost of one; what belongs to a whole market has no episode."""

ANSWERERS = ColumnTable(
    key=("model", "answered_by"),
    within=pl.col("answered_by").is_not_null(),
    columns={"calls": count("ModelCalled")},
)
"""Who answered in the name of each model, as far as providers tell."""

SHARED: dict[str, ColumnTable] = {
    "episodes": EPISODES,
    "markets": MARKETS,
    "calls": CALLS,
    "unplaced_calls": UNPLACED_CALLS,
    "episode_calls": EPISODE_CALLS,
    "answerers": ANSWERERS,
}
"""Every derived table that all protocols have, by its name."""

PARTS = ("unplaced_calls",)
"""Tables that only go into others when all pieces are there."""

READ_AS: dict[str, dict[str, pl.Expr]] = {"ModelCalled": {"stage": STAGE}}
"""Fields that mean something else in old lines, by event type: how they are read."""
