"""Price and demand: the paper's Table 3, and the elasticities of two groups of buyers."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import polars as pl

from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    OutcomeTable,
    Value,
    estimate_of,
    one_table,
    only_one,
    published,
    share_of,
    value_of,
)
from retailsim.analysis.experiments.profit_column import with_profit
from retailsim.analysis.experiments.put_in import put_in
from retailsim.analysis.experiments.verdicts import STEEPER_SLOPE, by_elasticity
from retailsim.analysis.measures.estimates import measured
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.elasticity import (
    Slopes,
    by_group,
    grouped,
    log_log,
    slope,
    slope_gap,
)
from retailsim.analysis.statistics.trend import cochran_armitage, logistic_trend
from retailsim.analysis.statistics.values import Estimate, Interval, Test


def price_demand(arms: Arms) -> ExperimentOutcome:
    """Table 3: purchase rate by price."""
    some, figures = only_one(arms), published()["price-demand"]
    by_price, conversion = measured(some, ("price_multiplier",)), measure("conversion_rate")
    rows = [
        OutcomeRow(
            label=f"{float(one.keys[0]) - 1.0:+.0%}",
            key=one.keys[0],
            values=(
                value_of(
                    conversion,
                    one[conversion.name],
                    _percent(figures.get(one.keys[0])),
                    put_in=put_in(some, f"Table 3: price x{one.keys[0]}"),
                ),
            ),
        )
        for one in by_price
    ]
    rates = [one[conversion.name] for one in by_price]
    counts = [round((one.value or 0.0) * one.n) for one in rates]
    totals = [one.n for one in rates]
    scores = [float(one.keys[0]) for one in by_price]
    bought = (some["orders"] > 0).cast(pl.Int64)
    mark = put_in(some, "Table 3: price")
    findings = (
        JudgedClaim(
            claim="trend: log odds of buying, per +100% of the price",
            test=logistic_trend(bought, some["price_multiplier"], some["cluster"]),
            published="falls at every step",
            put_in=mark,
        ),
        JudgedClaim(
            claim="trend: rate, per +100% of the price, were episodes independent",
            test=cochran_armitage(counts, totals, scores),
            unit="share",
            put_in=mark,
        ),
        JudgedClaim(
            claim="elasticity, all products together (binomial)",
            test=grouped(cells(some)),
            expected=by_elasticity(-1),
            put_in=mark,
        ),
        msgspec.structs.replace(_pooled(some), put_in=mark),
    )
    return ExperimentOutcome(
        title="Table 3: price and demand",
        tables=one_table(with_profit(rows, by_price), "prices"),
        findings=findings,
    )


def _percent(value: float | None) -> float | None:
    return None if value is None else value / 100


def cells(some: pl.DataFrame, group: str | None = None) -> pl.DataFrame:
    """Count purchases by product, price and, if one is named, the values of a column.

    Returns
    -------
    polars.DataFrame
        ``product``, ``group`` (if one is named), ``price`` (multiplier), ``purchases`` (episodes
        with one), ``episodes``; sorted by product and price.
    """
    keys = ["product", *([group] if group else []), "price_multiplier"]
    found = some.group_by(keys).agg(
        purchases=(pl.col("orders") > 0).sum().cast(pl.Int64), episodes=pl.len().cast(pl.Int64)
    )
    names = {"price_multiplier": "price", **({group: "group"} if group else {})}
    return found.rename(names).sort("product", "price")


def elasticity(arms: Arms) -> ExperimentOutcome:
    """Price elasticities of price-conscious and indifferent buyers."""
    some, figures = only_one(arms), published()["elasticity"]
    counts = cells(some, "buyer_price_consciousness")
    found = by_group(counts, "sensitive", "indifferent")
    sizes = {group: counts.filter(group=group)["product"].n_unique() for group in figures}
    parts = {group: some.filter(buyer_price_consciousness=group) for group in figures}
    rows = [
        OutcomeRow(
            label=f"{group}, {len(found.per_product)} of {sizes[group]} products",
            values=(
                Value(
                    name="mean |elasticity| (log-log)",
                    unit="number",
                    measured=mean_size(found, place),
                    published=figures[group],
                    put_in=put_in(parts[group], f"Elasticity: {group}"),
                ),
                steepness(parts[group]),
                Value(name="bought", unit="share", measured=share_of(parts[group])),
            ),
        )
        for place, group in enumerate(figures)
    ]
    dropped = "; ".join(f"{name}: {why}" for name, why in found.dropped.items())
    return ExperimentOutcome(
        title="Price elasticity by group",
        tables=(
            OutcomeTable(name="groups", rows=tuple(rows)),
            OutcomeTable(name="products", rows=tuple(_by_product(counts, found))),
        ),
        findings=tuple(_by_model(some, counts, found)),
        notes=(f"Dropped by the published rule: {dropped or 'none'}.", LEVELS_MAKE_GAPS),
    )


def _by_model(some: pl.DataFrame, counts: pl.DataFrame, found: Slopes) -> Iterator[JudgedClaim]:
    """Yield the comparison by slopes, the published one, and models that drop nothing."""
    yield JudgedClaim(
        claim="the price-conscious answer more to the price (difference of slopes)",
        test=slope_gap(counts, "sensitive", "indifferent"),
        expected=STEEPER_SLOPE,
        put_in=put_in(some, "Elasticity: gap"),
    )
    yield JudgedClaim(
        claim="the paper's rule: their mean |elasticity| is larger, one-tailed",
        test=found.test,
        one_tailed=True,
        published="2.58 v 0.76, p < 0.001",
        put_in=put_in(some, "Elasticity: gap"),
    )
    for group in published()["elasticity"]:
        yield JudgedClaim(
            claim=f"elasticity of the {group} (binomial, empty conditions kept)",
            test=grouped(counts.filter(group=group).drop("group")),
        )
    yield JudgedClaim(
        claim="elasticity, everything pooled (binomial)",
        test=grouped(cells(some)),
        published="about -2.6 in the field",
    )
    yield _pooled(some)


LEVELS_MAKE_GAPS = (
    "An elasticity is slope x (1 - p), p the share that buys: two groups with one slope differ in "
    "it if one of them buys less, and a mean of |elasticity| counts noise as an answer. So slopes "
    "are judged (log odds of buying on ln price, by group, two-sided); the paper's rule stands "
    "beside them. Slopes do not hang on the level where demand is logit and both groups are alike "
    "within; elsewhere a difference of levels or of spread makes one of slopes, too."
)


def steepness(part: pl.DataFrame) -> Value:
    """How steeply a group's odds of buying fall with the price: minus the slope."""
    test = slope(cells(part)) if part.height else Test(method="binomial, logit", note="no episodes")
    return Value(name="-slope (log odds)", unit="number", measured=estimate_of(turned(test)))


