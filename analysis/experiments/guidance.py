"""Revenue by how much of a strategy the seller is told: the paper's Table 5."""

from __future__ import annotations

import polars as pl

from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    Value,
    decided_of,
    one_table,
    published,
    value_of,
    with_holm,
)
from retailsim.analysis.experiments.profit_column import with_profit
from retailsim.analysis.experiments.put_in import put_in
from retailsim.analysis.measures.estimates import measured
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.bootstrap import ratio
from retailsim.analysis.statistics.differences import sign_flip
from retailsim.analysis.statistics.values import FEW_CLUSTERS, Estimate

SEED = 1
"""Of the permutations."""


def guidance(arms: Arms) -> ExperimentOutcome:
    """Table 5: revenue by the share of strategy dimensions, paired with none of them."""
    figures, net = published()["guidance"], measure("net_revenue_cents")
    none = decided_of(arms["0.0"])
    rows, findings, found = [], [], []
    for share, projection in arms.items():
        some = none if share == "0.0" else decided_of(projection)
        [one] = measured(some)
        found.append(one)
        rows.append(
            OutcomeRow(
                label=f"{float(share):.0%} of the dimensions",
                values=(
                    value_of(net, one[net.name], name="revenue an episode"),
                    Value(
                        name="revenue v none",
                        label=f"{net.label} v. none",
                        unit="share",
                        measured=_ratio(some, none),
                        published=figures[share] / figures["0.0"],
                        put_in=put_in(some, f"Table 5: {float(share):.0%}"),
                    ),
                ),
            )
        )
        if share == "0.0":
            continue
        both = none.join(some, on="episode", suffix="_two")
        gained = both["net_revenue_cents_two"] - both["net_revenue_cents"]
        findings.append(
            JudgedClaim(
                claim=f"revenue an episode at {float(share):.0%} minus none, paired",
                test=sign_flip(gained, both["cluster"], seed=SEED),
                unit="cents",
                published=f"{figures[share] / figures['0.0'] - 1.0:+.1%}",
                put_in=put_in(some, "Table 5: guidance"),
            )
        )
    return ExperimentOutcome(
        title="Table 5: guidance",
        tables=one_table(with_profit(rows, found)),
        findings=with_holm(findings),
    )


def _ratio(some: pl.DataFrame, none: pl.DataFrame) -> Estimate:
    """Mean revenue / that without guidance; the interval draws products, both runs' together."""
    here, base = (part["net_revenue_cents"].mean() for part in (some, none))
    if not isinstance(base, float) or not isinstance(here, float) or base == 0.0:
        return Estimate(value=None, n=some.height, note="nothing was earned without guidance")
    if some is none:
        return Estimate(value=1.0, n=some.height, note="what the others are divided by")
    one, two = (_by_product(part) for part in (none, some))
    both = one.join(two, on="cluster", suffix="_two").sort("cluster")
    interval, note = None, f"{both.height} products, too few for a bootstrap: see what is tested"
    if both.height >= FEW_CLUSTERS:
        above, below = (both[name].to_numpy() for name in ("net_two", "net"))
        interval, note = ratio(above, below, seed=SEED), ""
    return Estimate(
        value=here / base, n=some.height, interval=interval, clusters=both.height, note=note
    )


def _by_product(some: pl.DataFrame) -> pl.DataFrame:
    """Mean revenue by product."""
    return some.group_by("cluster").agg(net=pl.col("net_revenue_cents").mean())
