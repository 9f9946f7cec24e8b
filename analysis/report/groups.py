"""Sections of a report by what episodes have in common: seats, pairs, prices, personas."""

from __future__ import annotations

import msgspec
import polars as pl

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import (
    Figure,
    Section,
)
from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.rows import mixed
from retailsim.analysis.measures.scope import KINDS, scope
from retailsim.analysis.measures.table import measure
from retailsim.analysis.measures.value_text import MARK
from retailsim.analysis.projection.columns import BUYER_TRAITS, SELLER_TRAITS
from retailsim.analysis.replay.replay import Replay
from retailsim.analysis.report.measure_views import MOST_ROWS, Own, measure_figure, measure_table

TRAITS = (
    *(f"seller_{trait}" for trait in SELLER_TRAITS),
    *(f"buyer_{trait}" for trait in BUYER_TRAITS),
)
READ = frozenset((*TRAITS, "price_multiplier"))
"""Columns of the episodes that these sections read, beside those of measures."""
_PAIRS_MARKED = (
    f" {MARK} Failures left refunds of this pair unknown: it may be lower, as the table says, and "
    "the mean with it."
)


def profits(some: pl.DataFrame, own: Own) -> tuple[Figure, ...]:
    """Profit by seller, beside what it is made of."""
    figure = measure_figure(
        "profits", "profit_cents", "seller", estimates.measured(some, ("seller",), own)
    )
    return () if figure is None else (figure,)


def seats_section(some: pl.DataFrame, own: Own) -> Section:
    """Return the measures of each seller, buyer and category."""
    sellers, buyers = (estimates.measured(some, (key,), own) for key in ("seller", "buyer"))
    categories = estimates.measured(some, ("category",), own)
    figures = (
        measure_figure("sellers", "conversion_rate", "seller", sellers),
        measure_figure("buyers", "conversion_rate", "buyer", buyers),
        measure_figure("revenues", "net_revenue_cents", "seller", sellers),
        measure_figure("paid-back", "refund_rate", "seller", sellers),
    )
    kinds = estimates.measured(some, KINDS, own) if mixed(some) else []
    told = str(scope(some))
    return Section(
        name="seats",
        title="Sellers and buyers",
        figures=tuple(figure for figure in figures if figure is not None),
        tables=(
            measure_table("Sellers", sellers, own, told, ("seller",)),
            measure_table("Buyers", buyers, own, told, ("buyer",)),
            measure_table("Categories", categories, own, told, ("category",)),
            *([measure_table("What took the seats", kinds, own, told)] if kinds else []),
        ),
    )


def pairs_section(replay: Replay, some: pl.DataFrame, own: Own) -> Section | None:
    """Return what each pair brings beside the mean; None of one pair, or of too many to draw."""
    net = measure("net_revenue_cents")
    cells = [
        (
            *(pair["seller"], pair["buyer"], pair["normalized_revenue_cents"] / 100),
            MARK * (net.least_of(pair) is not None),
        )
        for pair in replay.pairs
        if pair["normalized_revenue_cents"] is not None
    ]
    if len(cells) < 2 or len(cells) > MOST_ROWS * MOST_ROWS:
        return None
    frame = pl.DataFrame(cells, schema=["seller", "buyer", "dollars", "mark"], orient="row")
    if max(frame["seller"].n_unique(), frame["buyer"].n_unique()) > MOST_ROWS:
        return None
    marked = bool((frame["mark"] != "").any())
    rows = estimates.measured(some, ("seller", "buyer"), own)
    pairs = measure_table("Pairs", rows, own, str(scope(some)), ("seller", "buyer"))
    return Section(
        name="pairs",
        title="Who sells well to whom",
        lead=f"{measure('normalized_revenue_cents').label}.{_PAIRS_MARKED * marked}",
        figures=(charts.heatmap(frame),),
        tables=(msgspec.structs.replace(pairs, folded=True),),
    )


def prices_section(some: pl.DataFrame, own: Own) -> Section | None:
    """Return what was sold at each price; None where there was one."""
    if some["price_multiplier"].n_unique() < 2:
        return None
    rows = estimates.measured(some, ("price_multiplier",), own)
    conversion = measure("conversion_rate")
    points = []
    for one in rows:
        found = one[conversion.name]
        low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
        points.append((float(one.keys[0]) - 1.0, found.value, low, high))
    known = dict.fromkeys(("x", "value", "low", "high"), pl.Float64)
    frame = pl.DataFrame(points, schema=known, orient="row").drop_nulls("value")
    return Section(
        name="prices",
        title="Price and demand",
        figures=(
            charts.curve(
                "prices",
                f"{conversion.label}, by change of the price",
                frame,
                "price",
                conversion.label,
            ),
        ),
        tables=(
            measure_table("Prices (multiplier of the list price)", rows, own, str(scope(some))),
        ),
    )


def personas_section(some: pl.DataFrame, own: Own) -> Section | None:
    """Return the measures of each trait; None where no seat has any."""
    rows = []
    for trait in TRAITS:
        for one in estimates.measured(some, (trait,), own):
            label = trait.replace("_", " ", 1).replace("_", " ")
            rows.append(msgspec.structs.replace(one, keys=(f"{label}: {one.keys[0]}",)))
    if not rows:
        return None
    figure = measure_figure("personas", "conversion_rate", "persona", rows)
    return Section(
        name="personas",
        title="Personas",
        lead="Each row is over all episodes in which a seller or buyer had that trait.",
        figures=(figure,) if figure else (),
        tables=(measure_table("Traits", rows, own, str(scope(some))),),
    )
