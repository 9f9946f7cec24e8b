"""From a frame with a row for each move to the arrays that are mined."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import polars as pl

from retailsim.analysis.policy.moves import Flags, Floats, Ints, Moves, Segment
from retailsim.market.core.money import dollars

BANDS = 3
"""Bands of an amount, with equally many conversations in each."""


def moves_of(
    rows: pl.DataFrame,
    segments: Sequence[Segment],
    *,
    states: tuple[str, ...],
    shared: str,
    learning: Mapping[str, Collection[str]],
) -> Moves:
    """Return the moves of some runs.

    Parameters
    ----------
    rows : polars.DataFrame
        One row a move, sorted by ``run``, ``episode`` and ``turn``: besides these ``seller``,
        ``state`` (into `states`), ``option``, ``options``, ``probabilities`` (a list as long, or
        null), ``sold``, and what conversations share, by the name in `shared`.
    segments : sequence of Segment
        For the same rows.
    states : tuple of str
    shared : str
        What conversations share, such as ``profile``.
    learning : mapping of run to collection of str
        Sellers that may have learnt on the way.
    """
    conversations = of_each(rows)
    names = _names(rows)
    legal, propensities = _options(rows, names)
    pairs = conversations.select("run", "seller").rows()
    return Moves(
        names=names,
        states=states,
        shared=shared,
        conversation=_codes(rows, "run", "episode"),
        turn=rows["turn"].to_numpy(),
        state=rows["state"].to_numpy(),
        chosen=_among(rows["option"], names),
        legal=legal,
        propensities=propensities,
        sold=conversations["sold"].to_numpy(),
        cluster=_codes(conversations, shared),
        stratum=_codes(conversations, "run", "seller"),
        learning=np.array([who in learning.get(run, ()) for run, who in pairs], dtype=np.bool_),
        segments=tuple(segments),
        runs=rows["run"].n_unique(),
        sellers=rows["seller"].n_unique(),
    )


def of_each(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the first row of each conversation."""
    return rows.unique(["run", "episode"], keep="first", maintain_order=True)


def segment(
    title: str, values: pl.Series, words: Sequence[str] | None = None, *, told: bool = True
) -> Segment:
    """Return the split by a column; `words` are its values in their order, by default sorted."""
    if words is None:
        words = values.drop_nulls().unique().sort().to_list()
    return Segment(title=title, values=tuple(words), codes=_among(values, words), told=told)


def bands(title: str, rows: pl.DataFrame, name: str) -> Segment:
    """Return bands of an amount in cents, with about equally many conversations in each."""
    known = of_each(rows)[name].drop_nulls().to_numpy()
    if not len(known):
        return Segment(title=title, values=(), codes=np.full(rows.height, -1))
    ends = np.unique(np.quantile(known, np.arange(1, BANDS) / BANDS, method="lower"))
    filled = rows[name].fill_null(-1).to_numpy()
    codes = np.where(filled < 0, -1, np.searchsorted(ends, filled, side="left"))
    lows = ("", *(f"above {dollars(int(end))}" for end in ends))
    highs = (*(f"up to {dollars(int(end))}" for end in ends), "")
    words = (" ".join(filter(None, pair)) for pair in zip(lows, highs, strict=True))
    return Segment(title=title, values=tuple(words), codes=codes)


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
