"""What was earned: from sales to profit line by line, and the margin of each product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from retailsim.analysis.exhibits.parts import NOTHING, Cell, ReportTable, Section, row, table
from retailsim.analysis.measures.estimates import Measured
from retailsim.analysis.measures.profit_statement import (
    NO_COSTS,
    READS,
    ProfitStatement,
    profit_statement,
    returns_told,
)
from retailsim.analysis.measures.value_text import written

READ = frozenset((*READS, "title"))
"""Columns of the episodes that this section is made of."""
EITHER_END = 10
"""Products shown at either end of a long list."""


def profit_section(some: pl.DataFrame) -> Section | None:
    """Return the section; `some` are the episodes whose decision is known. None without a cost."""
    found = profit_statement(some)
    if found is None:
        return None
    lead = f"Profit is {found.definition}: {_over(found)}."
    lead = " ".join((lead, *returns_told(found)))
    tables = (_statement(found), *_products(some))
    return Section(name="profit", title="Profit", lead=lead, tables=tables)


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


def _products(some: pl.DataFrame) -> Iterator[ReportTable]:
    """Products by what they earned; of many the best and the worst."""
    known = some.filter(pl.col("profit_cents").is_not_null(), pl.col("product").is_not_null())
    rows = (
        known.group_by("product")
        .agg(
            pl.col("title").drop_nulls().first(),
            episodes=pl.len(),
            orders=(pl.col("orders") > 0).sum(),
            net=pl.col("gross_revenue_cents").sum() - pl.col("refunded_cents").sum(),
            profit=pl.col("profit_cents").sum(),
        )
        .sort("profit", "product", descending=[True, False])
    )
    columns = ("", "Episodes", "Orders", "Net revenue", "Profit", "per episode", "Margin")
    if rows.is_empty():
        return
    if rows.height <= 2 * EITHER_END:
        yield table("Products by profit", columns, list(map(_product, rows.iter_rows(named=True))))
        return
    of = f" of {rows.height:,} products"
    for title, part in (("Most profit", rows.head(EITHER_END)), ("Least", rows.tail(EITHER_END))):
        yield table(f"{title}{of}", columns, list(map(_product, part.iter_rows(named=True))))


def _product(one: Mapping[str, Any]) -> tuple[Cell, ...]:
    net, profit = one["net"], one["profit"]
    return row(
        str(one["title"] or one["product"]),
        *(Cell(f"{one[name]:,}") for name in ("episodes", "orders")),
        *(Cell(written("cents", cents)) for cents in (net, profit, profit / one["episodes"])),
        Cell(written("share", profit / net) if net > 0 else NOTHING),
    )
