"""Published trajectories become a run whose measures are right, and nothing is dropped silently."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cases import quick
from tests.published import published
from tests.sim.runs import event_lines, events_of, replayed, sim

FILE = "retailsim_demo.json"
DECISION = {"will_purchase", "quantity", "quantity_reason", "sentiment", "reason"}


def imported(path: Path, out: Path) -> str:
    """Import a file; returns what was said about it."""
    result = sim("import", path, "--out", out, "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["run"] == str(out)
    return result.stderr


# -- the published file, against sums in plain Python ---------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("published") / "run"
    imported(published(FILE), out)
    return out


def logs() -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """All (product, buyer log) pairs whose decision is on schema."""
    products = json.loads(published(FILE).read_text())["products"]
    return [
        (product, log)
        for product in products
        for log in product["buyer_logs"]
        if set(log["purchase_decision"]) == DECISION
    ]


def sums(chosen: Callable[[dict[str, Any], dict[str, Any]], bool]) -> dict[str, Any]:
    """Measures of some logs, by the contract's definitions and the file alone."""
    some = [(p, log) for p, log in logs() if chosen(p, log)]
    orders = [log for _, log in some if log["order"]]
    refunded = [log for log in orders if log["post_cs_outcome"]["outcome"] == "refunded"]
    units = sum(log["order"]["quantity"] for log in orders)
    cents = [
        round(100 * log["order"]["product_price"]) * log["order"]["quantity"] for log in orders
    ]
    back = [
        round(100 * log["order"]["product_price"]) * log["order"]["quantity"] for log in refunded
    ]
    stars = [review["rating"] for log in orders for review in log["reviews"].values()]
    return {
        "episodes": len(some),
        "orders": len(orders),
        "units": units,
        "units_refunded": sum(log["order"]["quantity"] for log in refunded),
        "conversion_rate": len(orders) / len(some),
        "average_quantity": units / len(orders),
        "average_rating": sum(stars) / len(stars),
        "gross_revenue_cents": sum(cents),
        "net_revenue_cents": sum(cents) - sum(back),
    }


def same(row: dict[str, Any], expected: dict[str, Any]) -> bool:
    return {key: row[key] for key in expected} == {
        key: pytest.approx(value) for key, value in expected.items()
    }


def test_the_published_file_gives_200_episodes_of_which_two_cannot_be_read(run: Path) -> None:
    measures = replayed(run)
    assert measures["episodes"]["opened"] == 200
    assert measures["episodes"]["closed"] == len(logs()) == 198
    assert measures["episodes"]["failed"] == measures["rejected_outputs"] == 2
    rejected = events_of(run, "OutputRejected")
    assert {event["stage"] for event in rejected} == {"decision"}
    assert any('"decision": "buy"' in event["raw"] for event in rejected)
    assert any('"quantity:"' in event["raw"] for event in rejected)


def test_overall_measures_equal_plain_sums(run: Path) -> None:
    assert same(replayed(run)["overall"], sums(lambda product, log: True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "key", "of"),
    [
        ("sellers", "seller", lambda product, log: log["seller_model"]),
        ("buyers", "buyer", lambda product, log: log["buyer_model"]),
        ("categories", "category", lambda product, log: product["product_category"]),
    ],
)
def test_measures_by_group_equal_plain_sums(
    run: Path, rows: str, key: str, of: Callable[[Any, Any], str]
) -> None:
    groups = {of(product, log) for product, log in logs()}
    found = {row[key]: row for row in replayed(run)[rows]}
    assert set(found) == groups
    for group in groups:

        def within(product: Any, log: Any, group: str = group) -> bool:
            return of(product, log) == group

        assert same(found[group], sums(within))


def test_every_message_and_review_of_the_file_is_an_event(run: Path) -> None:
    products = json.loads(published(FILE).read_text())["products"]
    said = [
        message["content"]
        for product in products
        for log in product["buyer_logs"]
        for message in [*log["pre_purchase_history"], *log["post_purchase_history"]]
    ]
    assert sorted(event["text"] for event in events_of(run, "MessageSent")) == sorted(said)
    reviews = sum(len(log["reviews"]) for product in products for log in product["buyer_logs"])
    assert len(events_of(run, "ReviewPosted")) == reviews
    scripts = [b["script"] for product in products for b in product["broadcasts"].values()]
    pitched = [event["sections"]["script"] for event in events_of(run, "PitchPresented")]
    assert sorted(pitched) == sorted(scripts)


def test_an_imported_run_is_whole_and_cannot_be_played(run: Path) -> None:
    verified = sim("verify", run)
    assert verified.exit_code == 0
    assert "not re-executed: it was imported from retailsim_demo.json" in verified.stdout
    resumed = sim("resume", run)
    assert resumed.exit_code == 0
    assert "nothing to do" in resumed.stderr


def test_time_never_runs_backwards_and_numbers_have_no_gaps(run: Path) -> None:
    last: dict[str, tuple[int, int]] = {}
    for line in event_lines(run):
        event = json.loads(line)
        seq, t = last.get(event["market"], (-1, 0))
        assert event["seq"] == seq + 1
        assert event["t"] >= t
        last[event["market"]] = (event["seq"], event["t"])


@pytest.mark.slow
def test_two_imports_are_equal(run: Path, tmp_path: Path) -> None:
    imported(published(FILE), tmp_path / "run")
    assert event_lines(tmp_path / "run") == event_lines(run)


# -- a small file, for what the published one does not hold ---------------------------------


