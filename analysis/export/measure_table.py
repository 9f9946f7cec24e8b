"""The measures of a replay as one flat table: a row a group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import with_own
from retailsim.analysis.projection.registered import own_measures
from retailsim.analysis.replay.replay import Replay, replay

_KEYS = ("seller", "buyer", "category")


def measures(run: str | Path) -> pl.DataFrame:
    """Measure a run as ``replay --json`` does, a row each for the run, sellers, buyers and so on.

    Parameters
    ----------
    run : str or Path
        The run's folder; its log may be unfinished.

    Returns
    -------
    polars.DataFrame
        The columns of `schema`, in the order overall, sellers, buyers, categories, pairs.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    found, own = replay(Path(run)), own_measures(Path(run))
    return pl.DataFrame(list(_rows(found, own)), schema=schema(own))


def _rows(found: Replay, own: Sequence[Measure]) -> Iterator[dict[str, Any]]:
    groups = {
        "overall": (found.overall,),
        "seller": found.sellers,
        "buyer": found.buyers,
        "category": found.categories,
        "pair": found.pairs,
    }
    for group, rows in groups.items():
        for row in rows:
            keys = {key: row.get(key) for key in _KEYS}
            values = {one.name: one.of(row) for one in with_own(own)}
            yield {"group": group, **keys, "partial": found.partial, **values}


def schema(own: Sequence[Measure] = ()) -> dict[str, pl.DataType]:
    """Return the table's columns; a rate of nothing is null, and still a float.

    `docs/export.md` says what they mean; `own` are the measures of the run's protocol.
    """
    columns: dict[str, pl.DataType] = {"group": pl.String()}
    columns |= dict.fromkeys(_KEYS, pl.String()) | {"partial": pl.Boolean()}
    for one in with_own(own):
        columns[one.name] = pl.Float64() if one.is_float else pl.Int64()
    return columns
