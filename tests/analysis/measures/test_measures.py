"""A measure is one row of one table: whatever is in it stands in every view, under one label."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import retailsim
from retailsim.analysis.experiments.outcomes import value_of
from retailsim.analysis.export import measures as export_measures
from retailsim.analysis.measures.estimates import decided, estimate
from retailsim.analysis.measures.measure import EVERY_VIEW, Measure
from retailsim.analysis.measures.table import MEASURES, measure, shown_in
from retailsim.analysis.projection.loader import load
from retailsim.analysis.report.content import report
from retailsim.analysis.statistics.values import Estimate
from tests.sim.runs import SMALL, events_of, launched, sim, small_run

TALKATIVE = Measure(
    name="talkative_rate",
    label="Talked a lot",
    unit="share",
    numerator=pl.col("pre_exchanges") > 2,
    denominator=pl.lit(1),
    about="episodes with more than two questions before the decision / closed episodes",
    views=EVERY_VIEW,
    tag="talked a lot",
)
QUESTIONS = Measure(
    name="question_cents",
    label="Price of the questions",
    unit="cents",
    numerator=250 * pl.col("pre_exchanges"),
    views=EVERY_VIEW,
)
MADE_UP = (TALKATIVE, QUESTIONS)

ROW = (
    *("episodes", "failed", "open", "decided", "undecided", "unsettled", "orders", "units"),
    *("units_refunded", "conversion_rate", "conversion_rate_low", "conversion_rate_high"),
    *("refund_rate", "refund_rate_low", "refund_rate_high", "average_quantity", "average_rating"),
    *("ratings", "reviews", "recommend_rate", "sentiments"),
    *("gross_revenue_cents", "refunded_cents", "net_revenue_cents"),
    *("net_revenue_cents_low", "shipping_cents"),
    *("profit_cents", "profit_cents_low", "profit_episodes"),
)
"""The keys of a row of ``replay --json``, which scripts rely on."""
OWN = ("unsupported_claims",)
"""What the retail protocol measures beside them."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("measures")
    small_run(folder / "one")
    launched(folder / "cheap", *SMALL, "--set", "design.discount=0.2")
    return {name: folder / name for name in ("one", "cheap")}


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two measures that nobody knows but the table."""
    for one in MADE_UP:
        monkeypatch.setitem(MEASURES, one.name, one)
    yield


@cache
def questions(run: Path) -> dict[str, tuple[dict[str, Any], int]]:
    """Each episode's opening, and its questions before the decision, counted line by line."""
    counts = Counter(
        said["episode"]
        for said in events_of(run, "MessageSent")
        if said["stage"] == "pre_inquiry" and said["role"] == "buyer"
    )
    return {
        one["episode"]: (one, counts[one["episode"]]) for one in events_of(run, "EpisodeOpened")
    }


def asked(run: Path, **only: str) -> dict[str, int]:
    """Questions by episode, of those with the seats that are asked for."""
    return {
        name: count
        for name, (opened, count) in questions(run).items()
        if all(opened[key] == value for key, value in only.items())
    }


def talkative(run: Path, **only: str) -> float:
    counts = asked(run, **only).values()
    return sum(count > 2 for count in counts) / len(counts)


@pytest.mark.usefixtures("made_up")
def test_it_is_in_the_rows_of_replay(runs: dict[str, Path]) -> None:
    told = json.loads(sim("replay", runs["one"], "--json").stdout)
    assert 0.0 < told["overall"]["talkative_rate"] < 1.0
    assert told["overall"]["talkative_rate"] == talkative(runs["one"])
    assert told["overall"]["question_cents"] == 250 * sum(asked(runs["one"]).values())
    for row in told["sellers"]:
        assert row["talkative_rate"] == talkative(runs["one"], seller=row["seller"])
    for row in told["pairs"]:
        assert row["talkative_rate"] == talkative(
            runs["one"], seller=row["seller"], buyer=row["buyer"]
        )


@pytest.mark.usefixtures("made_up")
def test_it_is_in_the_table_on_a_terminal(runs: dict[str, Path]) -> None:
    page = sim("replay", runs["one"]).stdout
    heading, _ = page.split("Sellers")
    assert {"Talked", "lot", "questions"} <= set(heading.split())
    [line] = (line.split() for line in page.splitlines() if line.split()[:1] == ["All"])
    cents = 250 * sum(asked(runs["one"]).values())
    assert line[-2:] == [f"{talkative(runs['one']):.1%}", f"${cents / 100:,.2f}"]


@pytest.mark.usefixtures("made_up")
def test_it_is_in_the_table_of_a_notebook(runs: dict[str, Path]) -> None:
    page = retailsim.load(runs["one"])._repr_html_()
    assert "Talked a lot</th>" in page
    assert f">{talkative(runs['one']):.1%}</td>" in page


