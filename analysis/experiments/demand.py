"""Price and demand: the paper's Table 3, and the elasticities of two groups of buyers."""

from __future__ import annotations

import polars as pl

from analysis.estimates import measured
from analysis.experiments.outcomes import Arms, Finding, Outcome, Row, Value, only_one, published
from analysis.statistics.clusters import mean
from analysis.statistics.elasticity import by_group, grouped
from analysis.statistics.trend import cochran_armitage, logistic_trend
from analysis.statistics.values import Estimate


def price_demand(arms: Arms) -> Outcome:
    """Table 3: purchase rate by price."""
    some, figures = only_one(arms), published()["price-demand"]
    by_price = measured(some, ("price_multiplier",))
    rows = [
        Row(
            label=f"{float(one.keys[0]) - 1.0:+.0%}",
            values=(
                Value(
                    name="bought",
                    unit="share",
                    measured=one.conversion,
                    published=_percent(figures.get(one.keys[0])),
                ),
            ),
        )
        for one in by_price
    ]
    counts = [round((one.conversion.value or 0.0) * one.conversion.n) for one in by_price]
    totals = [one.conversion.n for one in by_price]
    scores = [float(one.keys[0]) for one in by_price]
    bought = (some["orders"] > 0).cast(pl.Int64)
    findings = (
        Finding(
            claim="trend: log odds of buying, per 100 % of the price",
            test=logistic_trend(bought, some["price_multiplier"], some["cluster"]),
            published="falls at every step",
        ),
        Finding(
            claim="trend: points of the rate per 100 % of the price, as if episodes were independent",
            test=cochran_armitage(counts, totals, scores),
            unit="share",
        ),
        Finding(
            claim="elasticity, all products together",
            test=grouped(cells(some)),
            published="-0.69 by the paper's formula on its pooled rates",
        ),
    )
    return Outcome(title="Table 3: price and demand", rows=tuple(rows), findings=findings)


def _percent(value: float | None) -> float | None:
    return None if value is None else value / 100


def cells(some: pl.DataFrame, group: str | None = None) -> pl.DataFrame:
    """Count purchases by product, price and, if one is named, the values of a column."""
    keys = ["product", *([group] if group else []), "price_multiplier"]
    found = some.group_by(keys).agg(
        purchases=(pl.col("orders") > 0).sum().cast(pl.Int64), episodes=pl.len().cast(pl.Int64)
    )
    names = {"price_multiplier": "price", **({group: "group"} if group else {})}
    return found.rename(names).sort("product", "price")


def elasticity(arms: Arms) -> Outcome:
    """Price elasticities of price-conscious and indifferent buyers."""
    some, figures = only_one(arms), published()["elasticity"]
    counts = cells(some, "buyer_price_consciousness")
    found = by_group(counts, "sensitive", "indifferent")
    sizes = {group: counts.filter(group=group)["product"].n_unique() for group in figures}
    rows = []
    for place, group in enumerate(figures):
        slopes = [abs(pair[place]) for pair in found.per_product.values()]
        names = pl.Series("product", list(found.per_product), dtype=pl.String)
        values = pl.Series("slope", slopes, dtype=pl.Float64)
        rows.append(
            Row(
                label=f"{group}, {len(slopes)} of {sizes[group]} products",
                values=(
                    Value(
                        name="mean |elasticity| (log-log)",
                        unit="number",
                        measured=mean(values, names),
                        published=figures[group],
                    ),
                ),
            )
        )
    rows += [
        Row(
            label=product,
            values=tuple(
                Value(name=group, unit="number", measured=Estimate(value=slope, n=1))
                for group, slope in zip(figures, slopes, strict=True)
            ),
        )
        for product, slopes in found.per_product.items()
    ]
    findings = [
        Finding(
            claim="the price-conscious answer more to the price",
            test=found.test,
            published="2.58 v 0.76, p < 0.001",
        ),
        *(
            Finding(
                claim=f"elasticity of the {group} (binomial, empty conditions kept)",
                test=grouped(counts.filter(group=group).drop("group")),
            )
            for group in figures
        ),
        Finding(claim="pooled", test=grouped(cells(some)), published="about -2.6 in the field"),
    ]
    dropped = "; ".join(f"{name}: {why}" for name, why in found.dropped.items())
    return Outcome(
        title="Price elasticity by group",
        rows=tuple(rows),
        findings=tuple(findings),
        notes=(f"Dropped by the published rule: {dropped or 'none'}.",),
    )
