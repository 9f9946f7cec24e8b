"""Products of a report: what earns most and least, what comes back, and each one by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

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
from retailsim.analysis.measures.measure import BOUGHT, ONE_TITLE, SETTLED
from retailsim.analysis.measures.value_text import written

READ = frozenset(
    ("title", "issue", "rating_product", "units", "units_refunded", "profit_cents")
) | frozenset(SETTLED.meta.root_names())
"""Columns of the episodes that this section is made of, beside those of measures."""
EITHER_END = 10
"""Products shown at either end of a long list."""
EACH = 60
"""Products that are also shown by themselves; of more, those in the lists."""
_DRAWN = 8
"""Products in a chart at either end."""


def products_section(some: pl.DataFrame) -> Section | None:
    """Return the section; `some` are the episodes whose decision is known. None without products.

    Counts and sums, without intervals: which products differ for certain, the findings say.
    """
    read = {*READ, "product", "seller", "orders", "net_revenue_cents"}
    known = some.select(name for name in some.columns if name in read)
    known = known.filter(pl.col("product").is_not_null())
    found = summed(known, "product")
    if found.height < 2:
        return None
    by = "profit" if found["profit"].null_count() < found.height else "net"
    ranked = found.filter(pl.col(by).is_not_null()).sort(by, "product", descending=[True, False])
    lists = list(_lists(ranked, by))
    shown = {one for _, part in lists for one in part["product"]}
    each = found if found.height <= EACH else found.filter(pl.col("product").is_in(list(shown)))
    alone = sorted(each.iter_rows(named=True), key=_name)
    return Section(
        name="products",
        title="Products",
        lead="Sums of this run. Which products differ for certain stands in the findings.",
        figures=tuple(_figures(ranked, by)),
        folded_together=f"{len(alone):,} products, each by its sellers",
        tables=(
            *(
                table(title, _HEADS, list(map(_line, part.iter_rows(named=True))), about=_of(part))
                for title, part in lists
            ),
            *(_alone(one, known.filter(pl.col("product") == one["product"])) for one in alone),
        ),
    )


_HEADS = (
    "",
    "Episodes",
    "Conversion",
    "Refund rate",
    "Rating",
    "Net revenue",
    "Profit",
    "Profit per episode",
    "Margin",
)


def summed(some: pl.DataFrame, key: str) -> pl.DataFrame:
    """Return what each product, or each seller, came to, sorted by it.

    Parameters
    ----------
    some : polars.DataFrame
        Episodes whose decision is known.
    key : str
        ``product`` or ``seller``.

    Returns
    -------
    DataFrame
        The key, ``title``, counts (``episodes``, ``orders``, ``units``, ``back``), the mean
        ``rating``, cents (``net``, ``profit``: null where no cost is known) and ``with_profit``,
        of how many episodes that is.
    """
    profit = pl.col("profit_cents")
    return (
        some.group_by(key)
        .agg(
            title=ONE_TITLE,
            episodes=pl.len(),
            orders=BOUGHT.sum(),
            units=pl.col("units").filter(SETTLED).sum(),
            back=pl.col("units_refunded").filter(SETTLED).sum(),
            rating=pl.col("rating_product").mean(),
            net=pl.col("net_revenue_cents").sum(),
            profit=pl.when(profit.count() > 0).then(profit.sum()),
            with_profit=profit.count(),
        )
        .sort(key)
    )


def _lists(ranked: pl.DataFrame, by: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """Yield titles with the products below them."""
    what = {"profit": "profit", "net": "net revenue"}[by]
    of = f" of {ranked.height:,} products"
    if ranked.height <= 2 * EITHER_END:
        yield f"Products by {what}", ranked
    else:
        yield f"Most {what}{of}", ranked.head(EITHER_END)
        yield f"Least {what}{of}", ranked.tail(EITHER_END)
    back = _most_returned(ranked)
    if back.height:
        yield f"Highest refund rate{of}", back.head(EITHER_END)


def _most_returned(ranked: pl.DataFrame) -> pl.DataFrame:
    share = pl.col("back") / pl.col("units")
    return ranked.filter(pl.col("back") > 0).sort(share, "product", descending=[True, False])


def _name(one: Mapping[str, Any]) -> str:
    return str(one["title"] or one["product"])


def _line(one: Mapping[str, Any]) -> tuple[Cell, ...]:
    return row(_name(one), *_cells(one))


def _of(part: pl.DataFrame) -> list[dict[str, str]]:
    return [{"product": str(id_)} for id_ in part["product"]]


def _cells(one: Mapping[str, Any]) -> Iterator[Cell]:
    net, profit = one["net"], one["profit"]
    yield Cell(f"{one['episodes']:,}")
    yield _share(one["orders"], one["episodes"])
    yield _share(one["back"], one["units"])
    yield Cell(NOTHING if one["rating"] is None else written("stars", one["rating"]))
    yield Cell(written("cents", net))
    if profit is None:
        yield from (Cell(NOTHING),) * 3
        return
    yield Cell(written("cents", profit))
    yield Cell(written("cents", profit / one["with_profit"]))
    yield _share(profit, net)


def _share(part: int, whole: int) -> Cell:
    return Cell(written("share", part / whole) if whole > 0 else NOTHING)


def _alone(one: Mapping[str, Any], some: pl.DataFrame) -> ReportTable:
    """One product by its sellers, to be opened."""
    rows = [
        row(str(part["seller"]), *_cells(part))
        for part in summed(some, "seller").iter_rows(named=True)
    ]
    if len(rows) > 1:
        rows.append(row("All", *_cells(one)))
    issues = some.drop_nulls("issue").group_by("issue").len().sort("len", "issue", descending=True)
    told = ", ".join(f"{issue} {count:,}" for issue, count in issues.iter_rows())
    return ReportTable(
        title=_name(one),
        columns=_HEADS,
        rows=tuple(rows),
        note=f"What went wrong: {told}." if told else "Nothing went wrong with an order.",
        folded=True,
    )


def _figures(ranked: pl.DataFrame, by: str) -> Iterator[Figure]:
    what = {"profit": "Profit", "net": "Net revenue"}[by]
    ends, title = ranked, f"{what} by product"
    if ranked.height > 2 * _DRAWN:
        ends = pl.concat((ranked.head(_DRAWN), ranked.tail(_DRAWN)))
        title += f", the first and the last {_DRAWN}"
    rows = [(_name(one), one[by] / 100) for one in ends.iter_rows(named=True)]
    yield charts.amounts("products", title, rows, what)
    back = _most_returned(ranked).head(2 * _DRAWN)
    if back.height:
        shares = [(_name(one), one["back"] / one["units"]) for one in back.iter_rows(named=True)]
        title = "Refund rate"
        if back.height < ranked.height:
            title += f": the most of {ranked.height:,}"
        yield charts.amounts("products-paid-back", title, shares, "refund rate", form="%")
