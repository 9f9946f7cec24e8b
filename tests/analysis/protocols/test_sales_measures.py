"""Measures of sales conversations against plain counting over the lines of the log."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from statistics import mean
from typing import Any

import pytest

from retailsim.analysis.experiments.outcomes import ExperimentOutcome
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.conversations import conversations
from retailsim.analysis.protocols.csales.seller_table import table
from retailsim.analysis.statistics.values import Estimate
from retailsim.market.protocols.csales.events import ACTIONS, TACTICS
from tests.sim.runs import event_lines, launched

SELLERS = ("csi", "fixed-script", "random-action")

Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every built-in profile once: enough that each seller has failures and upsells are tried."""
    folder = tmp_path_factory.mktemp("sales") / "run"
    launched(folder, "csales")
    return folder


@pytest.fixture(scope="module")
def outcome(run: Path) -> ExperimentOutcome:
    return table(load(run))


@pytest.fixture(scope="module")
def rows(outcome: ExperimentOutcome) -> dict[str, dict[str, Estimate]]:
    return {row.label: {v.name: v.measured for v in row.values} for row in outcome.rows}


@pytest.fixture(scope="module")
def counted(run: Path) -> dict[str, list[Events]]:
    """The events of each conversation, by seller, in plain Python."""
    found: dict[str, Events] = defaultdict(list)
    for line in event_lines(run):
        event = json.loads(line)
        if event.get("episode") is not None:
            found[event["episode"]].append(event)
    by_seller: dict[str, list[Events]] = defaultdict(list)
    for events in found.values():
        by_seller[only(events, "EpisodeOpened")["seller"]].append(events)
    return by_seller


def of(events: Events, kind: str) -> Events:
    return [event for event in events if event["type"] == kind]


def only(events: Events, kind: str) -> dict[str, Any]:
    [event] = of(events, kind)
    return event


def turns(events: Events) -> int:
    return sum(event["role"] == "buyer" for event in of(events, "MessageSent"))


@pytest.mark.parametrize("seller", SELLERS)
def test_turns_are_counted_in_three_ways_named_apart(
    seller: str, rows: dict[str, dict[str, Estimate]], counted: dict[str, list[Events]]
) -> None:
    longest = max(turns(events) for some in counted.values() for events in some)
    some = counted[seller]
    sold = [bool(of(events, "OrderPlaced")) for events in some]
    length = [turns(events) for events in some]
    row = rows[seller]
    bought = [n for n, yes in zip(length, sold, strict=True) if yes]
    assert row["AT (published)"].value == pytest.approx(mean(bought))
    assert row["turns (all)"].value == pytest.approx(mean(length))
    censored = [n if yes else longest for n, yes in zip(length, sold, strict=True)]
    assert row["turns (censored)"].value == pytest.approx(mean(censored))


@pytest.mark.parametrize("seller", SELLERS)
def test_money_is_what_orders_and_valuations_say(
    seller: str, rows: dict[str, dict[str, Estimate]], counted: dict[str, list[Events]]
) -> None:
    over, lost = [], []
    for events in counted[seller]:
        orders = of(events, "OrderPlaced")
        most = only(events, "BuyerProfiled")["budget_max_cents"]
        over.append(any(order["unit_price_cents"] > most for order in orders))
        gain = {
            e["product"]: e["reservation_cents"] - e["price_cents"]
            for e in of(events, "ItemValued")
        }
        for order in orders:
            lost.append(gain[only(events, "ItemSelected")["product"]] - gain[order["product"]])
    assert rows[seller]["over budget"].value == pytest.approx(mean(over))
    assert rows[seller]["surplus lost"].value == pytest.approx(mean(lost))


