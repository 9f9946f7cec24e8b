"""The paper's figures hold the numbers of the table they are drawn from."""

from __future__ import annotations

from pathlib import Path

import pytest

from retailsim.analysis.exhibits.charts import FAINT, INK
from retailsim.analysis.experiments.figures import figures
from retailsim.analysis.experiments.outcomes import ExperimentOutcome, OutcomeRow, Value
from retailsim.analysis.statistics.values import Estimate, Interval
from tests.sim.runs import sim


def row(label: str, name: str, value: float | None, unit: str = "share") -> OutcomeRow:
    interval = None if value is None else Interval(value - 0.1, value + 0.1, "x")
    measured = Estimate(value=value, n=3, interval=interval)
    return OutcomeRow(label=label, values=(Value(name=name, unit=unit, measured=measured),))


def values(outcome: ExperimentOutcome, name: str) -> list[list[float]]:
    return [
        [point[key] for key in ("dollars", "value") if key in point]
        for figure in figures(name, outcome)
        for points in figure.spec["datasets"].values()
        for point in points
    ]


def test_figure_3_is_in_dollars_and_leaves_the_sums_out() -> None:
    rows = (
        row("seller s", "net revenue", 900_00.0, "cents"),
        row("s, v the mean pair", "to b", -125_00.0, "cents"),
        row("t, v the mean pair", "to b", None, "cents"),
    )
    outcome = ExperimentOutcome(title="", rows=rows)
    assert [-125.0] in values(outcome, "pairwise")
    [figure] = figures("pairwise", outcome)
    assert "s with b" in figure.says


def test_figure_2_has_a_chart_for_each_trait() -> None:
    rows = (
        row("seller assertiveness, from pitch", "accuracy", 0.9),
        row("seller x", "assertive", 0.75),
        row("buyer y", "picky", 0.25),
        row("buyer z", "picky", None),
    )
    drawn = figures("latent-persona", ExperimentOutcome(title="", rows=rows))
    assert [figure.name for figure in drawn] == ["latent-seller-assertive", "latent-buyer-picky"]
    assert [0.9] not in values(ExperimentOutcome(title="", rows=rows), "latent-persona")


def test_the_curve_has_every_price() -> None:
    rows = tuple(
        row(label, "bought", share) for label, share in (("-10%", 0.6), ("+0%", 0.5), ("+5%", None))
    )
    [figure] = figures("price-demand", ExperimentOutcome(title="", rows=rows))
    assert "-10%: 60.0%; +0%: 50.0%" in figure.says


@pytest.mark.parametrize("name", ["pairwise", "latent-persona", "price-demand", "demographic"])
def test_nothing_measured_draws_nothing(name: str) -> None:
    assert figures(name, ExperimentOutcome(title="", rows=())) == []


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
