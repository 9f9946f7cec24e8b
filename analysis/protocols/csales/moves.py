"""The moves of sales conversations, with what their seller knew, for `analysis.policy.mining`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import polars as pl

from retailsim.analysis.measures.measure import DECIDED
from retailsim.analysis.measures.rows import counted
from retailsim.analysis.policy.move_rows import bands, moves_of, segment
from retailsim.analysis.policy.moves import Moves, Segment
from retailsim.analysis.projection.projection import Projection
from retailsim.market.protocols.csales.action_table import Option
from retailsim.market.protocols.csales.events import OPENNESS, STYLES

STATES = ("nothing shown yet", "items shown, none selected", "an item selected")
_EVENT = ["episode", "seq"]
_CHOSEN = ["action", "strategy", "items", "discount", "disclosure", "category_rule"]


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
    return moves_of(rows, _segments(rows), states=STATES, shared="profile", learning=learning or {})


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


def _segments(rows: pl.DataFrame) -> tuple[Segment, ...]:
    """For whom: what the seller had inferred or was told when it chose, and then the truth."""
    return (
        segment("style, as inferred", rows["style"], STYLES),
        segment("openness, as inferred", rows["openness"], OPENNESS),
        segment("category, as inferred", rows["category"]),
        bands("budget", rows, "budget"),  # every buyer names it in its first message
        segment("true style", rows["true_style"], STYLES, told=False),
        segment("true openness", rows["true_openness"], OPENNESS, told=False),
    )
