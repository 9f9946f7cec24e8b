"""Who sells and who buys: the paper's Tables 4 and 10 and its Figure 3."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import polars as pl

from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    OutcomeRow,
    OutcomeTable,
    Value,
    as_published,
    one_table,
    only_one,
    published,
    times,
    value_of,
)
from retailsim.analysis.experiments.profit_column import with_profit
from retailsim.analysis.experiments.put_in import put_in
from retailsim.analysis.measures.estimates import Measured, measured
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.values import Estimate

_CATALOGUE = (
    "Net revenue follows the prices of the catalogue; the published one is of other products."
)


_TABLE_4 = tuple(
    map(
        measure,
        (
            *("net_revenue_cents", "conversion_rate", "refund_rate"),
            *("average_quantity", "average_rating"),
        ),
    )
)
"""The columns of the paper's table, in its order."""

_SCALES = {"share": 0.01, "cents": 100.0}
"""From what the paper prints to our units."""


def _table4(
    label: str,
    one: Measured | None,
    figures: Sequence[float | None] | None,
    mark: Callable[[str], str] = lambda _: "",
) -> OutcomeRow:
    """Sales, conversion, refunds, quantity and rating, measured or published or both.

    `mark` says of a column, by its name, what was put into those who played.
    """
    values = []
    for column, figure in zip(_TABLE_4, figures or (None,) * len(_TABLE_4), strict=True):
        found = Estimate(value=None, n=0)
        if one is not None:
            found = one[column.name]
            if column.is_total:
                found = times(found, one.episodes)
        scale = _SCALES.get(column.unit, 1.0)
        published_here = None if figure is None else figure * scale
        values.append(value_of(column, found, published_here, put_in=mark(column.tag)))
    return OutcomeRow(label=label, values=tuple(values))


def pairwise(arms: Arms) -> ExperimentOutcome:
    """Table 4 and Figure 3: five sellers and five buyers over all products."""
    some, figures = only_one(arms), published()["pairwise"]
    rows: list[OutcomeRow] = []
    found: list[Measured | None] = []
    for role in ("seller", "buyer"):
        known = figures[f"{role}s"]
        here = {one.keys[0]: one for one in measured(some, (role,))}
        names = {seat: as_published(seat, known) for seat in here}
        rows += [
            _table4(
                f"{role} {seat}",
                here[seat],
                known[name] if name else None,
                _marks(some.filter(pl.col(role) == seat), f"Table 4: {role} {name}"),
            )
            for seat, name in names.items()
        ]
        absent = [name for name in known if name not in names.values()]
        rows += [_table4(f"{role} {name} (published)", None, known[name]) for name in absent]
        found += [*here.values(), *(None for _ in absent)]
    return ExperimentOutcome(
        title="Table 4: who sells and who buys",
        tables=(
            OutcomeTable(name="seats", rows=with_profit(rows, found)),
            OutcomeTable(
                name="pairs",
                title=measure("normalized_revenue_cents").label,
                rows=tuple(_pairs(some)),
            ),
        ),
        notes=(
            f"Best seller by buyer: {_best_sellers(some)}. Published (Figure 3): the best seller "
            "is not the best with every buyer, and selling to one's own kind gives no advantage.",
            _CATALOGUE,
        ),
    )


def _marks(some: pl.DataFrame, row: str) -> Callable[[str], str]:
    """Say of each column of a published row what was put into those who played these episodes."""
    return lambda column: put_in(some, f"{row}, {column}")


def _pairs(some: pl.DataFrame) -> list[OutcomeRow]:
    """Figure 3: net revenue of each pair minus the mean over all pairs."""
    sums = some.group_by("cluster", "seller", "buyer").agg(
        pl.col("net_revenue_cents").sum(), episodes=pl.len()
    )
    cells = sums.select("seller", "buyer").n_unique()
    middle = sums.group_by("cluster").agg(middle=pl.col("net_revenue_cents").sum() / cells)
    buyers = sums["buyer"].unique().sort()
    return [
        OutcomeRow(
            label=f"{seller}, v the mean pair",
            key=seller,
            values=tuple(
                Value(
                    name=f"to {buyer}",
                    key=buyer,
                    unit="cents",
                    measured=_gap(sums.filter(seller=seller, buyer=buyer), middle),
                )
                for buyer in buyers
            ),
        )
        for seller in sums["seller"].unique().sort()
    ]


def _gap(pair: pl.DataFrame, middle: pl.DataFrame) -> Estimate:
    """A pair's revenue minus the mean pair's, by product: what products share is taken out."""
    if pair.is_empty():
        return Estimate(value=None, n=0, note="they never met")
    gaps = middle.join(pair, on="cluster", how="left").sort("cluster")
    by_product = gaps["net_revenue_cents"].fill_null(0) - gaps["middle"]
    one = times(mean(by_product, gaps["cluster"]), gaps.height)
    return msgspec.structs.replace(
        one, n=int(pair["episodes"].sum()), effective_n=None, design_effect=None
    )


def _best_sellers(some: pl.DataFrame) -> str:
    sums = some.group_by("buyer", "seller").agg(pl.col("net_revenue_cents").sum())
    best = sums.sort("net_revenue_cents", "seller", descending=[True, False]).unique(
        "buyer", keep="first", maintain_order=True
    )
    return ", ".join(
        f"{b}: {s}" for b, s in best.sort("buyer").select("buyer", "seller").iter_rows()
    )


def category_fit(arms: Arms) -> ExperimentOutcome:
    """Table 10: sellers by category."""
    some, figures = only_one(arms), published()["category-fit"]
    chosen = some.filter(pl.col("category").is_in(["Fashion", "Home"]))
    names = {seat: as_published(seat, figures) for seat in some["seller"].unique().sort()}
    found = measured(chosen, ("seller", "category"))
    rows = [
        _row10(
            f"{seller}, {category}",
            one,
            figures.get(names[seller], {}).get(category),
            _marks(
                chosen.filter(seller=seller, category=category),
                f"Table 10: {names[seller]}, {category}",
            ),
        )
        for one in found
        for seller, category in (one.keys,)
    ]
    rows += [
        _row10(f"{name} (published), {category}", None, numbers)
        for name, categories in figures.items()
        if name not in names.values()
        for category, numbers in categories.items()
    ]
    return ExperimentOutcome(
        title="Table 10: who sells what",
        tables=one_table(with_profit(rows, [*found, *[None] * (len(rows) - len(found))])),
        notes=(
            "Published: in both categories the seller that converts less, and has less returned, "
            "earns more.",
            _CATALOGUE,
        ),
    )


def _row10(
    label: str,
    one: Measured | None,
    figures: Sequence[float] | None,
    mark: Callable[[str], str] = lambda _: "",
) -> OutcomeRow:
    whole = _table4(label, one, (*figures, None, None) if figures else None, mark)
    return msgspec.structs.replace(whole, values=whole.values[:3])
