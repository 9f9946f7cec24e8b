"""What traits do: the paper's Table 8."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import polars as pl

from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    bought_of,
    decided_of,
    one_table,
    published,
    value_of,
    with_holm,
)
from retailsim.analysis.experiments.profit_column import with_profit
from retailsim.analysis.experiments.put_in import put_in
from retailsim.analysis.experiments.verdicts import by_points
from retailsim.analysis.measures.estimates import Measured, measured
from retailsim.analysis.measures.table import measure
from retailsim.analysis.statistics.differences import rank_sum, two_rates
from retailsim.analysis.statistics.values import Test
from retailsim.events.messages import ASPECTS

_OPPOSITES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "buyer_pickiness": ("easygoing", "picky"),
        "buyer_price_consciousness": ("indifferent", "sensitive"),
        "buyer_rationality": ("emotional", "rational"),
        "seller_friendliness": ("friendly", "reserved"),
        "seller_assertiveness": ("assertive", "passive"),
        "seller_rationality": ("emotional", "rational"),
    }
)


def persona_effects(arms: Arms) -> ExperimentOutcome:
    """Table 8: purchase rate and rating by trait; buyers and sellers are two sets of runs."""
    rows, bought, rated, found = [], [], [], []
    for trait, poles in _OPPOSITES.items():
        role, _, name = trait.partition("_")
        some = decided_of(arms[f"{role}s"])
        parts = [some.filter(pl.col(trait) == pole) for pole in poles]
        figures = [published()["persona-effects"][f"{role} {name} {pole}"] for pole in poles]
        measures = [one for part in parts for one in measured(part)]
        found += measures
        rows += [
            _row(role, pole, part, one, figure)
            for pole, part, one, figure in zip(poles, parts, measures, figures, strict=True)
        ]
        (one_share, one_stars), (two_share, two_stars) = figures
        alike = trait == "seller_rationality"
        mark = put_in(some, f"Table 8: {role} {name}")
        bought.append(
            JudgedClaim(
                claim=f"{role}: {poles[0]} minus {poles[1]}, bought",
                test=two_rates(bought_of(parts[0]), bought_of(parts[1])),
                unit="share",
                published=f"{one_share - two_share:+.1f} points" + " (not significant)" * alike,
                expected=None if alike else by_points(1 if one_share > two_share else -1),
                put_in=mark,
            )
        )
        rated.append(
            JudgedClaim(
                claim=f"{role}: {poles[0]} v {poles[1]}, rated (Cliff's delta, -1 to 1)",
                test=_rated(*parts),
                published=f"{one_stars - two_stars:+.2f} stars",
                put_in=mark,
            )
        )
    return ExperimentOutcome(
        title="Table 8: personas",
        tables=one_table(with_profit(rows, found)),
        findings=(*with_holm(bought), *with_holm(rated)),
        notes=(_RATED,),
    )


def _row(
    role: str, pole: str, part: pl.DataFrame, one: Measured, figures: tuple[float, float]
) -> OutcomeRow:
    """A pole's purchase rate and rating beside the published ones (percent, stars)."""
    cells = (f"Table 8: {role} {pole}", f"Table 8: {role} {pole}, rating")
    bought, rating = figures
    conversion, stars = measure("conversion_rate"), measure("average_rating")
    return OutcomeRow(
        label=f"{role}: {pole}",
        values=tuple(
            value_of(shown, one[shown.name], figure, put_in=put_in(part, cell))
            for shown, figure, cell in zip(
                (conversion, stars), (bought / 100, rating), cells, strict=True
            )
        ),
    )


_RATED = (
    "Ratings: each product's mean over those who bought, compared by ranks (Mann-Whitney, "
    "which errs on the careful side here: a product stands on both sides). p by Holm, within "
    "purchases and within ratings."
)


def _rated(one: pl.DataFrame, two: pl.DataFrame) -> Test:
    """Whether products are rated higher on one side; a product counts once on each."""
    return rank_sum(*(_stars(part)["stars"] for part in (one, two)))


def _stars(some: pl.DataFrame) -> pl.DataFrame:
    ratings = pl.sum_horizontal(pl.col(f"rating_{aspect}").fill_null(0) for aspect in ASPECTS)
    counted = some.filter(pl.col("orders") > 0, pl.col("reviews") > 0).with_columns(all=ratings)
    sums = counted.group_by("cluster").agg(stars=pl.col("all").sum() / pl.col("reviews").sum())
    return sums.sort("cluster")
