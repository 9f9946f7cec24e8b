"""Sales conversations: one row per conversation, and what happened in each turn, from the log.

Read beside the projection of `analysis.projection.loader`, from the events that only this protocol
has. All money is integer cents.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from retailsim.analysis.projection.errors import LogUnreadable
from retailsim.analysis.projection.loader import chunks, load
from retailsim.events.log.reader import check

_TYPE = r'^\s*\{\s*"type"\s*:\s*"(\w+)"'
_KEY: dict[str, pl.DataType] = {"episode": pl.String(), "seq": pl.Int64(), "turn": pl.Int64()}
_TEXTS = pl.List(pl.String())

_FIELDS: Mapping[str, dict[str, pl.DataType]] = {
    "BuyerProfiled": {
        "profile": pl.String(),
        "decision_making_style": pl.String(),
        "dialogue_openness": pl.String(),
        "target_category": _TEXTS,
        "budget_min_cents": pl.Int64(),
        "budget_max_cents": pl.Int64(),
    },
    "ProfileInferred": {
        "category": _TEXTS,
        "decision_making_style": pl.String(),
        "dialogue_openness": pl.String(),
        "price_min_cents": pl.Int64(),
        "price_max_cents": pl.Int64(),
    },
    "ActionChosen": {"action": pl.String(), "strategy": pl.String()},
    "ItemsShown": {"products": _TEXTS},
    "ItemSelected": {
        "product": pl.String(),
        "price_cents": pl.Int64(),
        "candidate": pl.String(),
        "candidate_price_cents": pl.Int64(),
    },
    "ItemValued": {
        "product": pl.String(),
        "price_cents": pl.Int64(),
        "reservation_cents": pl.Int64(),
    },
    "OrderPlaced": {"product": pl.String(), "unit_price_cents": pl.Int64()},
    "BuyerLeft": {"how": pl.String()},
    "MessageSent": {"role": pl.String()},
}
"""The event types that are read, with the fields that are used."""


@dataclass(frozen=True, slots=True)
class Conversations:
    """What a csales log says, as three frames.

    Parameters
    ----------
    conversations : polars.DataFrame
        One row per closed conversation, sorted by ``episode``: ``seller``, ``buyer``, ``profile``,
        ``style``, ``openness``, ``budget_max_cents``, ``turns`` (messages of the buyer),
        ``bought`` (product or null), ``price_cents``, ``selected``, ``selected_price_cents``,
        ``candidate`` (the dearer item, or null), ``upsold`` (bought the candidate), ``over_budget``
        (paid more than the upper budget), ``surplus_lost_cents`` (what the buyer's surplus on the
        bought item falls short of that on the selected one; null where the buyer did not say what
        they are worth), ``left`` (how it left without buying), ``few_shown`` (suggestions
        that put fewer than three items before the buyer, or none).
    inferences : polars.DataFrame
        One row per (conversation, turn): ``seller``, ``turn``, the true ``style`` and ``openness``
        beside ``inferred_style`` and ``inferred_openness`` (null: not known yet),
        ``category_share`` (how much of the true path the inferred one begins with, 0 to 1),
        ``price_error_cents`` (of the upper end; null where none was inferred).
    actions : polars.DataFrame
        One row per action: ``episode``, ``seller``, ``turn``, ``action``, ``tactic``.
    """

    conversations: pl.DataFrame
    inferences: pl.DataFrame
    actions: pl.DataFrame


def conversations(run: Path) -> Conversations:
    """Read a run of sales conversations, finished or not.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    episodes = load(run).episodes.filter(~pl.col("superseded"), status="closed")
    seats = episodes.select("episode", "seller", "buyer")
    events = _events(run)
    truth = events["BuyerProfiled"].drop("seq", "turn")
    return Conversations(
        conversations=_conversations(seats, truth, events),
        inferences=_inferences(seats, truth, events["ProfileInferred"]),
        actions=seats.select("episode", "seller")
        .join(events["ActionChosen"], on="episode")
        .sort("episode", "seq")
        .select("episode", "seller", "turn", "action", tactic="strategy"),
    )


