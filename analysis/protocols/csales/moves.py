"""The moves of sales conversations, with what their seller knew, for `analysis.policy.mining`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from retailsim.analysis.measures.measure import DECIDED
from retailsim.analysis.measures.rows import counted
from retailsim.analysis.policy.moves import Flags, Floats, Ints, Moves, Segment
from retailsim.analysis.projection.projection import Projection
from retailsim.market.core.money import dollars
from retailsim.market.protocols.csales.action_table import Option
from retailsim.market.protocols.csales.events import OPENNESS, STYLES

STATES = ("nothing shown yet", "items shown, none selected", "an item selected")
_EVENT = ["episode", "seq"]
_CHOSEN = ["action", "strategy", "items", "discount", "disclosure", "category_rule"]
BANDS = 3
"""Bands of the budget, with equally many conversations in each."""


def moves(
    projections: Mapping[str, Projection], learning: Mapping[str, Collection[str]] | None = None
) -> Moves:
    """Return the moves of all conversations whose end is known.

    Parameters
    ----------
    projections : mapping of str to Projection
        By the names of the runs.
    learning : mapping of str to collection of str, optional
        The sellers of each run that may have learnt on the way.
    """
    parts = [_of_run(name, projection) for name, projection in projections.items()]
    rows = _with_names(pl.concat(parts).sort("run", "episode", "turn"))
    conversations = rows.unique(["run", "episode"], keep="first", maintain_order=True)
    names = _names(rows)
    legal, propensities = _options(rows, names)
    return Moves(
        names=names,
        states=STATES,
        conversation=_codes(rows, "run", "episode"),
        turn=rows["turn"].to_numpy(),
        state=rows["state"].to_numpy(),
        chosen=_among(rows["option"], names),
        legal=legal,
        propensities=propensities,
        sold=conversations["sold"].to_numpy(),
        cluster=_codes(conversations, "profile"),
        stratum=_codes(conversations, "run", "seller"),
        learning=_learning(conversations, learning or {}),
        segments=_segments(rows, conversations),
        runs=len(projections),
        sellers=conversations["seller"].n_unique(),
    )


def _learning(conversations: pl.DataFrame, learning: Mapping[str, Collection[str]]) -> Flags:
    pairs = conversations.select("run", "seller").iter_rows()
    return np.array([seller in learning.get(run, ()) for run, seller in pairs], dtype=np.bool_)


def _of_run(run: str, projection: Projection) -> pl.DataFrame:
    """A row for each move of a run."""
    tables = projection.tables
    return (
        counted(projection.episodes)
        .filter(DECIDED)
        .select(
            "episode",
            pl.col("seller").fill_null(""),
            pl.coalesce("profile", "episode").alias("profile"),
            true_style="decision_making_style",
            true_openness="dialogue_openness",
            budget="budget_max_cents",
            sold=pl.col("bought").is_not_null(),
        )
        .join(tables["actions"].drop_nulls(["turn", "action"]), on="episode")
        .join(tables["choices"].select("episode", "seq", "options", "probabilities"), on=_EVENT)
        .join(_first(tables["shown"], "shown_at"), on="episode", how="left")
        .join(_first(tables["selections"], "selected_at"), on="episode", how="left")
        .join(_inferred(tables["inferences"]), on=["episode", "turn"], how="left")
        .sort("episode", "seq")
        .unique(["episode", "turn"], keep="last", maintain_order=True)
        .with_columns(
            run=pl.lit(run),
            state=_before("shown_at") + _before("selected_at"),
        )
        .drop("market", "seq", "t", "shown_at", "selected_at")
    )


def _first(table: pl.DataFrame, name: str) -> pl.DataFrame:
    return table.group_by("episode").agg(pl.col("seq").min().alias(name))


def _before(name: str) -> pl.Expr:
    """1 if it happened before the move, else 0."""
    return (pl.col(name) < pl.col("seq")).fill_null(False).cast(pl.Int64)


def _with_names(rows: pl.DataFrame) -> pl.DataFrame:
    """Say what the option of each move is called; logs leave out what is as usual."""
    kinds = rows.select(_CHOSEN).unique()
    names = [_named(**one) for one in kinds.iter_rows(named=True)]
    named = kinds.with_columns(option=pl.Series(names, dtype=pl.String))
    return rows.join(named, on=_CHOSEN, how="left", nulls_equal=True, maintain_order="left")


def _named(action: Any, strategy: Any, **rest: Any) -> str:
    said = {name: value for name, value in rest.items() if value is not None}
    return Option(action=action, tactic=strategy, **said).name


def _inferred(inferences: pl.DataFrame) -> pl.DataFrame:
    """What the seller took the buyer to be when it made the move."""
    return inferences.select(
        "episode",
        "turn",
        style="decision_making_style",
        openness="dialogue_openness",
        category=pl.col("category").list.first(),
    ).unique(["episode", "turn"], keep="last", maintain_order=True)


def _names(rows: pl.DataFrame) -> tuple[str, ...]:
    """All options that could be chosen or were, in the order in which they are first named."""
    listed = rows["options"].explode().drop_nulls()
    return tuple(pl.concat([listed, rows["option"]]).unique(maintain_order=True))


def _codes(rows: pl.DataFrame, *names: str) -> Ints:
    """Number the values of some columns from 0, in the order in which they first come."""
    key = rows.select(pl.struct(names).alias("key"))
    known = key.unique(maintain_order=True).with_row_index("code")
    joined = key.join(known, on="key", how="left", maintain_order="left")
    codes: Ints = joined["code"].cast(pl.Int64).to_numpy()
    return codes


def _among(values: pl.Series, names: Sequence[str]) -> Ints:
    """Return the place of each value among `names`; -1 where it is none of them."""
    places = {name: place for place, name in enumerate(names)}
    found: Ints = values.replace_strict(places, default=-1, return_dtype=pl.Int64).to_numpy()
    return found


def _options(rows: pl.DataFrame, names: Sequence[str]) -> tuple[Flags, Floats]:
    """Return what could be chosen, and how likely that was; all of it where nothing is said."""
    legal = np.zeros((rows.height, len(names)), dtype=np.bool_)
    likely = np.full((rows.height, len(names)), np.nan)
    row = pl.int_range(rows.height, dtype=pl.Int64).alias("row")
    listed = rows.select(row, "options").explode("options").drop_nulls()
    legal[listed["row"].to_numpy(), _among(listed["options"], names)] = True
    legal[~legal.any(axis=1)] = True
    whole = pl.col("options").list.len() == pl.col("probabilities").list.len()
    said = rows.select(row, "options", "probabilities").filter(whole)
    likely[said["row"].to_numpy()] = 0.0
    each = said.explode("options", "probabilities").drop_nulls()
    likely[each["row"].to_numpy(), _among(each["options"], names)] = each["probabilities"]
    with np.errstate(invalid="ignore"):  # a row of zeros says nothing
        return legal, likely / likely.sum(axis=1, keepdims=True)


def _segments(rows: pl.DataFrame, conversations: pl.DataFrame) -> tuple[Segment, ...]:
    """For whom: what the seller had inferred or was told when it chose, and then the truth."""
    categories = rows["category"].drop_nulls().unique().sort().to_list()
    return (
        _segment("style, as inferred", rows["style"], STYLES),
        _segment("openness, as inferred", rows["openness"], OPENNESS),
        _segment("category, as inferred", rows["category"], categories),
        _bands(rows["budget"], conversations["budget"]),
        _segment("true style", rows["true_style"], STYLES, told=False),
        _segment("true openness", rows["true_openness"], OPENNESS, told=False),
    )


def _segment(title: str, values: pl.Series, words: Sequence[str], *, told: bool = True) -> Segment:
    return Segment(title=title, values=tuple(words), codes=_among(values, words), told=told)


def _bands(budgets: pl.Series, of_each: pl.Series) -> Segment:
    """Bands of the upper end of the budget, which every buyer names in its first message."""
    known = of_each.drop_nulls().to_numpy()
    if not len(known):
        return Segment(title="budget", values=(), codes=np.full(len(budgets), -1))
    ends = np.unique(np.quantile(known, np.arange(1, BANDS) / BANDS, method="lower"))
    filled = budgets.fill_null(-1).to_numpy()
    codes = np.where(filled < 0, -1, np.searchsorted(ends, filled, side="left"))
    lows = ("", *(f"above {dollars(int(end))}" for end in ends))
    highs = (*(f"up to {dollars(int(end))}" for end in ends), "")
    words = (" ".join(filter(None, pair)) for pair in zip(lows, highs, strict=True))
    return Segment(title="budget", values=tuple(words), codes=codes)
