"""What the report says of profit, against a plain loop over the events."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.measures.profit_statement import NO_COSTS
from retailsim.analysis.report.content import report
from retailsim.market.core.money import dollars
from tests.analysis.fakelog import closed, market, opened, order, write_run
from tests.analysis.plain_measures import profit
from tests.sim.runs import event_lines, launched


def told(run: Path) -> dict[str, dict[str, list[str]]]:
    """By title of a table, the texts of its rows."""
    sections = [one for one in report(run, {}).sections if one.name in ("profit", "products")]
    return {
        table.title: {name.text: [cell.text for cell in cells] for name, *cells in table.rows}
        for section in sections
        for table in section.tables
    }


def earned(run: Path) -> tuple[int, dict[str, int]]:
    """In all, and by title of the product."""
    events: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in map(json.loads, event_lines(run)):
        if line["episode"] is not None:
            events[line["episode"]].append(line)
    products: defaultdict[str, int] = defaultdict(int)
    for some in events.values():
        products[some[0]["title"]] += profit(some, costs_known=True) or 0
    return sum(products.values()), products


@pytest.mark.slow
def test_the_statement_and_each_product_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    run = tmp_path / "run"
    launched(run, "--set", "products.per_category=6", "--sellers", "plain-dealer")
    tables, (total, products) = told(run), earned(run)
    lines = tables["From sales to profit"]
    assert lines["Profit"][0] == dollars(total)
    assert lines["Sales"][2] == "100.0%"
    best, worst = tables["Most profit of 24 products"], tables["Least profit of 24 products"]
    assert len(best) == len(worst) == 10
    order_ = sorted(products, key=lambda title: -products[title])
    assert (list(best), list(worst)) == (order_[:10], order_[-10:])
    for title, cells in (best | worst).items():
        assert cells[5] == dollars(products[title])


@pytest.mark.slow
def test_a_report_without_a_cost_says_why_there_is_no_profit(tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", market("m", closed("e", opened(), order())))
    found = report(run, {})
    assert "profit" not in [section.name for section in found.sections]
    [summary] = [one for one in found.sections if one.name == "summary"]
    assert NO_COSTS in summary.lead
    assert not any("rofit" in one.name for one in summary.headlines)
