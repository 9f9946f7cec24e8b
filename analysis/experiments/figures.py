"""The paper's figures, drawn from an experiment's outcome."""

from __future__ import annotations

import polars as pl

from retailsim.analysis.exhibits.charts import bars, curve, heatmap
from retailsim.analysis.exhibits.parts import Figure
from retailsim.analysis.experiments.outcomes import ExperimentOutcome, OutcomeRow, Value


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
    ending = ", v the mean pair"
    cells = [
        (row.label.removesuffix(ending), value.name.removeprefix("to "), value.measured.value / 100)
        for row in outcome.rows
        if row.label.endswith(ending)
        for value in row.values
        if value.measured.value is not None
    ]
    if not cells:
        return []
    schema = {"seller": pl.String, "buyer": pl.String, "dollars": pl.Float64}
    return [heatmap(pl.DataFrame(cells, schema=schema, orient="row"))]


def _traits(outcome: ExperimentOutcome) -> list[Figure]:
    shown: dict[str, list[tuple[str, float]]] = {}
    for row, value in _seats(outcome):
        role, _, seat = row.label.partition(" ")
        if value.measured.value is not None:
            shown.setdefault(f"{role}: {value.name}", []).append((seat, value.measured.value))
    drawn = [
        bars(
            f"latent-{title.replace(': ', '-')}",
            f"Probability that a {title.partition(':')[0]} is {title.partition(': ')[2]}",
            rows,
            "mean probability over what it said",
            form=".0%",
        )
        for title, rows in shown.items()
    ]
    return [figure for figure in drawn if figure is not None]


def _seats(outcome: ExperimentOutcome) -> list[tuple[OutcomeRow, Value]]:
    return [
        (row, value) for row in outcome.rows for value in row.values if value.name != "accuracy"
    ]


def _prices(outcome: ExperimentOutcome) -> list[Figure]:
    points = []
    for row in outcome.rows:
        [value] = row.values
        found = value.measured
        if found.value is not None:
            low, high = (
                (found.interval.low, found.interval.high) if found.interval else (None, None)
            )
            points.append((float(row.label.rstrip("%")) / 100, found.value, low, high))
    if not points:
        return []
    schema = dict.fromkeys(("x", "value", "low", "high"), pl.Float64)
    frame = pl.DataFrame(points, schema=schema, orient="row")
    return [curve("price-demand", "Price and demand", frame, "price v. list", "bought")]
