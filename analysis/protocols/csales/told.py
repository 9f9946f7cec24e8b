"""What is said of the events of sales conversations, in examples and in transcripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retailsim.analysis.protocol import Remark, Told
from retailsim.analysis.protocols.choice_words import options
from retailsim.market.core.money import dollars


def _shown_with_prices(event: Mapping[str, Any]) -> str:
    items = zip(event["products"], event["prices_cents"], strict=True)
    return f"Shown: {', '.join(f'{name} at {dollars(cents)}' for name, cents in items)}."


CHAT: Mapping[str, Told] = {
    "ItemsShown": _shown_with_prices,
    "ItemSelected": lambda event: f"Selected: {event['product']}.",
    "BuyerLeft": lambda event: f"The buyer leaves: {event['reason']}.",
}
"""Event type -> what both get to hear."""

EXAMPLES: Mapping[str, Told] = {
    **CHAT,
    "ActionChosen": lambda event: f"The seller chooses {event['action']}.",
    "ItemsShown": lambda event: f"Shown: {', '.join(event['products'])}.",
}
"""Event type -> what a reader of the report is told."""


def _priced(event: Mapping[str, Any]) -> str:
    return f"Selected: {event['product']} at {dollars(event['price_cents'])}."


def _valued(event: Mapping[str, Any]) -> str:
    return f"It is worth {dollars(event['reservation_cents'])} to the buyer."


def _lowered(event: Mapping[str, Any]) -> str:
    return f"The price goes down by {event['percent']}% to {dollars(event['price_cents'])}."


def _named(event: Mapping[str, Any]) -> str:
    fees = zip(event["products"], event["fees_cents"], strict=True)
    return f"Shipping named: {', '.join(f'{dollars(fee)} for {item}' for item, fee in fees)}."


def _chosen(event: Mapping[str, Any]) -> str:
    tactic = event.get("strategy")
    return f"The seller chooses {event['action']}{f': {tactic}' if tactic else ''}"


_INFERRED = ("preference", "category", "decision_making_style", "dialogue_openness", "focus")

REMARKS: Mapping[str, Remark] = {
    "BuyerProfiled": Remark(
        says=lambda event: f"The buyer is {event['profile']}, which no seller is told.",
        stage="Conversation",
    ),
    "ProfileInferred": Remark(
        says=lambda _: "The seller forms a picture of the buyer", why=_INFERRED, fold="Picture"
    ),
    "ActionChosen": Remark(says=_chosen, more=options, fold="Options"),
    "CategorySearched": Remark(
        says=lambda event: f"Looked up: {' > '.join(event['found']) or 'the whole catalogue'}",
        why=("options",),
        fold="Below it",
    ),
    "ItemsShown": Remark(says=_shown_with_prices, tone="act"),
    "ItemSelected": Remark(says=_priced, tone="act"),
    "ItemValued": Remark(says=_valued),
    "PriceLowered": Remark(says=_lowered, tone="act"),
    "ShippingNamed": Remark(says=_named),
    "BuyerLeft": Remark(says=lambda _: "The buyer leaves", why=("reason",), tone="act"),
}
"""Event type -> what a page that shows a whole conversation says."""
