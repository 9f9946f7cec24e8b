"""What a report says of what its episodes are worth: what they share, and what that takes away."""

from __future__ import annotations

import polars as pl

from retailsim.analysis.exhibits.parts import NOTHING, Cell, Section, estimated, row, table
from retailsim.analysis.experiments.outcomes import ones
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.clusters import intraclass, rate
from retailsim.analysis.statistics.two_way import SHARE, two_way
from retailsim.analysis.statistics.values import Estimate

SEED = 1
"""Of the bootstrap."""
_LEAD = (
    "Episodes that share a product, a buyer or a seller are alike, and worth less than as many "
    "independent ones: the last column but one says as how many. The intra-class correlation of "
    "purchases says how alike: 0 not at all, 1 entirely. The interval of a row is for new ones of "
    "what it names, with the others as they are; elsewhere intervals are by {unit}."
)


def worth_section(some: pl.DataFrame) -> Section | None:
    """Return the section; `some` are decided episodes. None where nothing can be told."""
    bought = (some["orders"] > 0).cast(pl.Int64)
    unit = "product" if some["product"].null_count() < some.height else "profile"
    rows = []
    for name, key in ((unit, "cluster"), ("buyer", "buyer"), ("seller", "seller")):
        units = some[key].n_unique()
        if units < 2:
            continue
        alike, found = intraclass(bought, some[key]), rate(bought, ones(some), some[key])
        effect = NOTHING if found.design_effect is None else f"{found.design_effect:.1f}"
        correlation = NOTHING if alike is None else f"{alike:.2f}"
        cells = (Cell(f"{units:,}"), Cell(correlation), Cell(effect), _worth(found))
        rows.append(row(name, *cells, estimated("share", found)))
    both = _two_way(some)
    if both is not None:
        effect = NOTHING if both.design_effect is None else f"{both.design_effect:.1f}"
        cells = (Cell(NOTHING), Cell(NOTHING), Cell(effect), _worth(both))
        rows.append(row(f"{unit} and buyer", *cells, estimated("share", both)))
    if not rows:
        return None
    conversion = measure("conversion_rate").label
    columns = ("Shared", "How many", "Correlation", "Design effect", "Worth as many", conversion)
    return Section(
        name="worth",
        title="How precise the numbers are",
        lead=_LEAD.format(unit=unit),
        tables=(table("What episodes share", columns, rows),),
    )


def _worth(found: Estimate) -> Cell:
    """How many episodes that share nothing would say as much."""
    return Cell(NOTHING if found.effective_n is None else f"{found.effective_n:,.0f}")


def _two_way(some: pl.DataFrame) -> Estimate | None:
    """Conversion with an interval for other products and other buyers."""
    if min(some["cluster"].n_unique(), some["buyer"].n_unique()) < 2:
        return None
    bought = (some["orders"] > 0).cast(pl.Int64)
    cells = some.select("cluster", "buyer")
    return two_way(bought, ones(some), cells, within=SHARE, seed=SEED)
