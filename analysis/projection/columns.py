"""Which columns a replay derives from which events: three tables, read like a form.

Every derived column says which event types feed it, what is taken from such an event, and how
several values become one: ``last`` (by ``seq``), ``sum``, ``min`` or ``max``. All sums are of
integers, so that they do not depend on the order in which they are added.

Of each event type only the fields that feed a column are parsed, with the types in `FIELDS`;
all other fields and event types are passed over. Types are given to the parser explicitly
because an inferred schema silently drops a key that first appears late.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import polars as pl

from retailsim.events.messages import ASPECTS

Rule = Literal["last", "sum", "min", "max"]

SELLER_TRAITS = ("assertiveness", "friendliness", "rationality")
BUYER_TRAITS = ("pickiness", "price_consciousness", "rationality")

_TEXTS = (
    *("market", "episode", "seller", "buyer", "product", "category", "title", "audience"),
    *("condition", "seller_gender", "buyer_gender", "retries", "stage", "reason", "role"),
    *("sentiment", "issue", "outcome", "resolution", "return_shipping_payer", "aspect", "model"),
)
_INTEGERS = (
    *("seq", "t", "list_price_cents", "price_cents", "replication", "unit_cost_cents"),
    *("quantity", "unit_price_cents", "shipping_cents", "amount_cents", "rating"),
    *("shipping_refund_cents", "return_shipping_cents", "cost_nanousd"),
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
}
"""The fields a replay reads, with their types; a log line without one has null there."""


@dataclass(frozen=True, slots=True)
class Column:
    """One derived column.

    Parameters
    ----------
    on : tuple of str
        The event types that feed it.
    take : polars.Expr
        What one such event contributes; null contributes nothing.
    rule : {"last", "sum", "min", "max"}
        How contributions become one value. A ``sum`` of nothing is 0, the others are null.
    """

    on: tuple[str, ...]
    take: pl.Expr
    rule: Rule = "last"


@dataclass(frozen=True, slots=True)
class ColumnTable:
    """A derived table.

    Parameters
    ----------
    key : tuple of str
        The fields that name a row.
    columns : mapping of str to Column
        Its columns.
    within : polars.Expr
        Which of the events that feed it have a row at all.
    """

    key: tuple[str, ...]
    columns: Mapping[str, Column]
    within: pl.Expr

    @property
    def types(self) -> tuple[str, ...]:
        """The event types that feed any column, in the order of first use."""
        return tuple(dict.fromkeys(t for column in self.columns.values() for t in column.on))

    def fed_by(self, event_type: str) -> dict[str, pl.Expr]:
        """The columns that one event type feeds, as expressions over its fields."""
        return {n: c.take for n, c in self.columns.items() if event_type in c.on}


def _field(event_type: str, name: str, default: object = None) -> Column:
    """A field of an event as it stands there, or what an older log without it means."""
    take = pl.col(name)
    return Column((event_type,), take if default is None else take.fill_null(default))


def _total(event_type: str, amount: pl.Expr) -> Column:
    return Column((event_type,), amount.cast(pl.Int64), "sum")


def _count(event_type: str, which: pl.Expr | None = None) -> Column:
    return _total(event_type, pl.lit(1) if which is None else which)


def _opened(*names: str) -> dict[str, Column]:
    return {name: _field("EpisodeOpened", name) for name in names}


def _traits(seat: str, traits: tuple[str, ...]) -> dict[str, Column]:
    persona = pl.col(f"{seat}_persona").struct
    return {f"{seat}_{t}": Column(("EpisodeOpened",), persona.field(t)) for t in traits}


def _exchanges(stage: str) -> Column:
    buyers = (pl.col("stage") == stage) & (pl.col("role") == "buyer")
    return _count("MessageSent", buyers)


def _return_shipping(payer: str) -> Column:
    amount = pl.when(pl.col("return_shipping_payer") == payer).then(pl.col("return_shipping_cents"))
    return _total("RefundIssued", amount)


def _reviews() -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for aspect in ASPECTS:
        rated = (pl.col("aspect") == aspect) & pl.col("rating").is_not_null()
        columns[f"stars_{aspect}"] = _total("ReviewPosted", pl.col("rating") * rated)
        columns[f"reviews_{aspect}"] = _count("ReviewPosted", rated)
    return columns


_GOODS = pl.col("quantity") * pl.col("unit_price_cents")

EPISODES = ColumnTable(
    key=("episode",),
    within=pl.col("episode").is_not_null(),
    columns={
        "market": _field("EpisodeOpened", "market"),
        **_opened("seller", "buyer", "product", "category", "title", "audience"),
        **_opened("list_price_cents", "price_cents"),
        "price_multiplier": _field("EpisodeOpened", "price_multiplier", 1.0),
        "discount": _field("EpisodeOpened", "discount", 0.0),
        "replication": _field("EpisodeOpened", "replication", 0),
        "condition": _field("EpisodeOpened", "condition", ""),
        **_traits("seller", SELLER_TRAITS),
        **_traits("buyer", BUYER_TRAITS),
        **_opened("seller_gender", "buyer_gender", "unit_cost_cents", "retries"),
        "opened": _count("EpisodeOpened"),
        "closed": _count("EpisodeClosed"),
        "failed": _count("EpisodeFailed"),
        "failed_stage": _field("EpisodeFailed", "stage"),
        "failed_reason": _field("EpisodeFailed", "reason"),
        "opened_t": Column(("EpisodeOpened",), pl.col("t"), "min"),
        "closed_t": Column(("EpisodeClosed", "EpisodeFailed"), pl.col("t"), "max"),
        "will_purchase": _field("DecisionMade", "will_purchase"),
        "sentiment": _field("DecisionMade", "sentiment"),
        "orders": _count("OrderPlaced"),
        "units": _total("OrderPlaced", pl.col("quantity")),
        "gross_revenue_cents": _total("OrderPlaced", _GOODS),
        "shipping_cents": _total("OrderPlaced", pl.col("shipping_cents")),
        "units_refunded": _total("RefundIssued", pl.col("quantity")),
        "refunded_cents": _total("RefundIssued", pl.col("amount_cents")),
        "shipping_refund_cents": _total("RefundIssued", pl.col("shipping_refund_cents")),
        "return_shipping_buyer_cents": _return_shipping("buyer"),
        "return_shipping_seller_cents": _return_shipping("seller"),
        "issue": _field("IssueRaised", "issue"),
        "outcome": _field("IssueResolved", "outcome"),
        "resolution": _field("IssueResolved", "resolution"),
        **_reviews(),
        "would_recommend": _field("ReviewPosted", "would_recommend"),
        "pre_exchanges": _exchanges("pre_inquiry"),
        "post_exchanges": _exchanges("post_inquiry"),
        "sales_exchanges": _exchanges("sales"),
        "rejected_outputs": _count("OutputRejected"),
        "rejected_commands": _count("CommandRejected"),
    },
)

_WHOLE_MARKET = pl.col("episode").is_null()

MARKETS = ColumnTable(
    key=("market",),
    within=pl.col("market").is_not_null(),
    columns={
        "seller": Column(("StrategyFormed", "PitchPresented"), pl.col("seller")),
        "product": Column(("StrategyFormed", "PitchPresented"), pl.col("product")),
        "closed": _count("MarketClosed"),
        "failed": _count("MarketFailed"),
        "failed_stage": _field("MarketFailed", "stage"),
        "failed_reason": _field("MarketFailed", "reason"),
        "opened_t": Column(("MarketOpened",), pl.col("t"), "min"),
        "closed_t": Column(("MarketClosed", "MarketFailed"), pl.col("t"), "max"),
        "strategies": _count("StrategyFormed"),
        "pitches": _count("PitchPresented"),
        "rejected_outputs": _count("OutputRejected", _WHOLE_MARKET),
        "rejected_commands": _count("CommandRejected", _WHOLE_MARKET),
    },
)

_SAVED = pl.col("saved").fill_null(False)
_PAID = ~_SAVED


def _used(name: str, which: pl.Expr) -> Column:
    return _total("ModelCalled", pl.col(name) * which)


_USE: dict[str, Column] = {
    "calls": _count("ModelCalled"),
    **{
        name: _used(name, pl.lit(1))
        for name in ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")
    },
    "cost_nanousd": _used("cost_nanousd", _PAID),
    "unpriced_calls": _count("ModelCalled", pl.col("cost_nanousd").is_null()),
    "saved_calls": _count("ModelCalled", _SAVED),
    "saved_tokens": _total(
        "ModelCalled", (pl.col("input_tokens") + pl.col("output_tokens")) * _SAVED
    ),
    "saved_nanousd": _used("cost_nanousd", _SAVED),
}

CALLS = ColumnTable(key=("model", "role", "stage"), within=pl.lit(True), columns=_USE)

EPISODE_CALLS = ColumnTable(key=("market", "episode", "model"), within=pl.lit(True), columns=_USE)
"""Per episode, for the cost of one; what belongs to a whole market has no episode."""

TABLES = {
    "episodes": EPISODES,
    "markets": MARKETS,
    "calls": CALLS,
    "episode_calls": EPISODE_CALLS,
}
"""Every derived table by its name."""


def fields_of(event_type: str) -> pl.Struct:
    """The fields of an event type that any table needs."""
    names = {"seq"}
    for table in TABLES.values():
        fed = table.fed_by(event_type)
        if fed:
            needs = (*fed.values(), table.within, *map(pl.col, table.key))
            names.update(name for expr in needs for name in expr.meta.root_names())
    return pl.Struct({name: FIELDS[name] for name in sorted(names)})