def turned(test: Test) -> Test:
    """Return the same test of minus the estimate."""
    interval = test.interval and Interval(
        -test.interval.high, -test.interval.low, test.interval.method
    )
    estimate = None if test.estimate is None else 0.0 - test.estimate
    return msgspec.structs.replace(test, estimate=estimate, interval=interval)


def mean_size(found: Slopes, place: int) -> Estimate:
    """Return the mean absolute elasticity of the first or second group over the products."""
    sizes = [abs(pair[place]) for pair in found.per_product.values()]
    names = pl.Series("product", list(found.per_product), dtype=pl.String)
    return mean(pl.Series("size", sizes, dtype=pl.Float64), names)


def _pooled(some: pl.DataFrame) -> JudgedClaim:
    """The paper's formula on the rates of all products together."""
    shares = {float(one["price"]): one for one in _together(cells(some)).iter_rows(named=True)}
    counts = {price: int(one["purchases"]) for price, one in shares.items()}
    sizes = {int(one["episodes"]) for one in shares.values()}
    line, note = (log_log(counts, sizes.pop()), "") if len(sizes) == 1 else (None, "unequal sizes")
    test = Test(method="log-log on pooled rates", estimate=line, n=some.height, note=note)
    return JudgedClaim(
        claim="elasticity, everything pooled (log-log)",
        test=test,
        published="-0.69 on its Table 3",
    )


def _together(counts: pl.DataFrame) -> pl.DataFrame:
    return counts.group_by("price").agg(pl.col("purchases", "episodes").sum()).sort("price")


def _by_product(counts: pl.DataFrame, found: Slopes) -> list[OutcomeRow]:
    """Each product by both models; one that the published rule drops has the binomial one left."""
    groups = ("sensitive", "indifferent")
    rows = []
    for (product,), part in counts.group_by("product", maintain_order=True):
        slopes = found.per_product.get(str(product), (None, None))
        parts = [part.filter(group=group) for group in groups]
        log_logs = [
            Value(
                name=f"{group} (log-log)",
                unit="number",
                measured=Estimate(
                    value=slope,
                    n=int(some["episodes"].sum()),
                    note="" if slope is not None else "dropped by the published rule",
                ),
            )
            for group, slope, some in zip(groups, slopes, parts, strict=True)
        ]
        binomials = [
            Value(name=f"{group} (binomial)", unit="number", measured=estimate_of(grouped(some)))
            for group, some in zip(groups, parts, strict=True)
        ]
        rows.append(OutcomeRow(label=str(product), values=(*log_logs, *binomials)))
    return rows
