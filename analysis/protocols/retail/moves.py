"""The moves of retail sellers before the purchase, for `analysis.policy.mining`.

A pitch is one move of every episode that hears it. What comes behind the purchase, support and
settlement, cannot have led to it and is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from retailsim.analysis.measures.measure import DECIDED
from retailsim.analysis.measures.rows import counted
from retailsim.analysis.policy.move_rows import bands, moves_of, segment
from retailsim.analysis.policy.moves import Moves, Segment
from retailsim.analysis.projection.columns import BUYER_TRAITS
from retailsim.analysis.projection.projection import Projection

STAGES = ("pitch", "pre_inquiry")
STATES = ("to pitch", "asked before the purchase")


def moves(projections: Mapping[str, Projection], learning: Mapping[str, Collection[str]]) -> Moves:
    """Return the moves of all episodes whose decision is known; see `ProtocolAnalysis.moves`."""
    parts = [_of_run(name, projection) for name, projection in projections.items()]
    rows = pl.concat(parts).sort("run", "episode", "turn")
    return moves_of(rows, _segments(rows), states=STATES, shared="product", learning=learning)


def _of_run(run: str, projection: Projection) -> pl.DataFrame:
    """A row for each move of a run; ``turn`` numbers the moves of an episode from 1."""
    episodes = (
        counted(projection.episodes)
        .lazy()  # copies no column that is not selected
        .filter(DECIDED)
        .select(
            *("market", "episode", "category", "audience", "price_cents"),
            *(f"buyer_{trait}" for trait in BUYER_TRAITS),
            pl.col("seller").fill_null(""),
            pl.coalesce("product", "episode").alias("product"),
            sold=pl.col("orders") > 0,
        )
        .collect()
    )
    chosen = projection.tables["choices"].filter(pl.col("stage").is_in(STAGES))
    chosen = chosen.drop_nulls("option").drop("t", "turn")
    own = episodes.join(chosen.drop_nulls("episode").drop("market"), on="episode")
    heard = episodes.join(chosen.filter(pl.col("episode").is_null()).drop("episode"), on="market")
    return (
        pl.concat([own, heard.select(own.columns)])
        .sort("episode", "seq")
        .with_columns(
            run=pl.lit(run),
            turn=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("episode"),
            state=(pl.col("stage") != STAGES[0]).cast(pl.Int64),
        )
        .drop("seq", "stage")
    )


def _segments(rows: pl.DataFrame) -> tuple[Segment, ...]:
    """For whom: what the seller knows of product and audience, and then the buyers' truth."""
    return (
        segment("category", rows["category"]),
        segment("audience", rows["audience"]),
        bands("price", rows, "price_cents"),
        *(
            segment(f"the buyer's {trait.replace('_', ' ')}", rows[f"buyer_{trait}"], told=False)
            for trait in BUYER_TRAITS
        ),
    )
