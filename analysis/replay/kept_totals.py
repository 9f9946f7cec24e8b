"""What a run came to, from what is kept of it alone: for lists of runs, where none is read."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import polars as pl

from retailsim.analysis.measures.rows import counted
from retailsim.analysis.projection import projection_cache
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.projection.protocol_tables import table_set
from retailsim.analysis.projection.registered import registered
from retailsim.analysis.replay.cost import used
from retailsim.events.errors import RetailSimError
from retailsim.events.log.seal import fingerprint

_READS = frozenset(("status", "superseded", "net_revenue_cents"))


class KeptTotals(NamedTuple):
    """What a run came to.

    Parameters
    ----------
    ended, failed : int
        Episodes that ended, and those of them that failed.
    net_revenue_cents : int
    asked_models : bool
        Whether language models were asked.
    cost_nanousd : int or None
        What they cost; None where a price is unknown.
    """

    ended: int
    failed: int
    net_revenue_cents: int
    asked_models: bool
    cost_nanousd: int | None


def kept_totals(run: Path) -> KeptTotals | None:
    """Return what a run came to, as `replay` says; None where nothing is kept that fits its log."""
    try:
        protocol, mark = registered(run), fingerprint(run / "events")
        tables = table_set(protocol.name, protocol.tables)
    except (RetailSimError, OSError):
        return None
    kept = projection_cache.read(run / "derived", mark, tables, _READS)
    if kept is None:
        return None
    try:
        return _totals(kept)
    except (pl.exceptions.PolarsError, TypeError, ValueError):  # a stranger made it
        return None


def _totals(kept: Projection) -> KeptTotals:
    episodes, paid = counted(kept.episodes), used(kept)
    failed = int((episodes["status"] == "failed").sum())
    return KeptTotals(
        ended=int((episodes["status"] == "closed").sum()) + failed,
        failed=failed,
        net_revenue_cents=int(episodes["net_revenue_cents"].sum()),
        asked_models=paid is not None,
        cost_nanousd=None if paid is None else paid.cost_nanousd,
    )
