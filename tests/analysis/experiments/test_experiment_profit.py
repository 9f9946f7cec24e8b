"""Profit in the tables of experiments: a column where costs are known, none where they are not."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.experiments.outcomes import OutcomeRow
from retailsim.analysis.experiments.profit_column import NAME
from retailsim.analysis.measures.table import PROFIT
from retailsim.analysis.protocols.experiment_outcome import outcome_of
from tests.analysis.plain_measures import profit
from tests.sim.runs import SMALL, event_lines, launched


def mean_profit(run: Path, key: str) -> dict[str, float]:
    """Mean profit of an episode by a field of its opening, event by event."""
    events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in map(json.loads, event_lines(run)):
        if line["episode"] is not None:
            events[line["episode"]].append(line)
    earned: defaultdict[str, list[int]] = defaultdict(list)
    for some in events.values():
        earned[str(some[0][key])].append(profit(some, costs_known=True) or 0)
    return {name: sum(cents) / len(cents) for name, cents in earned.items()}


def profits(rows: tuple[OutcomeRow, ...]) -> dict[str, float | None]:
    return {row.label: row.values[-1].measured.value for row in rows if row.values[-1].name == NAME}


@pytest.mark.slow
def test_a_table_has_a_column_of_what_an_episode_earned(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, *SMALL, "--set", "design.price_multipliers=[0.9, 1.1]")
    prices = outcome_of("price-demand", {"all": run})
    by_price = mean_profit(run, "price_multiplier")
    assert profits(prices.rows) == {
        "-10%": pytest.approx(by_price["0.9"]),
        "+10%": pytest.approx(by_price["1.1"]),
    }
    assert f"Profit is {PROFIT}." in prices.about
    seats = profits(outcome_of("pairwise", {"all": run}).table("seats").rows)
    for seller, cents in mean_profit(run, "seller").items():
        assert seats[f"seller {seller}"] == pytest.approx(cents)


@pytest.mark.slow
def test_without_a_cost_there_is_no_such_column(tmp_path: Path) -> None:
    file, run = tmp_path / "shop.csv", tmp_path / "run"
    with file.open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(("id", "title", "category", "price"))
        rows.writerows((f"p{n}", f"Lamp number {n}", "Home", 20) for n in range(3))
    launched(run, "--catalog", file, *SMALL)
    outcome = outcome_of("pairwise", {"all": run})
    assert profits(outcome.rows) == {}
    assert not any("rofit" in said for said in outcome.about)


@pytest.mark.slow
def test_a_seller_of_conversations_earns_what_its_orders_leave(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, "csales", "--set", "profiles.count=4")
    worth = outcome_of("csales", {"all": run}).table("worth").rows
    found = {row.label.partition(",")[0]: row.values[0] for row in worth}
    assert {value.name for value in found.values()} == {"profit"}
    for seller, cents in mean_profit(run, "seller").items():
        assert found[seller].measured.value == pytest.approx(cents)
