"""What numbers generalise to, and that built-in agents are no people, stand where numbers do."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from retailsim.analysis.measures.comparison import compare
from retailsim.analysis.measures.scope import ILLUSTRATION, scope
from retailsim.analysis.projection.loader import load
from retailsim.analysis.report.content import report
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.sim.runs import launched, sim

PRODUCTS = "new products of this kind, with these sellers and buyers"


def played(run: Path, seller: str, buyer: str) -> Path:
    kinds = {"seller_kind": seller, "buyer_kind": buyer}
    some = [
        closed(f"e{p}{b}", opened(product=f"p{p}", buyer=b, **kinds), *[order()] * (p % 2))
        for p in range(4)
        for b in ("ann", "bob")
    ]
    return write_run(run, market("m", *some))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("seller", "buyer", "said"),
    [
        ("behavioral", "model", True),
        ("model", "behavioral", True),
        ("model", "plug-in", False),
        ("plug-in", "person", False),
    ],
)
def test_behavioral_agents_are_said_to_be_no_evidence_wherever_they_took_part(
    tmp_path: Path, seller: str, buyer: str, said: bool
) -> None:
    run = played(tmp_path / "run", seller, buyer)
    other = played(tmp_path / "other", "model", "model")
    assert (ILLUSTRATION in report(run, {}).warnings) == said
    assert (ILLUSTRATION in compare(load(other), load(run)).cautions) == said
    for shown in (sim("replay", run).stdout, sim("compare", run, other).stdout):
        assert (ILLUSTRATION in " ".join(shown.split())) == said


def test_every_table_with_intervals_says_what_they_are_for(tmp_path: Path) -> None:
    run = played(tmp_path / "run", "model", "model")
    tables = [table for section in report(run, {}).sections for table in section.tables]
    cells = {table.title: [c.below for row in table.rows for c in row] for table in tables}
    with_intervals = [t for t in tables if any(" to " in below for below in cells[t.title])]
    assert len(with_intervals) >= 4
    for table in with_intervals:
        assert PRODUCTS in table.note or table.title == "What episodes share", table.title
    assert f"Intervals are for {PRODUCTS}." in sim("compare", run, run).stdout


@pytest.mark.slow
def test_the_headlines_have_both_intervals_in_the_report_and_as_json(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, "--set", "products.per_category=8")
    found = json.loads(sim("replay", run, "--json").stdout)
    about, measures = found["intervals"]["generalise_to"], found["intervals"]["measures"]
    assert about["interval"] == PRODUCTS
    assert about["two_way"] == "new products of this kind and new buyers, with these sellers"
    names = ("conversion_rate", "refund_rate", "average_rating", "net_revenue_cents")
    for name in names:
        one, both = measures[name]["interval"], measures[name]["two_way"]
        assert both["low"] < one["low"] < measures[name]["value"] < one["high"] < both["high"], name
    assert measures["conversion_rate"]["value"] == found["overall"]["conversion_rate"]
    [summary] = [s for s in report(run, {}).sections if s.name == "summary"]
    shown = {one.name for one in summary.headlines if "new buyers too" in one.below}
    assert {"Conversion", "Refund rate", "Rating", "Net revenue per episode"} <= shown


def test_conversations_are_about_profiles(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, "csales", "--set", "profiles.count=3")
    assert scope(load(run).episodes).interval.startswith("new profiles of this kind")


@pytest.mark.slow
def test_an_experiment_says_both_below_its_tables() -> None:
    result = sim("experiment", "price-demand", "--set", "design.replications=1")
    assert result.exit_code == 0, result.stderr
    told = " ".join(result.stdout.split())
    assert f"Intervals are for {PRODUCTS}." in told
    assert ILLUSTRATION in told


def test_a_replay_needs_no_packages_of_the_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = played(tmp_path / "run", "model", "model")
    monkeypatch.setitem(sys.modules, "retailsim.analysis.measures.estimates", None)
    result = sim("replay", run, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["intervals"] is None
