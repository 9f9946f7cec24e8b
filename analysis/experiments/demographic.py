"""Who buys what is made for whom: the paper's Table 2."""

from __future__ import annotations

from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    Value,
    bought_of,
    one_table,
    only_one,
    published,
    share_of,
    with_holm,
)
from retailsim.analysis.statistics.differences import two_rates


def demographic(arms: Arms) -> ExperimentOutcome:
    """Table 2: purchase rates of men and women by whom the item is made for."""
    some, figures = only_one(arms), published()["demographic"]
    rows, findings = [], []
    for audience, (men, women) in figures.items():
        part = some.filter(audience=audience)
        male, female = (part.filter(buyer_gender=g) for g in ("male", "female"))
        rows.append(
            OutcomeRow(
                label=_items(audience),
                values=(
                    Value(name="men", unit="share", measured=share_of(male), published=men / 100),
                    Value(
                        name="women", unit="share", measured=share_of(female), published=women / 100
                    ),
                ),
            )
        )
        findings.append(
            JudgedClaim(
                claim=f"men minus women, {_items(audience)}",
                test=two_rates(bought_of(male), bought_of(female)),
                unit="share",
                published=f"{men - women:+.1f} points"
                + (" (p < 0.05)" if audience != "unisex" else " (not significant)"),
            )
        )
    return ExperimentOutcome(
        title="Table 2: who buys what is made for whom",
        tables=one_table(rows),
        findings=with_holm(findings),
    )


def _items(audience: str) -> str:
    return "unisex items" if audience == "unisex" else f"{audience}'s items"
