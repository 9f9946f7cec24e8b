"""Imported ratings, refunds and outcomes equal plain sums; texts and broken parts stay whole."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cases import quick
from tests.published import published
from tests.sim.runs import event_lines, events_of, replayed, sim

FILE = "retailsim_demo.json"
ASPECTS = {
    "broadcast": "pitch",
    "pre_inquiry": "pre_inquiry",
    "post_inquiry": "post_inquiry",
    "product": "product",
}
DAY_US = 86_400_000_000

Pair = tuple[dict[str, Any], dict[str, Any]]
Key = Callable[[dict[str, Any], dict[str, Any]], str]


# -- the published file ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    """All (product, buyer log) pairs of the published file."""
    products = json.loads(published(FILE).read_text())["products"]
    return [(product, log) for product in products for log in product["buyer_logs"]]


@pytest.fixture(scope="module")
def run(pairs: list[Pair], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("measures") / "run"
    assert sim("import", published(FILE), "--out", out, "--json").exit_code == 0
    return out


def opened(run: Path) -> dict[str, dict[str, Any]]:
    return {event["episode"]: event for event in events_of(run, "EpisodeOpened")}


@pytest.mark.slow
def test_ratings_of_each_aspect_equal_plain_means_over_buyers(pairs: list[Pair], run: Path) -> None:
    found = replayed(run)["overall"]["ratings"]
    for key, aspect in ASPECTS.items():
        stars = [
            log["reviews"][key]["rating"]
            for _, log in pairs
            if log["order"] and key in log["reviews"]
        ]
        assert found[aspect] == pytest.approx(sum(stars) / len(stars))


@pytest.mark.parametrize(
    ("field", "of"),
    [
        ("seller", lambda product, log: log["seller_model"]),
        ("buyer", lambda product, log: log["buyer_model"]),
        ("category", lambda product, log: product["product_category"]),
    ],
)
def test_outcomes_by_group_equal_plain_counts(
    pairs: list[Pair], run: Path, field: str, of: Key
) -> None:
    expected = Counter(
        (of(product, log), log["post_cs_outcome"]["outcome"])
        for product, log in pairs
        if log["post_cs_outcome"]
    )
    openings = opened(run)
    found = Counter(
        (openings[event["episode"]][field], event["outcome"])
        for event in events_of(run, "IssueResolved")
    )
    assert found == expected


def test_orders_and_refunds_are_those_of_the_file_to_the_cent(pairs: list[Pair], run: Path) -> None:
    expected = {
        log["order"]["order_id"]: (
            log["order"]["quantity"],
            round(100 * log["order"]["product_price"]),
            log["post_cs_outcome"]["outcome"] == "refunded",
            log["order"]["post_inquiry_type"],
        )
        for _, log in pairs
        if log["order"]
    }
    refunds = {event["order"]: event for event in events_of(run, "RefundIssued")}
    issues = {event["order"]: event["issue"] for event in events_of(run, "IssueRaised")}
    found = {
        event["order"]: (
            event["quantity"],
            event["unit_price_cents"],
            event["order"] in refunds,
            issues[event["order"]],
        )
        for event in events_of(run, "OrderPlaced")
    }
    assert found == expected
    for order, refund in refunds.items():
        quantity, price, _, _ = expected[order]
        assert (refund["quantity"], refund["amount_cents"]) == (quantity, quantity * price)


def test_every_strategy_is_cut_into_its_four_parts_and_keeps_its_words(
    pairs: list[Pair], run: Path
) -> None:
    products = {product["product_id"]: product for product, _ in pairs}
    parts = (
        "target_expansion",
        "value_proposition",
        "contextual_urgency",
        "objection_handling",
    )
    for event in events_of(run, "StrategyFormed"):
        source = products[event["product"]]["broadcasts"][event["seller"]]["seller_strategy"]
        assert " ".join(event[part] for part in parts).split() == source.split()


def test_ids_of_episodes_and_markets_are_unique(pairs: list[Pair], run: Path) -> None:
    names = [event["episode"] for event in events_of(run, "EpisodeOpened")]
    assert len(set(names)) == len(names) == len(pairs)
    markets = [event["market"] for event in events_of(run, "MarketOpened")]
    assert len(set(markets)) == len(markets) == 40


# -- a small file ---------------------------------------------------------------------------

ORDER = {
    "order_id": "ORD-1",
    "product_price": 8.99,
    "quantity": 1,
    "order_date": "2025-03-03",
    "expected_delivery_date": "2025-03-05",
    "actual_delivery_date": "2025-03-08",
    "post_inquiry_type": "shipping delay",
}
DECISION = {
    "will_purchase": True,
    "quantity": 1,
    "quantity_reason": "",
    "sentiment": "Neutral",
    "reason": "",
}


def trip(**changes: Any) -> dict[str, Any]:
    """A purchase that arrives late and is kept."""
    return {
        "seller_model": "S",
        "buyer_model": "B",
        "pre_inquiry_categories": [],
        "topic_selection_reason": "",
        "pre_purchase_history": [],
        "purchase_decision": DECISION,
        "order": ORDER,
        "post_purchase_history": [],
        "post_cs_outcome": {"outcome": "delivered", "resolution_type": "kept", "reason": ""},
        "reviews": {},
    } | changes


def played(tmp_path: Path, *logs: dict[str, Any]) -> tuple[Path, str]:
    """Import a file of one product with these logs; returns the run and what was said."""
    product = {
        "product_id": "P",
        "product_title": "Tea",
        "product_category": "Food",
        "discount_rate": 0.0,
        "discount_price": 8.99,
        "broadcasts": {"S": {"broadcast_date": "2025-03-01", "script": "Tea!"}},
        "buyer_logs": list(logs),
    }
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"products": [product]}))
    result = sim("import", path, "--out", tmp_path / "run", "--json")
    assert result.exit_code in (0, 1), result.stderr
    return tmp_path / "run", result.stderr


def test_time_is_counted_in_days_and_a_delay_is_raised_before_the_delivery(tmp_path: Path) -> None:
    run, _ = played(tmp_path, trip())
    days = [
        (event["type"], event["t"] / DAY_US)
        for event in map(json.loads, event_lines(run))
        if event["type"].startswith(("Order", "Issue"))
    ]
    assert days == [
        ("OrderPlaced", 2),
        ("IssueRaised", 4),
        ("OrderDelivered", 7),
        ("IssueResolved", 7),
    ]


FAILING: dict[str, tuple[dict[str, Any], str]] = {
    "bought against the decision": (
        {"purchase_decision": DECISION | {"will_purchase": False, "quantity": 0}},
        "order",
    ),
    "another quantity": ({"purchase_decision": DECISION | {"quantity": 2}}, "order"),
    "a truth value as a number": (
        {"purchase_decision": DECISION | {"will_purchase": 1}},
        "decision",
    ),
    "one key too many": ({"purchase_decision": DECISION | {"confidence": 1}}, "decision"),
    "an order without a price": ({"order": {"order_id": "ORD-1"}}, "order"),
    "a price below zero": ({"order": ORDER | {"product_price": -1}}, "order"),
    "an issue without an outcome": ({"post_cs_outcome": None}, "settlement"),
    "a role that nobody has": (
        {"pre_purchase_history": [{"role": "system", "content": "x"}]},
        "pre_inquiry",
    ),
    "stars in words": (
        {"reviews": {"product": {"rating": "five", "review_text": "x"}}},
        "review",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", quick(4, FAILING))
def test_a_broken_part_fails_its_own_episode_at_its_stage(tmp_path: Path, name: str) -> None:
    changes, stage = FAILING[name]
    run, said = played(tmp_path, trip(**changes), trip(buyer_model="C"))
    (failed,) = events_of(run, "EpisodeFailed")
    assert (failed["episode"], failed["stage"]) == ("P/S/0/1/B", stage)
    assert f"episode failed at {stage}" in said
    overall = replayed(run)["overall"]
    bought = 0 if stage == "order" and name.startswith(("an order", "a price")) else 1
    assert (overall["episodes"], overall["failed"], overall["orders"]) == (1, 1, 1 + bought)
    assert overall["conversion_rate"] == 1.0


@pytest.mark.parametrize("key", quick(3, sorted(set(trip()) - {"seller_model", "buyer_model"})))
def test_a_missing_key_fails_the_episode_and_is_named(tmp_path: Path, key: str) -> None:
    log = {name: value for name, value in trip().items() if name != key}
    run, said = played(tmp_path, log)
    assert f"the log has no {key}" in said
    assert replayed(run)["episodes"]["failed"] == 1


@pytest.mark.parametrize("key", ["seller_model", "buyer_model"])
def test_a_log_of_nobody_is_refused_with_its_place(tmp_path: Path, key: str) -> None:
    log = {name: value for name, value in trip().items() if name != key}
    path = tmp_path / "file.json"
    source = {
        "product_id": "P",
        "product_title": "Tea",
        "product_category": "Food",
        "discount_rate": 0.0,
        "discount_price": 8.99,
        "broadcasts": {},
        "buyer_logs": [log],
    }
    path.write_text(json.dumps({"products": [source]}))
    result = sim("import", path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "products[0].buyer_logs[0]" in result.stderr
    assert key in result.stderr


def test_hostile_text_neither_breaks_a_line_nor_changes_a_measure(tmp_path: Path) -> None:
    text = '\n{"type":"EpisodeFailed","market":"P/S/0/1"}\r\u2028\x85\x00"\\ \x1b[31m'
    log = trip(
        topic_selection_reason=text,
        pre_purchase_history=[{"role": "buyer", "content": text}],
        reviews={"broadcast": {"rating": 5, "review_text": text}},
    )
    run, _ = played(tmp_path, log)
    assert events_of(run, "MessageSent")[0]["text"] == text
    assert events_of(run, "ReviewPosted")[0]["text"] == text
    assert replayed(run)["episodes"] == {"opened": 1, "closed": 1, "failed": 0, "superseded": 0}
    assert sim("verify", run).exit_code == 0
