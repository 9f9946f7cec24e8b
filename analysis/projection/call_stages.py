"""Which stage of the market a recorded model call served, also where the line does not say it.

From event schema 2 on, `ModelCalled.stage` is the stage of the market's request and ``task`` the
tag of the reply. Before, there was no ``task``, and the tag stood in ``stage``. So a line without
``task`` is an old one, and its stage follows from the tag, by this rule:

- a tag that belongs to one request only gives its stage (`STAGE_OF_TAG`);
- ``message`` and ``answer`` are said in both dialogues, before the decision and in support. The
  market asks for the first ones before it asks for the decision and for the others at least a
  minute after it was made, so the call's market time decides: it is support if it is later than
  the `DecisionMade` of its episode, and the inquiry if it is not, or if the episode has none.

Neither the number of a call nor the order of lines would do: behavioral agents on the other side
make no calls, malformed answers make further ones, and answers are written as they come.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

STAGE_OF_TAG: Mapping[str, str] = MappingProxyType(
    {
        "strategy": "strategy",
        "pitch": "pitch",
        "topics": "topics",
        "decision": "decision",
        "settlement": "settlement",
        "reviews": "review",
        "opening": "opening",
        "plan": "planning",
        "line": "selling",
        "check": "selling",
        "response": "responding",
    }
)
"""Tag of a reply -> the stage of the only request that took it."""

BOTH = ("message", "answer")
"""Tags of what is said before the decision as well as after it."""

_OLD = pl.col("task").is_null()

STAGE = pl.when(_OLD).then(pl.col("stage").replace(dict(STAGE_OF_TAG))).otherwise("stage")
"""A call's stage; of those that `UNPLACED` picks out, still the tag."""

UNPLACED = _OLD & pl.col("stage").is_in(BOTH)
"""Calls whose line alone does not say their stage."""


def placed(calls: pl.DataFrame, unplaced: pl.DataFrame, decided: pl.DataFrame) -> pl.DataFrame:
    """Add calls whose stage depends on their episode to those that are summed up already.

    Parameters
    ----------
    calls : polars.DataFrame
        One row per (model, role, stage); every other column is a sum.
    unplaced : polars.DataFrame
        The same columns per (market, episode, model, role, stage, t).
    decided : polars.DataFrame
        ``episode`` and ``decided_t``, null where nothing was decided.
    """
    if unplaced.is_empty():
        return calls
    later = (pl.col("t") > pl.col("decided_t")).fill_null(False)
    found = unplaced.join(decided, on="episode", how="left").with_columns(
        stage=pl.when(later).then(pl.lit("post_inquiry")).otherwise(pl.lit("pre_inquiry"))
    )
    key = ("model", "role", "stage")
    both = pl.concat([calls, found.select(calls.columns)])
    return both.group_by(key).agg(pl.exclude(key).sum()).sort(key).select(calls.columns)