def _events(run: Path) -> dict[str, pl.DataFrame]:
    """Every event of the types read, a frame a type."""
    found: dict[str, list[pl.DataFrame]] = {kind: [] for kind in _FIELDS}
    for segment in check(run / "events").segments:
        try:
            for lines in chunks(segment.segment, segment.good_bytes):
                for kind, frame in _decoded(lines).items():
                    found[kind].append(frame)
        except pl.exceptions.PolarsError as error:
            raise LogUnreadable(segment.segment.path.name, str(error)) from error
    return {
        kind: pl.concat([_empty(kind), *frames], how="vertical") for kind, frames in found.items()
    }


def _empty(kind: str) -> pl.DataFrame:
    return pl.DataFrame(schema={**_KEY, **_FIELDS[kind]})


def _decoded(lines: bytes) -> dict[str, pl.DataFrame]:
    typed = pl.scan_lines(lines).with_columns(type=pl.col("line").str.extract(_TYPE)).collect()
    return {
        kind: typed.filter(type=kind)
        .select(event=pl.col("line").str.json_decode(pl.Struct({**_KEY, **fields})))
        .unnest("event")
        for kind, fields in _FIELDS.items()
    }


def _conversations(
    seats: pl.DataFrame, truth: pl.DataFrame, events: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    orders = events["OrderPlaced"].select(
        "episode", bought="product", price_cents="unit_price_cents"
    )
    selected = events["ItemSelected"].select(
        "episode", "candidate", selected="product", selected_price_cents="price_cents"
    )
    left = events["BuyerLeft"].select("episode", left="how")
    turns = (
        events["MessageSent"]
        .filter(role="buyer")
        .group_by("episode")
        .agg(turns=pl.col("turn").max())
    )
    whole = seats.join(_renamed(truth), on="episode", how="left")
    for part in (turns, selected, orders, left, _few_shown(events), _surplus(events)):
        whole = whole.join(part, on="episode", how="left")
    bought = pl.col("bought").is_not_null()
    return whole.with_columns(
        pl.col("few_shown").fill_null(0),
        upsold=bought & pl.col("bought").eq_missing(pl.col("candidate")),
        over_budget=bought & (pl.col("price_cents") > pl.col("budget_max_cents")),
        surplus_lost_cents=pl.when(bought).then("surplus_lost_cents"),
    ).sort("episode")


def _few_shown(events: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Suggestions of fewer than three items; one of none leaves no `ItemsShown` behind."""
    shown = events["ItemsShown"].select("episode", "turn", count=pl.col("products").list.len())
    return (
        events["ActionChosen"]
        .filter(action="Suggestion")
        .join(shown, on=["episode", "turn"], how="left")
        .group_by("episode")
        .agg(few_shown=(pl.col("count").fill_null(0) < 3).sum().cast(pl.Int64))
    )


def _renamed(truth: pl.DataFrame) -> pl.DataFrame:
    return truth.select(
        "episode",
        "profile",
        "budget_max_cents",
        style="decision_making_style",
        openness="dialogue_openness",
    )


def _surplus(events: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """What the bought item leaves the buyer less than the selected one, where both were valued."""
    valued = events["ItemValued"].select(
        "episode", "product", surplus=pl.col("reservation_cents") - pl.col("price_cents")
    )
    chosen = (
        events["ItemSelected"].select("episode", "product").join(valued, on=["episode", "product"])
    )
    bought = (
        events["OrderPlaced"].select("episode", "product").join(valued, on=["episode", "product"])
    )
    return (
        chosen.unique("episode")
        .join(bought.unique("episode"), on="episode", suffix="_bought")
        .select("episode", surplus_lost_cents=pl.col("surplus") - pl.col("surplus_bought"))
    )


def _inferences(seats: pl.DataFrame, truth: pl.DataFrame, inferred: pl.DataFrame) -> pl.DataFrame:
    joined = (
        seats.select("episode", "seller")
        .join(truth, on="episode")
        .join(inferred, on="episode", suffix="_inferred")
    )
    return joined.select(
        "episode",
        "seller",
        "turn",
        style="decision_making_style",
        openness="dialogue_openness",
        inferred_style="decision_making_style_inferred",
        inferred_openness="dialogue_openness_inferred",
        category_share=_share(),
        price_error_cents=(pl.col("price_max_cents") - pl.col("budget_max_cents")).abs(),
    ).sort("episode", "turn")


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
