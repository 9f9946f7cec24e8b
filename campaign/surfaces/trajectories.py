"""Import: files of published trajectories, turned into the events of a run."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from campaign.planting import planted
from campaign.surface import Surface, as_file, same, within
from retailsim.events.messages import EpisodeOpened, OrderPlaced, RefundIssued
from retailsim.sim.protocols.retail.published import published_episode, published_run
from retailsim.sim.protocols.retail.published.source import Findings, read_trajectories


@cache
def seeds() -> tuple[bytes, ...]:
    """A product with a purchase and its refund, and one that is not bought."""
    bought = _log(
        purchase_decision=_decision(2),
        order={
            "order_id": "O1",
            "product_price": 38.25,
            "quantity": 2,
            "order_date": "2025-03-03",
            "expected_delivery_date": "2025-03-08",
            "actual_delivery_date": "2025-03-10",
            "post_inquiry_type": "not as described",
        },
        post_cs_outcome={"outcome": "refunded", "resolution_type": "all", "reason": "so"},
        post_purchase_history=[{"role": "buyer", "content": "It is broken."}],
        reviews={
            aspect: {"rating": 4, "review_text": "So.", "would_recommend": True}
            for aspect in ("broadcast", "pre_inquiry", "post_inquiry", "product")
        },
    )
    left = _log(
        purchase_decision=_decision(0),
        order=None,
        post_cs_outcome=None,
        post_purchase_history=[],
        reviews={"broadcast": {"rating": 2, "review": "No."}},
    )
    return (_file(bought), _file(left), _file(bought, left, left))


def _file(*logs: dict[str, Any]) -> bytes:
    strategy = "\n".join(f"### {n}. Part\nSo." for n in (1, 2, 3, 4))
    product = {
        "product_id": "P1",
        "product_title": "Kettle",
        "product_category": "Electronics",
        "discount_rate": 0.1,
        "discount_price": 38.25,
        "post_inquiry_type": "not as described",
        "broadcasts": {
            "S": {"broadcast_date": "2025-03-03", "seller_strategy": strategy, "script": "Buy."}
        },
        "buyer_logs": logs,
    }
    return json.dumps({"products": [product]}).encode()


def _log(**parts: Any) -> dict[str, Any]:
    return {
        "seller_model": "S",
        "buyer_model": "B",
        "pre_inquiry_categories": ["product specifications", "price / discounts"],
        "topic_selection_reason": "so",
        "pre_purchase_history": [
            {"role": "buyer", "content": "Is it steel?"},
            {"role": "seller", "content": "It is."},
        ],
        **parts,
    }


def _decision(quantity: int) -> dict[str, Any]:
    return {
        "will_purchase": quantity > 0,
        "quantity": quantity,
        "quantity_reason": "so",
        "sentiment": "Positive" if quantity else "Negative",
        "reason": "so",
    }


def feed(data: bytes) -> str:
    """Read a file and make its events; orders are those of a second reading."""
    findings, tally = Findings(), published_run.Tally()
    _, entries = read_trajectories(as_file("fuzz.json", data), findings)
    orders = 0
    for entry, product in zip(entries, json.loads(data)["products"], strict=True):
        logs, opened = product["buyer_logs"], 0
        for events in published_run._markets(entry, findings):
            tally.add(events)
            published_run._encode_lines(events)
            opened += sum(isinstance(event, EpisodeOpened) for event in events)
            for event in events:
                if isinstance(event, OrderPlaced):
                    orders += 1
                    _ordered(event, logs)
                elif isinstance(event, RefundIssued):
                    within("refund", event.quantity, 1, 1_000_000)
        same("episodes", opened, len(logs))
    for line in findings.lines():
        if "\n" in line:
            raise AssertionError("a finding of more than a line")
    return "orders" if orders else "none"


def _ordered(event: OrderPlaced, logs: list[dict[str, Any]]) -> None:
    """The order stands in one of the logs as it was placed, to half a cent."""
    said = [log["order"] for log in logs if isinstance(log.get("order"), dict)]
    fitting = [
        one
        for one in said
        if one.get("quantity") == event.quantity
        and abs(one.get("product_price", 0) * 100 - event.unit_price_cents) <= 0.5 + 1e-6
    ]
    same("orders that fit", bool(fitting), True)


def _wrong(cents: Callable[[float], int]) -> Callable[[float], int]:
    return lambda amount: cents(amount) + (amount > 10_000)


SURFACE = Surface(
    name="import",
    seeds=seeds,
    feed=feed,
    code=("sim/protocols/retail/published",),
    bug=lambda: planted(published_episode, "whole_cents", _wrong),
)
