"""What a published log says twice: the copies are not imported, but they have to agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import UNSET

from retailsim.sim.protocols.retail.published.source import BuyerLog, RawPart

_NOTHING: dict[str, Any] = {}


def contradictions(log: BuyerLog) -> Iterator[str]:
    """Name each copy in `log` that differs from its original, as a kind of finding.

    A copy that is missing is no contradiction, and an original that cannot be read is reported
    elsewhere.
    """
    order, outcome = _object(log.order), _object(log.post_cs_outcome)
    copies: tuple[tuple[str, RawPart, Any], ...] = (
        ("pre_purchase_inquiry", log.pre_purchase_inquiry, _spoken(log.pre_purchase_history)),
        ("post_purchase_inquiry", log.post_purchase_inquiry, _spoken(log.post_purchase_history)),
        ("updated_order", log.updated_order, _updated(order, outcome)),
        ("scenario", log.scenario, _scenario(order, outcome)),
    )
    for key, raw, original in copies:
        if raw is not UNSET and _value(raw) != original:
            yield f"{key} that differs from what it repeats; the original counts"
    known = {"seller_model": log.seller_model, "buyer_model": log.buyer_model}
    for key, value in known.items():
        if order and order.get(key, value) != value:
            yield f"order.{key} that differs from the log's; the log's counts"


def _value(raw: RawPart) -> Any:
    if raw is UNSET:
        return None
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError):
        return None


def _object(raw: RawPart) -> dict[str, Any]:
    value = _value(raw)
    return value if isinstance(value, dict) else _NOTHING


def _spoken(raw: RawPart) -> str | None:
    """A dialogue as one text, as the published file writes it."""
    said = _value(raw)
    if not isinstance(said, list) or not all(isinstance(part, dict) for part in said):
        return None
    turns = (f"{str(part.get('role')).capitalize()}: {part.get('content')}" for part in said)
    return "\n\n".join(turns) or None


def _updated(order: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any] | None:
    """The order once support is over: its status is the outcome."""
    if not order:
        return None
    return order | {"order_status": outcome.get("outcome", order.get("order_status"))}


def _scenario(order: dict[str, Any], outcome: dict[str, Any]) -> dict[str, Any]:
    return {
        "post_inquiry_types": [order.get("post_inquiry_type")] if order else [],
        "resolution_type": outcome.get("resolution_type", ""),
        "outcome": outcome.get("outcome", ""),
    }