def log(**changes: Any) -> dict[str, Any]:
    """One buyer's log: a purchase that ends in a refund."""
    return {
        "seller_model": "S",
        "buyer_model": "B",
        "pre_inquiry_categories": ["price / discounts"],
        "topic_selection_reason": "why not",
        "pre_purchase_history": [
            {"role": "buyer", "content": "How much?"},
            {"role": "seller", "content": "Nine dollars."},
        ],
        "purchase_decision": {
            "will_purchase": True,
            "quantity": 2,
            "quantity_reason": "a pair",
            "sentiment": "Positive",
            "reason": "cheap",
        },
        "order": {
            "order_id": "ORD-1",
            "product_price": 9.0,
            "quantity": 2,
            "order_date": "2025-03-02",
            "expected_delivery_date": "2025-03-05",
            "actual_delivery_date": "2025-03-05",
            "post_inquiry_type": "change of mind",
        },
        "post_purchase_history": [{"role": "buyer", "content": "Back, please."}],
        "post_cs_outcome": {"outcome": "refunded", "resolution_type": "full", "reason": "asked"},
        "reviews": {
            "broadcast": {"rating": 4, "review_text": "fine"},
            "product": {"rating": 1, "review_text": "bad", "would_recommend": False},
        },
    } | changes


def small(tmp_path: Path, *some: dict[str, Any], **product: Any) -> Path:
    """A file with one product and these logs."""
    source = {
        "product_id": "P1",
        "product_title": "A [bold]thing[/bold]\x1b[31m",
        "product_category": "Home",
        "discount_rate": 0.1,
        "discount_price": 9.0,
        "post_inquiry_type": "change of mind",
        "broadcasts": {"S": {"broadcast_date": "2025-03-01", "script": "Buy!"}},
        "buyer_logs": list(some),
    } | product
    path = tmp_path / "file.json"
    path.write_text(json.dumps({"products": [source]}))
    return path


def test_a_refund_gives_back_the_goods_and_a_list_price_sets_the_shipping(tmp_path: Path) -> None:
    imported(small(tmp_path, log()), tmp_path / "run")
    (order,) = events_of(tmp_path / "run", "OrderPlaced")
    assert (order["unit_price_cents"], order["quantity"], order["shipping_cents"]) == (900, 2, 50)
    (refund,) = events_of(tmp_path / "run", "RefundIssued")
    assert (refund["amount_cents"], refund["quantity"]) == (1800, 2)
    assert refund["return_shipping_payer"] == "buyer"
    assert replayed(tmp_path / "run")["overall"]["net_revenue_cents"] == 0


ANOMALIES: dict[str, tuple[dict[str, Any], str]] = {
    "no order": ({"order": None, "post_cs_outcome": None}, "decision and order contradict"),
    "other keys": ({"purchase_decision": {"decision": "buy"}}, "cannot be read"),
    "unknown outcome": (
        {"post_cs_outcome": {"outcome": "lost", "resolution_type": "", "reason": ""}},
        "post_cs_outcome that cannot be read",
    ),
    "six stars": (
        {"reviews": {"broadcast": {"rating": 6, "review_text": "wow"}}},
        "cannot be read",
    ),
    "no broadcast": ({"seller_model": "T"}, "there is no broadcast"),
}


@pytest.mark.parametrize("name", quick(3, ANOMALIES))
def test_what_contradicts_itself_fails_visibly(tmp_path: Path, name: str) -> None:
    changes, said = ANOMALIES[name]
    path = small(tmp_path, log(**changes), log(buyer_model="C"))
    result = sim("import", path, "--out", tmp_path / "run", "--json")
    assert result.exit_code == 0, result.stderr
    assert said in result.stderr
    assert replayed(tmp_path / "run")["episodes"] == {
        "opened": 2,
        "closed": 1,
        "failed": 1,
        "superseded": 0,
    }


def test_oddities_that_change_no_measure_are_said_and_kept(tmp_path: Path) -> None:
    path = small(tmp_path, log(pre_inquiry_categories=["weather"], extra=1))
    result = sim("import", path, "--out", tmp_path / "run", "--json")
    assert "unknown topic 'weather', kept as it is" in result.stderr
    assert "unknown key 'extra', not imported" in result.stderr
    (topics,) = events_of(tmp_path / "run", "TopicsChosen")
    assert topics["topics"] == ["weather"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "not JSON"),
        (b"[]", "Expected `object`"),
        (b'{"products": []}', "products"),
        (b'{"products": [{"product_id": "x"}]}', "products[0]"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_wrong_file_is_one_line_and_leaves_no_run(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(content)
    result = sim("import", path, "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (b"title,price\nMug,12.00\n", "not JSON"),
        (b"Titel;Preis\nK\xe4nnchen;12,00\n", "byte 13: not UTF-8"),
        (b'[{"title": "Mug"}]', "Expected `object`, got `array`"),
        (b'{"products": [{"title": "Mug"}]}', "products[0]: Object missing required field"),
    ],
)
def test_a_catalogue_is_sent_where_catalogues_go(
    tmp_path: Path, content: bytes, where: str
) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes(content)
    said = sim("import", path, "--out", tmp_path / "run").stderr
    assert where in said
    assert said.endswith(
        "; import takes published trajectories; products of your own go to launch --catalog FILE\n"
    )


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    result = sim("import", tmp_path / "nothing.json", "--out", tmp_path / "run")
    assert result.exit_code == 2
    assert "No such file" in result.stderr
