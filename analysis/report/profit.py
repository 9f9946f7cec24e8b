"""What was earned: from sales to profit line by line."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import (
    NOTHING,
    Cell,
    Figure,
    ReportTable,
    Section,
    row,
    table,
)
from retailsim.analysis.measures.estimates import Measured
from retailsim.analysis.measures.profit_statement import (
    NO_COSTS,
    READS,
    ProfitStatement,
    profit_statement,
    returns_told,
)
from retailsim.analysis.measures.value_text import written

READ = frozenset(READS)
"""Columns of the episodes that this section is made of."""


def profit_section(some: pl.DataFrame, by_seller: Sequence[Figure] = ()) -> Section | None:
    """Return the section, or None where no cost is known.

    Parameters
    ----------
    some : polars.DataFrame
        The episodes whose decision is known.
    by_seller : sequence of Figure
        What stands beside its own chart.
    """
    found = profit_statement(some)
    if found is None:
        return None
    lead = f"Profit is {found.definition}: {_over(found)}."
    return Section(
        name="profit",
        title="Profit",
        lead=" ".join((lead, *returns_told(found))),
        figures=(_figure(found), *by_seller),
        tables=(_statement(found),),
    )


def why_none(found: Measured) -> str:
    """What the summary says where there is no profit; nothing where there is one."""
    return f" {NO_COSTS}" if found.episodes and "profit_cents" not in found.totals else ""


def _over(found: ProfitStatement) -> str:
    episodes = f"{found.episodes:,} of {found.decided:,} episodes"
    if not found.products:
        return episodes
    return f"{found.products_with_cost:,} of {found.products:,} products, {episodes}"


def _statement(found: ProfitStatement) -> ReportTable:
    rows = [
        row(
            label,
            Cell(written("cents", cents)),
            Cell(written("cents", cents / found.episodes)),
            Cell(written("share", cents / found.sales_cents) if found.sales_cents else NOTHING),
        )
        for label, cents in found.lines
    ]
    return table("From sales to profit", ("", "In all", "Per episode", "Of sales"), rows)


def _figure(found: ProfitStatement) -> Figure:
    rows = [(label, cents / found.episodes / 100) for label, cents in found.lines]
    return charts.amounts("profit", "From sales to profit, an episode", rows, "an episode")
