"""The paper's figures, drawn from an experiment's outcome."""

from __future__ import annotations

import polars as pl

from retailsim.analysis.exhibits.charts import bars, curve, frontier, heatmap
from retailsim.analysis.exhibits.parts import Figure
from retailsim.analysis.experiments.outcomes import ExperimentOutcome


def figures(name: str, outcome: ExperimentOutcome) -> list[Figure]:
    """Return what an experiment has to show as charts; empty where its table says it all.

    ``pairwise``: Figure 3, ``latent-persona``: Figure 2, one chart a trait, ``price-demand``: the
    curve with its intervals, ``policy``: seller and buyers along the limit.
    """
    match name:
        case "pairwise":
            return _pairs(outcome)
        case "latent-persona":
            return _traits(outcome)
        case "price-demand":
            return _prices(outcome)
        case "policy":
            return _limits(outcome)
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


_SIDES = ("net revenue", "buyer surplus")


def _limits(outcome: ExperimentOutcome) -> list[Figure]:
    """A point for each row of ``frontier``; those with a number for a key are its steps."""
    points = []
    for row in outcome.table("frontier").rows:
        found = {value.name: value.measured for value in row.values}
        over = found["over budget"].value
        for side in _SIDES:
            one = found[side]
            if one.value is None or over is None:
                continue
            low, high = (one.interval.low, one.interval.high) if one.interval else (None, None)
            ends = (end if end is None else end / 100 for end in (low, high))
            step = float(row.key) if row.key else None
            points.append((over, one.value / 100, *ends, side, row.label, step))
    if not points:
        return []
    numbers = dict.fromkeys(("x", "value", "low", "high"), pl.Float64)
    schema = {**numbers, "side": pl.String, "label": pl.String, "step": pl.Float64}
    frame = pl.DataFrame(points, schema=schema, orient="row")
    titles = ("purchases above the budget, of all conversations", "a conversation")
    return [frontier("policy-frontier", "What a limit costs, and whom", frame, *titles)]
