"""What a reader has to know before the numbers: unfinished, thin, failed, of several versions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from retailsim.analysis.measures.failures import failures_told
from retailsim.analysis.measures.scope import illustration
from retailsim.analysis.projection.log_lines import schemas
from retailsim.analysis.replay.replay import Replay
from retailsim.analysis.statistics.values import FEW_CLUSTERS
from retailsim.events.messages import SCHEMA_VERSION


def cautions(
    run: Path, replay: Replay, some: pl.DataFrame, parameters: str = ""
) -> tuple[str, ...]:
    """Return a sentence or two for each.

    Parameters
    ----------
    some : polars.DataFrame
        The episodes whose decision is known.
    parameters : str
        What behavioral agents go by, such as ``parameter set paper (...); orders with ...``.
    """
    failed = failures_told(replay.episodes.failed, replay.overall)
    return (
        *(f"{one}{_gone_by(parameters)}" for one in illustration(some)),
        *_finished(replay),
        *_thin(some),
        *([failed] if failed else []),
        *_versions(run),
    )


def _gone_by(parameters: str) -> str:
    which = parameters.partition(";")[0]
    return f" They go by the {which}." if which else ""


def _finished(replay: Replay) -> Iterator[str]:
    if replay.partial:
        counts = replay.episodes
        yield (
            f"This run is not finished: {counts.closed:,} of {counts.asked:,} episodes closed. "
            "All numbers are of what is done so far."
            + (f" {counts.beginning}" if counts.beginning else "")
        )


def _thin(some: pl.DataFrame) -> Iterator[str]:
    if some.is_empty():
        yield "No episode came to a decision: there is nothing to measure."
        return
    orders = int(some["orders"].sum())
    if not orders:
        yield "Nothing was bought: there are no quantities, refunds or ratings."
    elif int(some["units_refunded"].sum()) == int(some["units"].sum()):
        yield "Everything that was bought was refunded: net revenue is zero."
    clusters = some["cluster"].n_unique()
    if clusters == 1:
        yield "Only one product: how products differ is unknown, so there are no intervals."
    elif clusters < FEW_CLUSTERS:
        yield f"Only {clusters} products: intervals use Student's t, and are wide for that reason."


def _versions(run: Path) -> Iterator[str]:
    found = sorted(schemas(run))
    if len(found) > 1:
        yield (
            f"The log was written by several versions (event schemas {_listed(found)}): "
            "what an older one did not record counts as nothing there."
        )
    newer = [schema for schema in found if schema > SCHEMA_VERSION]
    if newer:
        yield (
            f"Event schema {_listed(newer)} is newer than this version knows ({SCHEMA_VERSION}): "
            "what is new in it is not in the numbers."
        )


def _listed(schemas: list[int]) -> str:
    return " and ".join(map(str, schemas))