@pytest.mark.usefixtures("made_up")
def test_runs_are_compared_by_it(runs: dict[str, Path]) -> None:
    result = sim("compare", runs["one"], runs["cheap"], "--json")
    planned = {one["measure"]: one for one in json.loads(result.stdout)["comparison"]["planned"]}
    first, second = (asked(runs[name]) for name in ("one", "cheap"))
    share = planned["talkative_rate"]
    assert share["first"]["value"] == pytest.approx(talkative(runs["one"]))
    gained = sum((second[e] > 2) - (first[e] > 2) for e in first)
    assert share["test"]["estimate"] == pytest.approx(gained / len(first))
    money = planned["question_cents"]
    assert money["second"]["value"] == pytest.approx(250 * sum(second.values()) / len(second))
    more = 250 * (sum(second.values()) - sum(first.values())) / len(first)
    assert money["test"]["estimate"] == pytest.approx(more)
    page = sim("compare", runs["one"], runs["cheap"]).stdout
    assert {"Talked", "lot", "Price", "questions"} <= set(page.split())


@pytest.mark.slow
@pytest.mark.usefixtures("made_up")
def test_it_is_in_the_report(runs: dict[str, Path]) -> None:
    found = report(runs["one"], {})
    [sellers] = (
        one for section in found.sections for one in section.tables if one.title == "Sellers"
    )
    assert sellers.columns[-3:] == (
        "Talked a lot",
        "Price of the questions",
        "Price of the questions per episode",
    )
    for name, *cells in sellers.rows:
        counts = asked(runs["one"], seller=name.text).values()
        assert cells[-3].text == f"{talkative(runs['one'], seller=name.text):.1%}"
        assert cells[-2].text == f"${2.5 * sum(counts):,.2f}"
        assert cells[-1].text == f"${2.5 * sum(counts) / len(counts):,.2f}"
    [summary] = [one for one in found.sections if one.name == "summary"]
    headlines = {one.name: one.value for one in summary.headlines}
    assert headlines["Talked a lot"] == f"{talkative(runs['one']):.1%}"


@pytest.mark.usefixtures("made_up")
def test_it_is_in_the_export(runs: dict[str, Path], tmp_path: Path) -> None:
    table = export_measures(runs["one"])
    overall = table.row(0, named=True)
    assert overall["talkative_rate"] == talkative(runs["one"])
    assert table.schema["talkative_rate"] == pl.Float64
    assert table.schema["question_cents"] == pl.Int64
    assert sim("export", runs["one"], "measures", "--out", tmp_path / "m.csv").exit_code == 0
    assert pl.read_csv(tmp_path / "m.csv")["question_cents"][0] == overall["question_cents"]


def test_it_may_stand_in_an_experiment(runs: dict[str, Path]) -> None:
    some = decided(load(runs["one"]).episodes)
    value = value_of(TALKATIVE, estimate(TALKATIVE, some), 0.5)
    assert (value.name, value.heading, value.unit) == ("talked a lot", "Talked a lot", "share")
    assert value.measured.value == pytest.approx(talkative(runs["one"]))


def test_rows_of_replay_keep_their_keys(runs: dict[str, Path]) -> None:
    told: dict[str, Any] = json.loads(sim("replay", runs["one"], "--json").stdout)
    assert tuple(told["overall"]) == (*ROW, *OWN)
    assert all(tuple(row) == ("seller", *ROW, *OWN) for row in told["sellers"])
    assert all(
        tuple(row) == ("seller", "buyer", *ROW, "normalized_revenue_cents", *OWN)
        for row in told["pairs"]
    )


def test_every_measure_has_one_name_and_one_label() -> None:
    assert list(MEASURES) == [one.name for one in MEASURES.values()]
    labels = [one.label for one in MEASURES.values()]
    assert len(set(labels)) == len(labels)
    assert all(one.about or one.unit == "count" for one in MEASURES.values())
    assert measure("net_revenue_cents").estimate_label == "Net revenue per episode"


def test_values_of_an_experiment_keep_their_names() -> None:
    """Programs read them in ``experiment --json``, whatever the measures are called."""
    found = Estimate(value=0.5, n=1)
    named = {one.name: value_of(one, found).name for one in MEASURES.values() if one.tag}
    assert named == {
        "conversion_rate": "bought",
        "refund_rate": "refunded",
        "average_quantity": "quantity",
        "average_rating": "rating",
        "net_revenue_cents": "net revenue",
        "profit_cents": "profit",
    }
    assert value_of(MEASURES["units"], found, name="sold").label == "Units per episode"


@pytest.mark.slow
def test_a_label_is_the_same_wherever_it_stands(runs: dict[str, Path]) -> None:
    """A terminal may break it into lines, and a total may be per episode."""
    terminal = sim("replay", runs["one"]).stdout
    heading = " ".join(terminal.split("Sellers")[0].split())
    compared = sim("compare", runs["one"], runs["cheap"]).stdout
    found = report(runs["one"], {})
    columns = {one.title: one.columns for section in found.sections for one in section.tables}[
        "Sellers"
    ]
    for one in shown_in("terminal"):
        assert set(one.label.split()) <= set(heading.split())
    for one in shown_in("compare"):
        assert set(one.estimate_label.split()) <= set(compared.split())
    for one in shown_in("report"):
        assert one.label in columns
    assert not re.search(r"Net sales|[Aa]verage quantity|conversion rate", terminal + compared)


def test_what_is_shown_stands_in_the_order_of_its_places() -> None:
    known, names = (
        [one.name for one in shown_in("terminal", costs_known=known)] for known in (True, False)
    )
    assert known == ["episodes", "profit_cents", *names[1:4], "average_rating"]
    assert names == [
        *("episodes", "conversion_rate", "net_revenue_cents", "refund_rate"),
        *("average_quantity", "average_rating"),
    ]
