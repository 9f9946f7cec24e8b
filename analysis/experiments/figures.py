"""The paper's figures, drawn from an experiment's outcome."""

from __future__ import annotations

import polars as pl

from retailsim.analysis.exhibits.charts import bars, curve, heatmap
from retailsim.analysis.exhibits.parts import Figure
from retailsim.analysis.experiments.outcomes import ExperimentOutcome


def figures(name: str, outcome: ExperimentOutcome) -> list[Figure]:
    """Return what an experiment has to show as charts; empty where its table says it all.

    ``pairwise``: Figure 3, ``latent-persona``: Figure 2, one chart a trait, ``price-demand``: the
    curve with its intervals.
    """
    match name:
        case "pairwise":
            return _pairs(outcome)
        case "latent-persona":
            return _traits(outcome)
        case "price-demand":
            return _prices(outcome)
        case _:
            return []


def _pairs(outcome: ExperimentOutcome) -> list[Figure]:
    cells = [
        (row.key, value.key, value.measured.value / 100)
        for row in outcome.table("pairs").rows
        for value in row.values
        if value.measured.value is not None
    ]
    if not cells:
        return []
    schema = {"seller": pl.String, "buyer": pl.String, "dollars": pl.Float64}
    return [heatmap(pl.DataFrame(cells, schema=schema, orient="row"))]


def _traits(outcome: ExperimentOutcome) -> list[Figure]:
    shown: dict[tuple[str, str], list[tuple[str, float]]] = {}
    for role in ("seller", "buyer"):
        for row in outcome.table(role).rows:
            for value in row.values:
                if value.measured.value is not None:
                    shown.setdefault((role, value.name), []).append((row.key, value.measured.value))
    drawn = [
        bars(
            f"latent-{role}-{pole}",
            f"Probability that a {role} is {pole}",
            rows,
            "mean probability over what it said",
            form=".0%",
        )
        for (role, pole), rows in shown.items()
    ]
    return [figure for figure in drawn if figure is not None]


def _prices(outcome: ExperimentOutcome) -> list[Figure]:
    points = []
    for row in outcome.table("prices").rows:
        [value] = row.values
        found = value.measured
        if found.value is not None:
            low, high = (
                (found.interval.low, found.interval.high) if found.interval else (None, None)
            )
            points.append((float(row.key) - 1.0, found.value, low, high))
    if not points:
        return []
    schema = dict.fromkeys(("x", "value", "low", "high"), pl.Float64)
    frame = pl.DataFrame(points, schema=schema, orient="row")
    return [curve("price-demand", "Price and demand", frame, "price v. list", value.label)]
