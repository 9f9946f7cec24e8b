"""Published trajectories with one answer of an episode spoilt: only that answer is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from retailsim.analysis.projection.loader import load
from tests.published import published
from tests.sim.runs import replayed, sim

FILE = "retailsim_demo.json"
Log = dict[str, Any]


@pytest.fixture(scope="module")
def source() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(published(FILE).read_text())
    return read


def logs(source: dict[str, Any]) -> Iterator[Log]:
    for product in source["products"]:
        yield from product["buyer_logs"]


def decided(log: Log) -> bool:
    """Whether the decision has the keys that buyers were asked for."""
    keys = {"will_purchase", "quantity", "quantity_reason", "sentiment", "reason"}
    return set(log["purchase_decision"]) == keys


def cents(log: Log) -> int:
    order = log["order"]
    return int(order["quantity"] * round(100 * order["product_price"])) if order else 0


def kept(log: Log) -> int:
    outcome = log["post_cs_outcome"]
    refunded = isinstance(outcome, dict) and outcome.get("outcome") == "refunded"
    return 0 if refunded else cents(log)


def imported(source: dict[str, Any], folder: Path) -> Path:
    path = folder / "file.json"
    path.write_text(json.dumps(source))
    assert sim("import", path, "--out", folder / "run", "--json").exit_code == 0
    return folder / "run"


def last(source: dict[str, Any], outcome: str) -> Log:
    """The last order of the file with this outcome."""
    fitting = [
        log for log in logs(source) if log["order"] and log["post_cs_outcome"]["outcome"] == outcome
    ]
    return fitting[-1]


def seats(log: Log) -> tuple[str, str]:
    return log["seller_model"], log["buyer_model"]


def net_of(rows: list[dict[str, Any]], log: Log) -> int:
    """What the pair of a log's seats earned, as a replay has it."""
    [net] = (
        row["net_revenue_cents"] for row in rows if (row["seller"], row["buyer"]) == seats(log)
    )
    return int(net)


@pytest.mark.slow
def test_the_file_as_it_is(source: dict[str, Any], tmp_path: Path) -> None:
    """Two of its 200 decisions cannot be read; 150 of the others are to buy."""
    row = replayed(imported(source, tmp_path))["overall"]
    known = [log for log in logs(source) if decided(log)]
    bought = [log for log in known if log["order"]]
    assert (len(bought), len(known)) == (150, 198)
    assert row["conversion_rate"] == 150 / 198
    assert (row["conversion_rate_low"], row["conversion_rate_high"]) == (150 / 200, 152 / 200)
    assert row["net_revenue_cents"] == sum(map(kept, known)) == 542_356
    assert row["refund_rate"] == row["refund_rate_low"] == row["refund_rate_high"]


@pytest.mark.slow
def test_a_garbled_last_review_takes_away_its_stars_and_nothing_else(
    source: dict[str, Any], tmp_path: Path
) -> None:
    spoilt = deepcopy(source)
    log = last(spoilt, "delivered")
    whole = [one for one in logs(source) if seats(one) == seats(log)]
    stars = log["reviews"]["product"].pop("rating")
    run = imported(spoilt, tmp_path)
    found = replayed(run)
    row = found["overall"]
    assert (found["episodes"]["failed"], row["decided"], row["orders"]) == (3, 198, 150)
    assert row["conversion_rate"] == 150 / 198
    assert row["net_revenue_cents"] == sum(map(kept, logs(source)))
    assert net_of(found["pairs"], log) == sum(map(kept, whole))
    rated = [one["reviews"]["product"]["rating"] for one in logs(source) if one["order"]]
    assert row["ratings"]["product"] == (sum(rated) - stars) / (len(rated) - 1)
    # The control: the rule that went before counts what closed, and loses what was kept.
    closed = load(run).episodes.filter(status="closed")
    assert closed["net_revenue_cents"].sum() == row["net_revenue_cents"] - cents(log)
    assert (closed["orders"].sum(), closed.height) == (149, 197)


@pytest.mark.slow
def test_a_garbled_outcome_leaves_the_refund_open_and_the_order_counts(
    source: dict[str, Any], tmp_path: Path
) -> None:
    spoilt = deepcopy(source)
    log = last(spoilt, "refunded")
    log["post_cs_outcome"] = {"verdict": "money back"}
    row = replayed(imported(spoilt, tmp_path))["overall"]
    orders = [one["order"]["quantity"] for one in logs(source) if one["order"]]
    back = [
        one["order"]["quantity"]
        for one in logs(source)
        if one["order"] and one["post_cs_outcome"]["outcome"] == "refunded"
    ]
    mine = log["order"]["quantity"]
    assert (row["orders"], row["units"], row["unsettled"]) == (150, sum(orders), 1)
    assert row["refund_rate"] == (sum(back) - mine) / (sum(orders) - mine)
    assert row["refund_rate_low"] == (sum(back) - mine) / sum(orders)
    assert row["refund_rate_high"] == sum(back) / sum(orders)
    net = sum(map(kept, logs(source)))
    assert (row["net_revenue_cents_low"], row["net_revenue_cents"]) == (net, net + cents(log))


@pytest.mark.slow
def test_a_garbled_inquiry_changes_no_measure(source: dict[str, Any], tmp_path: Path) -> None:
    """What came later can be read all the same."""
    spoilt = deepcopy(source)
    for outcome in ("delivered", "refunded"):
        last(spoilt, outcome)["pre_purchase_history"] = "silence"
    (tmp_path / "whole").mkdir()
    row = replayed(imported(spoilt, tmp_path))["overall"]
    whole = replayed(imported(source, tmp_path / "whole"))["overall"]
    assert (row["failed"], row["episodes"]) == (4, 196)
    same = set(row) - {"failed", "episodes"}
    assert {name: row[name] for name in same} == {name: whole[name] for name in same}
