"""Copies in a published log: named where they contradict what they repeat, and only there."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from retailsim.sim.protocols.retail.published.repeats import contradictions
from retailsim.sim.protocols.retail.published.source import BuyerLog

SAID = [{"role": "buyer", "content": "Is it warm?"}, {"role": "seller", "content": "Yes."}]
ORDER = {
    "order_id": "o",
    "order_status": "delivered",
    "post_inquiry_type": "damaged",
    "seller_model": "s",
    "buyer_model": "b",
}
OUTCOME = {"outcome": "refunded", "resolution_type": "full refund"}
WHOLE: dict[str, Any] = {
    "seller_model": "s",
    "buyer_model": "b",
    "pre_purchase_history": SAID,
    "pre_purchase_inquiry": "Buyer: Is it warm?\n\nSeller: Yes.",
    "post_purchase_history": SAID[:1],
    "post_purchase_inquiry": "Buyer: Is it warm?",
    "order": ORDER,
    "post_cs_outcome": OUTCOME,
    "updated_order": {**ORDER, "order_status": "refunded"},
    "scenario": {
        "post_inquiry_types": ["damaged"],
        "resolution_type": "full refund",
        "outcome": "refunded",
    },
}


def found(**changes: Any) -> list[str]:
    """What a log contradicts itself in; None takes a key away."""
    fields = {key: value for key, value in (WHOLE | changes).items() if value is not None}
    return list(contradictions(msgspec.json.decode(json.dumps(fields), type=BuyerLog)))


def test_a_log_that_repeats_itself_word_by_word_contradicts_nothing() -> None:
    assert found() == []


@pytest.mark.parametrize(
    "key", ["pre_purchase_inquiry", "post_purchase_inquiry", "updated_order", "scenario"]
)
def test_a_copy_that_is_missing_is_no_contradiction_and_another_one_is(key: str) -> None:
    assert found(**{key: None}) == []
    for other in ("else", {"x": 1}, 7):
        assert found(**{key: other}) == [
            f"{key} that differs from what it repeats; the original counts"
        ]


@pytest.mark.parametrize("key", ["seller_model", "buyer_model"])
def test_an_order_of_other_parties_is_named_and_the_logs_own_count(key: str) -> None:
    other = {**ORDER, key: "x"}
    updated = {**other, "order_status": "refunded"}
    said = f"order.{key} that differs from the log's; the log's counts"
    assert found(order=other, updated_order=updated) == [said]


def test_an_order_without_parties_contradicts_nobody() -> None:
    bare = {k: v for k, v in ORDER.items() if not k.endswith("_model")}
    assert found(order=bare, updated_order={**bare, "order_status": "refunded"}) == []


def test_without_support_an_order_stays_as_it_was() -> None:
    scenario = {"post_inquiry_types": ["damaged"], "resolution_type": "", "outcome": ""}
    assert found(post_cs_outcome=None, updated_order=ORDER, scenario=scenario) == []
    assert len(found(post_cs_outcome=None)) == 2


def test_originals_that_cannot_be_read_are_reported_elsewhere() -> None:
    """What repeats them differs then, but nothing breaks."""
    assert len(found(pre_purchase_history=["hm"], order="none", post_cs_outcome=[1])) == 3
