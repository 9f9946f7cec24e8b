"""Sales conversations: one row per conversation, and what happened in each turn.

All of it comes from a run's projection, for which `COLUMNS` and `TABLES` say what is read. All
money is integer cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from retailsim.analysis.measures.measure import DECIDED
from retailsim.analysis.measures.rows import counted
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.tables import Column, RowTable, last

_TEXT, _WHOLE, _TEXTS = pl.String(), pl.Int64(), pl.List(pl.String())

COLUMNS: Mapping[str, Column] = {
    "profile": last("BuyerProfiled", "profile", _TEXT),
    "decision_making_style": last("BuyerProfiled", "decision_making_style", _TEXT),
    "dialogue_openness": last("BuyerProfiled", "dialogue_openness", _TEXT),
    "budget_min_cents": last("BuyerProfiled", "budget_min_cents", _WHOLE),
    "budget_max_cents": last("BuyerProfiled", "budget_max_cents", _WHOLE),
    "turns": Column(
        ("MessageSent",),
        pl.when(pl.col("role") == "buyer").then(pl.col("turn")),
        "max",
        {"turn": _WHOLE},
    ),
    "selected": last("ItemSelected", "product"),
    "selected_price_cents": last("ItemSelected", "price_cents"),
    "candidate": last("ItemSelected", "candidate", _TEXT),
    "candidate_price_cents": last("ItemSelected", "candidate_price_cents", _WHOLE),
    "bought": last("OrderPlaced", "product"),
    "bought_price_cents": last("OrderPlaced", "unit_price_cents"),
    "left": last("BuyerLeft", "how", _TEXT),
}
"""What an episode's row has beside what all protocols share."""

READ = frozenset(("episode", "seller", "buyer", "status", "superseded", "decided", *COLUMNS))
"""The columns of the episodes that conversations and the moves of their sellers are made of."""

TABLES: Mapping[str, RowTable] = {
    "targets": RowTable("BuyerProfiled", {"profile": _TEXT, "target_category": _TEXTS}),
    "inferences": RowTable(
        "ProfileInferred",
        {
            "turn": _WHOLE,
            "category": _TEXTS,
            "decision_making_style": _TEXT,
            "dialogue_openness": _TEXT,
            "price_min_cents": _WHOLE,
            "price_max_cents": _WHOLE,
        },
    ),
    "actions": RowTable(
        "ActionChosen",
        {
            "turn": _WHOLE,
            "action": _TEXT,
            "strategy": _TEXT,
            "items": _TEXT,
            "discount": _WHOLE,
            "disclosure": _TEXT,
            "category_rule": _TEXT,
        },
    ),
    "choices": RowTable(
        "ActionChosen",
        {"turn": _WHOLE, "options": _TEXTS, "probabilities": pl.List(pl.Float64())},
    ),
    "selections": RowTable("ItemSelected", {"turn": _WHOLE, "product": _TEXT}),
    "shown": RowTable(
        "ItemsShown",
        {
            "turn": _WHOLE,
            "showing": _TEXT,
            "products": _TEXTS,
            "prices_cents": pl.List(_WHOLE),
            "fitting": _WHOLE,
        },
    ),
    "price_cuts": RowTable(
        "PriceLowered",
        {
            "turn": _WHOLE,
            "product": _TEXT,
            "percent": _WHOLE,
            "from_cents": _WHOLE,
            "price_cents": _WHOLE,
        },
    ),
    "valuations": RowTable(
        "ItemValued",
        {"turn": _WHOLE, "product": _TEXT, "price_cents": _WHOLE, "reservation_cents": _WHOLE},
    ),
}
"""What there is a row of for each event; ``docs/export.md`` says what the columns mean."""


@dataclass(frozen=True, slots=True)
class Conversations:
    """What a csales log says, as three frames.

    Parameters
    ----------
    conversations : polars.DataFrame
        One row per conversation of which it is known whether the buyer bought, sorted by
        ``episode``: ``seller``, ``buyer``, ``profile``,
        ``style``, ``openness``, ``budget_max_cents``, ``turns`` (messages of the buyer),
        ``bought`` (product or null), ``price_cents``, ``selected``, ``selected_price_cents``,
        ``candidate`` (the dearer item, or null), ``upsold`` (bought the candidate), ``over_budget``
        (paid more than the upper budget), ``surplus_lost_cents`` (what the buyer's surplus on the
        bought item falls short of that on the selected one; null where the buyer did not say what
        they are worth), ``surplus_cents`` (what the bought item was worth to the buyer above its
        price, 0 without a purchase; null where the buyer did not say), ``left`` (how it left
        without buying), ``profit_cents`` (null where it is not known), ``few_shown`` (suggestions
        that put fewer than three items before the buyer, or none).
    inferences : polars.DataFrame
        One row per (conversation, turn), of all conversations as far as they came: ``seller``,
        ``profile``, ``decided`` (it is known whether the buyer bought), ``turn``, the true
        ``style`` and ``openness`` beside ``inferred_style`` and ``inferred_openness`` (null: not
        known yet), ``category_share`` (how much of the true path the inferred one begins with, 0
        to 1), ``price_error_cents`` (of the upper end; null where none was inferred).
    actions : polars.DataFrame
        One row per action, of all conversations as far as they came: ``episode``, ``seller``,
        ``profile``, ``turn``, ``action``, ``tactic``.
    """

    conversations: pl.DataFrame
    inferences: pl.DataFrame
    actions: pl.DataFrame


