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
from retailsim.analysis.experiments.put_in import put_in
from retailsim.analysis.experiments.verdicts import by_points
from retailsim.analysis.statistics.differences import two_rates


def demographic(arms: Arms) -> ExperimentOutcome:
    """Table 2: purchase rates of men and women by whom the item is made for."""
    some, figures = only_one(arms), published()["demographic"]
    rows, findings = [], []
    for audience, (men, women) in figures.items():
        part = some.filter(audience=audience)
        sides = {gender: part.filter(buyer_gender=gender) for gender in ("male", "female")}
        rows.append(
            OutcomeRow(
                label=_items(audience),
                values=tuple(
                    Value(
                        name=name,
                        unit="share",
                        measured=share_of(some),
                        published=figure / 100,
                        put_in=put_in(some, f"Table 2: {audience}, {gender}"),
                    )
                    for name, figure, (gender, some) in zip(
                        ("men", "women"), (men, women), sides.items(), strict=True
                    )
                ),
            )
        )
        alike = audience == "unisex"
        findings.append(
            JudgedClaim(
                claim=f"men minus women, {_items(audience)}",
                test=two_rates(*map(bought_of, sides.values())),
                unit="share",
                published=f"{men - women:+.1f} points"
                + (" (not significant)" if alike else " (p < 0.05)"),
                expected=None if alike else by_points(1 if men > women else -1),
                put_in=put_in(part, "Table 2: gender"),
            )
        )
    return ExperimentOutcome(
        title="Table 2: who buys what is made for whom",
        tables=one_table(rows),
        findings=with_holm(findings),
    )


def _items(audience: str) -> str:
    return "unisex items" if audience == "unisex" else f"{audience}'s items"