@pytest.mark.parametrize("seller", SELLERS)
@pytest.mark.parametrize(
    ("what", "field"), [("style", "decision_making_style"), ("openness", "dialogue_openness")]
)
def test_what_was_read_is_weighed_by_class_at_each_turn(
    seller: str,
    what: str,
    field: str,
    rows: dict[str, dict[str, Estimate]],
    counted: dict[str, list[Events]],
) -> None:
    right: dict[int, dict[str, list[bool]]] = defaultdict(lambda: defaultdict(list))
    last: dict[str, list[bool]] = defaultdict(list)
    for events in counted[seller]:
        true = only(events, "BuyerProfiled")[field]
        read = of(events, "ProfileInferred")
        for event in read:
            right[event["turn"]][true].append(event[field] == true)
        last[true].append(read[-1][field] == true)
    assert right
    assert set(right) == {n for n in range(1, 11) if f"{seller}, turn {n}" in rows}
    for turn, classes in right.items():
        found = rows[f"{seller}, turn {turn}"][f"{what} read"]
        assert found.value == pytest.approx(mean(map(mean, classes.values())))
    whole = rows[seller][f"{what} read"]
    assert whole.value == pytest.approx(mean(map(mean, last.values())))
    assert whole.value is not None
    assert whole.interval is not None
    assert 0.0 <= whole.interval.low < whole.value < whole.interval.high <= 1.0


def test_no_share_has_an_interval_that_leaves_what_a_share_can_be(
    outcome: ExperimentOutcome,
) -> None:
    ends = [
        (value.measured.interval.low, value.measured.interval.high)
        for row in outcome.rows
        for value in row.values
        if value.unit == "share" and value.measured.interval is not None
    ]
    assert len(ends) > 100
    assert all(0.0 <= low <= high <= 1.0 for low, high in ends)


@pytest.mark.parametrize("seller", SELLERS)
def test_shares_of_actions_and_tactics_have_intervals(
    seller: str, rows: dict[str, dict[str, Estimate]], counted: dict[str, list[Events]]
) -> None:
    deeds = [event for events in counted[seller] for event in of(events, "ActionChosen")]
    tactics = [event["strategy"] for event in deeds if event["strategy"]]
    row = rows[f"{seller}, what it did"]
    assert set(row) == {*ACTIONS, *TACTICS}
    for name, estimate in row.items():
        chosen = [event["action"] == name for event in deeds]
        among = chosen if any(chosen) else [tactic == name for tactic in tactics]
        assert estimate.value == pytest.approx(mean(among))
        assert estimate.interval is not None


def test_every_measure_is_there_by_openness_and_by_style(
    rows: dict[str, dict[str, Estimate]],
) -> None:
    read = {"style read", "openness read"}
    for seller in SELLERS:
        for value in ("Active", "Less Active", "Passive", "Rational", "Dependent", "Intuitive"):
            assert set(rows[f"{seller}, {value}"]) == set(rows[seller]) - read


def test_suggestions_that_show_nothing_count_as_few(
    run: Path, counted: dict[str, list[Events]]
) -> None:
    few = 0
    for some in counted.values():
        for events in some:
            shown = {event["turn"]: event["products"] for event in of(events, "ItemsShown")}
            asked = [e["turn"] for e in of(events, "ActionChosen") if e["action"] == "Suggestion"]
            few += sum(len(shown.get(turn, ())) < 3 for turn in asked)
    assert few
    assert conversations(load(run)).conversations["few_shown"].sum() == few


def test_that_inference_improves_is_tested_with_an_interval(
    outcome: ExperimentOutcome, rows: dict[str, dict[str, Estimate]]
) -> None:
    tests = {finding.claim: finding.test for finding in outcome.findings}
    for seller in SELLERS:
        for what in ("style", "openness"):
            test = tests[f"{what} read by {seller}, last turn minus first"]
            last = rows[seller][f"{what} read"].value
            first = rows[f"{seller}, turn 1"][f"{what} read"].value
            assert last is not None
            assert first is not None
            assert test.estimate == pytest.approx(last - first)
            assert test.interval is not None


def test_baselines_that_need_a_model_are_said_to_be_missing(outcome: ExperimentOutcome) -> None:
    assert any("ReAct-style and PC-CRS-style sellers need" in note for note in outcome.notes)


@pytest.mark.slow
def test_replications_of_a_conversation_count_all(tmp_path: Path) -> None:
    launched(
        tmp_path / "run", "csales", *("--set", "profiles.count=8", "--set", "design.replications=3")
    )
    found = table(load(tmp_path / "run"))
    rates = {row.label: row.values[0].measured.value for row in found.rows}
    for other in ("fixed-script", "random-action"):
        [test] = [f.test for f in found.findings if f.claim == f"SR of csi minus {other}"]
        csi, beside = rates["csi"], rates[other]
        assert csi is not None
        assert beside is not None
        assert test.estimate == pytest.approx(csi - beside)
