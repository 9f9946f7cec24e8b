"""`experiment csales-ablation`: its rows by plain counting, and who is compared with whom."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.experiments.outcomes import ExperimentOutcome
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocols.csales.ablation_table import table
from retailsim.market.protocols.csales.events import STYLES
from tests.sim.runs import events_of, launched

FIXED = ("emotional", "evidence", "framing", "logical", "social-proof")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ablation") / "run"
    small = ("--set", "profiles.count=9", "--set", "design.replications=2")
    launched(folder, "csales-ablation", *small)
    return folder


@pytest.fixture(scope="module")
def outcome(run: Path) -> ExperimentOutcome:
    return table(load(run))


def opened(run: Path) -> dict[str, dict[str, Any]]:
    return {event["episode"]: event for event in events_of(run, "EpisodeOpened")}


@pytest.mark.slow
def test_success_by_style_is_the_one_of_the_log(run: Path, outcome: ExperimentOutcome) -> None:
    bought = {event["episode"] for event in events_of(run, "OrderPlaced")}
    style = {e["episode"]: e["decision_making_style"] for e in events_of(run, "BuyerProfiled")}
    counted = 0
    for row in outcome.table("styles").rows:
        seller = row.label.removesuffix(", by style")
        for value in row.values:
            some = [
                name
                for name, event in opened(run).items()
                if event["seller"] == seller and style[name] == value.name
            ]
            if some:
                share = sum(name in bought for name in some) / len(some)
                assert value.measured.value == pytest.approx(share)
                counted += 1
    assert counted == 12 * len(set(style.values()))
    assert set(style.values()) <= set(STYLES)


def test_the_whole_seller_meets_all_and_the_told_one_each_fixed_tactic(
    outcome: ExperimentOutcome,
) -> None:
    claims = [finding.claim for finding in outcome.findings]
    others = [row.label for row in outcome.table("sellers").rows][1:]
    assert claims == [
        *(f"SR of csi minus {other}" for other in others),
        *(f"SR of true-style minus {tactic}" for tactic in FIXED),
    ]
    assert len(others) == 11
    assert all(finding.adjusted_p is not None for finding in outcome.findings)


def test_the_sellers_are_what_their_names_say(run: Path) -> None:
    """Told styles are true or wrong from the first turn on; fixed tactics are single ones."""
    seller = {name: event["seller"] for name, event in opened(run).items()}
    truth = {e["episode"]: e["decision_making_style"] for e in events_of(run, "BuyerProfiled")}
    for event in events_of(run, "ProfileInferred"):
        right = event.get("decision_making_style") == truth[event["episode"]]
        if seller[event["episode"]] in ("true-style", "wrong-style"):
            assert right == (seller[event["episode"]] == "true-style")
    used: dict[str, set[str]] = {}
    for event in events_of(run, "ActionChosen"):
        if event.get("strategy"):
            used.setdefault(seller[event["episode"]], set()).add(event["strategy"])
    assert {name for name, tactics in used.items() if len(tactics) == 1} == set(FIXED)


@pytest.mark.slow
def test_all_sellers_meet_the_same_buyers(run: Path) -> None:
    """An item is worth the same to a buyer, whoever shows it."""
    meeting = {name: name.replace(event["seller"], "-", 1) for name, event in opened(run).items()}
    worth: dict[tuple[str, str], set[int]] = {}
    for event in events_of(run, "ItemValued"):
        key = (meeting[event["episode"]], event["product"])
        worth.setdefault(key, set()).add(event["reservation_cents"])
    assert all(len(found) == 1 for found in worth.values())
    assert len(worth) > 18


def test_the_note_that_it_is_an_illustration_stands_below(outcome: ExperimentOutcome) -> None:
    assert any("not to people" in note for note in outcome.notes)
