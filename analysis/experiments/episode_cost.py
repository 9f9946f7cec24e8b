"""What one simulated episode takes of a language model: the paper's Table 7."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from retailsim.analysis.experiments.outcomes import (
    Arms,
    ExperimentOutcome,
    OutcomeRow,
    Value,
    as_published,
    decided_of,
    one_table,
    published,
)
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.replay.cost import charged
from retailsim.analysis.statistics.clusters import mean
from retailsim.analysis.statistics.values import Estimate

_NO_MODEL = (
    "No language model took part: nothing was spent. Name one with --sellers PROVIDER/MODEL "
    "--buyers PROVIDER/MODEL."
)
_UNKNOWN = Estimate(value=None, n=0)


def simulation_cost(arms: Arms) -> ExperimentOutcome:
    """Table 7: tokens and dollars of an episode without and with a purchase, by model.

    Episodes in which several models took part stand in a row of their own, for the paper's models
    played both sides. A broadcast that episodes share is charged in full to each of them.
    """
    [projection] = arms.values()
    used = _used(projection)
    models = sorted(used["model"].unique())
    known = published()["cost"]
    names = {model: as_published(model, known) for model in models}
    rows = [
        row for model, name in names.items() for row in _rows(model, used.filter(model=model), name)
    ]
    rows += [
        row
        for name in known
        if name not in names.values()
        for row in _rows(f"{name} (published)", used.clear(), name)
    ]
    return ExperimentOutcome(
        title="Table 7: cost of a simulation",
        tables=one_table(rows),
        notes=() if models else (_NO_MODEL,),
    )


def _used(projection: Projection) -> pl.DataFrame:
    """One row per closed episode: its models, tokens and dollars."""
    rows = charged(projection)
    several = pl.col("model").n_unique().over("episode") > 1
    rows = rows.with_columns(
        model=pl.when(several).then(pl.lit("several models")).otherwise("model")
    )
    summed = rows.group_by("episode", "model").agg(
        pl.col("purchase").first(),
        *(pl.col(n).sum() for n in ("input_tokens", "output_tokens", "unpriced_calls")),
        dollars=(pl.col("cost_nanousd") + pl.col("saved_nanousd")).sum() / 1e9,
    )
    priced = pl.when(pl.col("unpriced_calls") == 0).then("dollars")
    clusters = decided_of(projection).select("episode", "cluster")
    return summed.with_columns(dollars=priced).join(clusters, on="episode").sort("episode")


def _rows(label: str, some: pl.DataFrame, name: str | None) -> list[OutcomeRow]:
    figures: Sequence[float] = published()["cost"][name] if name else ()
    return [
        OutcomeRow(
            label=f"{label}, {'a purchase' if purchase else 'no purchase'}",
            values=_values(some.filter(purchase=purchase), figures[3 * purchase :][:3]),
        )
        for purchase in (False, True)
        if figures or not some.filter(purchase=purchase).is_empty()
    ]


def _values(some: pl.DataFrame, figures: Sequence[float]) -> tuple[Value, ...]:
    columns = (
        ("tokens in", "tokens", "input_tokens"),
        ("tokens out", "tokens", "output_tokens"),
        ("cost", "dollars", "dollars"),
    )
    beside = figures or (None,) * len(columns)
    return tuple(
        Value(name=name, unit=unit, measured=_mean(some, column), published=figure)
        for (name, unit, column), figure in zip(columns, beside, strict=True)
    )


def _mean(some: pl.DataFrame, column: str) -> Estimate:
    if some[column].null_count():
        return Estimate(value=None, n=some.height, note="a price is unknown")
    if some.is_empty():
        return _UNKNOWN
    return mean(some[column], some["cluster"])
