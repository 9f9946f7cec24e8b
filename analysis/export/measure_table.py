"""The measures of a replay as one flat table: a row a group."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.measures.measures import SENTIMENTS, MeasureRow
from retailsim.analysis.replay.replay import Replay, replay
from retailsim.events.messages import ASPECTS

_KEYS = ("seller", "buyer", "category")
_NESTED: dict[str, dict[str, str]] = {
    "ratings": {aspect: f"rating_{aspect}" for aspect in ASPECTS},
    "sentiments": {mood: f"sentiment_{mood.lower()}" for mood in SENTIMENTS},
}
"""Fields of a row that are tables themselves, and the columns they become."""


def measures(run: str | Path) -> pl.DataFrame:
    """Measure a run as ``replay --json`` does, a row each for the run, sellers, buyers and so on.

    Parameters
    ----------
    run : str or Path
        The run's folder; its log may be unfinished.

    Returns
    -------
    polars.DataFrame
        The columns of `SCHEMA`, in the order overall, sellers, buyers, categories, pairs.

    Raises
    ------
    NotARun, LogDamaged, LogUnreadable
        As `analysis.projection.loader.load`.
    """
    found = replay(Path(run))
    return pl.DataFrame(list(_rows(found)), schema=SCHEMA)


def _rows(found: Replay) -> Iterator[dict[str, Any]]:
    groups = {
        "overall": (found.overall,),
        "seller": found.sellers,
        "buyer": found.buyers,
        "category": found.categories,
        "pair": found.pairs,
    }
    for group, rows in groups.items():
        for row in rows:
            yield {"group": group, "partial": found.partial, **_flat(row)}


def _flat(row: MeasureRow) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in msgspec.structs.asdict(row).items():
        if name in _NESTED:
            flat |= {column: value[key] for key, column in _NESTED[name].items()}
        else:
            flat[name] = None if value is msgspec.UNSET else value
    return flat


def _schema() -> dict[str, pl.DataType]:
    """The columns in the order of `MeasureRow`; a rate of nothing is null, and still a float."""
    columns: dict[str, pl.DataType] = {"group": pl.String()}
    columns |= dict.fromkeys(_KEYS, pl.String()) | {"partial": pl.Boolean()}
    for field in msgspec.structs.fields(MeasureRow):
        kinds = str(field.type)
        one = pl.Float64() if "float" in kinds else pl.Int64()
        for name in _NESTED.get(field.name, {field.name: field.name}).values():
            columns.setdefault(name, one)
    return columns


SCHEMA: dict[str, pl.DataType] = _schema()
"""The table's columns; `docs/export.md` says what they mean."""
