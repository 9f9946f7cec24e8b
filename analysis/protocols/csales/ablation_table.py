"""CSI with parts taken out, side by side: what knowing the buyer is worth, and what it costs it.

All sellers of the preset draw from one stream and meet the same buyers, so that differences are
paired by profile. Intervals are by profile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl

from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    OutcomeTable,
    Value,
    ones,
    with_holm,
)
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocols.csales.conversations import Conversations, conversations
from retailsim.analysis.protocols.csales.seller_table import contrast, measurable, seller_row
from retailsim.analysis.statistics.clusters import rate
from retailsim.market.protocols.csales.events import STYLES

WHOLE, BY_STYLE = "csi", "true-style"
"""Seats of the preset: the seller that nothing is taken from, and the one told the true style."""


def table(projection: Projection) -> ExperimentOutcome:
    """Return the comparison of a run's sellers with the whole CSI and with the told one."""
    found = conversations(projection)
    some = measurable(found)
    sellers = some["seller"].unique(maintain_order=True).to_list()
    sellers.sort(key=lambda seller: (seller != WHOLE, seller != BY_STYLE))
    fixed = _of_one_tactic(found, sellers)
    rows = [seller_row(seller, some.filter(seller=seller), found) for seller in sellers]
    return ExperimentOutcome(
        title="Conversational sales, ablated",
        tables=(
            OutcomeTable(name="sellers", title="Sellers", rows=tuple(rows)),
            OutcomeTable(
                name="styles",
                title="SR by the buyer's decision style",
                rows=tuple(_by_style(seller, some) for seller in sellers),
            ),
        ),
        findings=with_holm(list(_contrasts(some, sellers, fixed))),
        notes=(_CAUTION,) if projection.calls.is_empty() else (),
    )


_CAUTION = (
    "Built-in buyers illustrate: how much a tactic moves them is an assumption, calibrated to "
    "ranges of published simulations and not to people (docs/csales.md)."
)


def _by_style(seller: str, some: pl.DataFrame) -> OutcomeRow:
    values = []
    for style in STYLES:
        part = some.filter(seller=seller, style=style)
        measured = rate(part["sold"].cast(pl.Int64), ones(part), part["profile"])
        values.append(Value(name=style, unit="share", measured=measured))
    return OutcomeRow(label=f"{seller}, by style", values=tuple(values))


def _of_one_tactic(found: Conversations, sellers: Sequence[str]) -> list[str]:
    """Return the sellers that never used but one tactic."""
    used = (
        found.actions.drop_nulls("tactic").group_by("seller").agg(pl.col("tactic").n_unique())
    ).rows()
    single = {seller for seller, tactics in used if tactics == 1}
    return [seller for seller in sellers if seller in single]


def _contrasts(
    some: pl.DataFrame, sellers: Sequence[str], fixed: Sequence[str]
) -> Iterator[JudgedClaim]:
    """The whole CSI against every other seller, then the told one against each fixed tactic."""
    if WHOLE in sellers:
        for other in sellers:
            if other != WHOLE:
                yield contrast(some, WHOLE, other)
    if BY_STYLE in sellers:
        for other in fixed:
            yield contrast(some, BY_STYLE, other)
