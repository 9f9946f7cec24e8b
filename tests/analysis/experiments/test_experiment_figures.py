"""The paper's figures hold the numbers of the table they are drawn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.exhibits.charts import FAINT, INK
from retailsim.analysis.experiments.figures import figures
from retailsim.analysis.experiments.outcomes import (
    ExperimentOutcome,
    OutcomeRow,
    OutcomeTable,
    Value,
)
from retailsim.analysis.statistics.values import Estimate, Interval
from tests.sim.runs import sim


def row(
    label: str, name: str, value: float | None, unit: str = "share", *, key: str = "", to: str = ""
) -> OutcomeRow:
    interval = None if value is None else Interval(value - 0.1, value + 0.1, "x")
    measured = Estimate(value=value, n=3, interval=interval)
    return OutcomeRow(
        label=label, key=key, values=(Value(name=name, unit=unit, measured=measured, key=to),)
    )


def outcome(**tables: tuple[OutcomeRow, ...]) -> ExperimentOutcome:
    named = (OutcomeTable(name=name, rows=rows) for name, rows in tables.items())
    return ExperimentOutcome(title="", tables=tuple(named))


def values(found: ExperimentOutcome, name: str) -> list[list[float]]:
    return [
        [point[key] for key in ("dollars", "value") if key in point]
        for figure in figures(name, found)
        for points in figure.spec["datasets"].values()
        for point in points
    ]


def test_figure_3_is_in_dollars_and_leaves_the_sums_out() -> None:
    found = outcome(
        seats=(row("seller s", "net revenue", 900_00.0, "cents"),),
        pairs=(
            row("s, v the mean pair", "to b", -125_00.0, "cents", key="s", to="b"),
            row("t, v the mean pair", "to b", None, "cents", key="t", to="b"),
        ),
    )
    assert [-125.0] in values(found, "pairwise")
    [figure] = figures("pairwise", found)
    assert "s with b" in figure.says


def test_figure_2_has_a_chart_for_each_trait() -> None:
    found = outcome(
        accuracy=(row("seller assertiveness, from pitch", "accuracy", 0.9),),
        seller=(row("seller x", "assertive", 0.75, key="x"),),
        buyer=(row("buyer y", "picky", 0.25, key="y"), row("buyer z", "picky", None, key="z")),
    )
    drawn = figures("latent-persona", found)
    assert [figure.name for figure in drawn] == ["latent-seller-assertive", "latent-buyer-picky"]
    assert [0.9] not in values(found, "latent-persona")


def test_the_curve_has_every_price() -> None:
    prices = (("-10%", 0.6, "0.9"), ("+0%", 0.5, "1.0"), ("+5%", None, "1.05"))
    rows = tuple(row(label, "bought", share, key=price) for label, share, price in prices)
    [figure] = figures("price-demand", outcome(prices=rows))
    assert "-10%: 60.0%; +0%: 50.0%" in figure.says


@pytest.mark.parametrize("name", ["pairwise", "latent-persona", "price-demand", "demographic"])
def test_nothing_measured_draws_nothing(name: str) -> None:
    assert figures(name, outcome()) == []


@pytest.mark.slow
def test_charts_are_drawn_beside_the_runs_on_request(tmp_path: Path) -> None:
    words = ("--set", "products.per_category=1", "--charts", "svg")
    result = sim("experiment", "pairwise", "--out", tmp_path / "out", *words)
    assert result.exit_code == 0, result.stderr
    drawn = (tmp_path / "out" / "pairs.svg").read_text()
    assert drawn.startswith("<svg")
    assert "like-GPT-5.4" in drawn
    assert "Who sells well to whom" in drawn
    assert not any(colour in drawn for colour in (INK, FAINT)), "colours that only a page has"
    none = ("demographic", "--out", tmp_path / "none", "--set", "design.replications=1")
    result = sim("experiment", *none, "--charts", "png")
    assert result.exit_code == 0
    assert "no figure" in result.stderr