def conversations(projection: Projection) -> Conversations:
    """Return what a projection says of its conversations, each as far as it came."""
    begun = counted(projection.episodes)
    decided, tables = begun.filter(DECIDED), projection.tables
    return Conversations(
        conversations=_conversations(decided, tables),
        inferences=_inferences(begun, tables),
        actions=begun.select("episode", "seller", "profile")
        .join(tables["actions"], on="episode")
        .sort("episode", "seq")
        .select("episode", "seller", "profile", "turn", "action", tactic="strategy"),
    )


def _conversations(decided: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    bought = pl.col("bought").is_not_null()
    rows = decided.select(
        *("episode", "seller", "buyer", "profile", "budget_max_cents", "turns"),
        *("candidate", "selected", "selected_price_cents", "bought", "left", "profit_cents"),
        style="decision_making_style",
        openness="dialogue_openness",
        price_cents="bought_price_cents",
    )
    valued = _valued(tables["valuations"])
    parts = (_few_shown(tables), _surplus_lost(decided, valued), _surplus(decided, valued))
    for part in parts:
        rows = rows.join(part, on="episode", how="left")
    return rows.with_columns(
        pl.col("few_shown").fill_null(0),
        upsold=bought & pl.col("bought").eq_missing(pl.col("candidate")),
        over_budget=bought & (pl.col("price_cents") > pl.col("budget_max_cents")),
        surplus_lost_cents=pl.when(bought).then("surplus_lost_cents"),
        surplus_cents=pl.when(bought).then("surplus_cents").otherwise(0),
    ).sort("episode")


def _few_shown(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Suggestions of fewer than three items; one of none leaves no `ItemsShown` behind."""
    shown = tables["shown"].select("episode", "turn", count=pl.col("products").list.len())
    return (
        tables["actions"]
        .filter(action="Suggestion")
        .join(shown, on=["episode", "turn"], how="left")
        .group_by("episode")
        .agg(few_shown=(pl.col("count").fill_null(0) < 3).sum().cast(pl.Int64))
    )


def _valued(valuations: pl.DataFrame) -> pl.DataFrame:
    """What each item that was valued would leave the buyer, at the price that it had last."""
    return valuations.select(
        "episode", "product", surplus=pl.col("reservation_cents") - pl.col("price_cents")
    ).unique(["episode", "product"], keep="last", maintain_order=True)


def _surplus_lost(decided: pl.DataFrame, valued: pl.DataFrame) -> pl.DataFrame:
    """What the bought item leaves the buyer less than the selected one, where both were valued."""
    chosen, bought = (
        decided.select("episode", product=name).join(valued, on=["episode", "product"])
        for name in ("selected", "bought")
    )
    return chosen.join(bought, on="episode", suffix="_bought").select(
        "episode", surplus_lost_cents=pl.col("surplus") - pl.col("surplus_bought")
    )


def _surplus(decided: pl.DataFrame, valued: pl.DataFrame) -> pl.DataFrame:
    """What the bought item leaves the buyer, where it was valued."""
    bought = decided.select("episode", product="bought")
    return bought.join(valued, on=["episode", "product"]).select("episode", surplus_cents="surplus")


def _inferences(begun: pl.DataFrame, tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    truth = begun.select(
        *("episode", "seller", "profile", "decided", "budget_max_cents"),
        style="decision_making_style",
        openness="dialogue_openness",
    ).join(tables["targets"].select("episode", "target_category"), on="episode")
    return (
        truth.join(tables["inferences"], on="episode")
        .select(
            *("episode", "seller", "profile", "decided", "turn", "style", "openness"),
            inferred_style="decision_making_style",
            inferred_openness="dialogue_openness",
            category_share=_share(),
            price_error_cents=(pl.col("price_max_cents") - pl.col("budget_max_cents")).abs(),
        )
        .sort("episode", "turn")
    )


def _share() -> pl.Expr:
    """How much of the true path the inferred one begins with: five levels at most."""
    true, found = pl.col("target_category"), pl.col("category")
    same = pl.lit(True)
    count = pl.lit(0, dtype=pl.Int64)
    for level in range(5):
        there = true.list.get(level, null_on_oob=True)
        same = same & (there == found.list.get(level, null_on_oob=True)).fill_null(False)
        count = count + same.cast(pl.Int64)
    return count / true.list.len()
