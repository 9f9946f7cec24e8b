"""Measures by what took the seats: people beside simulated buyers of one run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.projection.loader import load
from retailsim.analysis.replay.replay import replay
from retailsim.analysis.report.content import report
from tests.people import retail_words
from tests.people.played import RETAIL, Attended, play, text_of
from tests.sim.runs import event_lines, launched, scenario, sim

ROBOT = '[[buyers]]\nid = "robot"\n'


def by_hand(run: Path, kind: str) -> tuple[int, int]:
    """Episodes with a decision, and with an order, of buyers of one kind: from the event lines."""
    events: list[dict[str, Any]] = [json.loads(line) for line in event_lines(run)]
    of = {
        one["episode"]
        for one in events
        if one["type"] == "EpisodeOpened" and one["buyer_kind"] == kind
    }
    decided = [one for one in events if one["type"] == "DecisionMade" and one["episode"] in of]
    orders = [one for one in events if one["type"] == "OrderPlaced" and one["episode"] in of]
    return len(decided), len(orders)


@pytest.mark.slow
def test_people_and_simulated_buyers_are_measured_apart(tmp_path: Path) -> None:
    def often(question: Any) -> Any:
        given = dict(retail_words.buyers(question) or {})
        if question.request == "Decide" and "RSFD" in question.market:
            return {"buy": False, "sentiment": "Negative"}
        return given

    play(tmp_path, text_of(RETAIL, "buyer") + ROBOT, Attended(often))
    run = tmp_path / "run"
    rows = {row["buyer_kind"]: row for row in replay(run).kinds}
    assert set(rows) == {"person", "behavioral"}
    for kind, row in rows.items():
        decided, orders = by_hand(run, kind)
        assert (row["decided"], row["orders"]) == (decided, orders)
        assert row["conversion_rate"] == orders / decided
    assert rows["person"]["orders"] == 3
    shown = sim("replay", run)
    assert "person from behavioral" in shown.stdout
    assert len(json.loads(sim("replay", run, "--json").stdout)["kinds"]) == 2
    [seats] = (one for one in report(run, {}).sections if one.name == "seats")
    [kinds] = (one for one in seats.tables if one.title == "What took the seats")
    assert len(kinds.rows) == 2
    assert load(run).episodes["buyer_kind"].n_unique() == 2


def test_one_kind_of_seat_is_not_split(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, scenario(tmp_path, RETAIL.format(seller="", buyer="") + ROBOT))
    assert replay(run).kinds == ()
    assert "from behavioral" not in sim("replay", run).stdout
