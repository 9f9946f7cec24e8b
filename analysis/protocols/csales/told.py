"""What is said of the events of sales conversations, in examples and in transcripts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retailsim.analysis.protocol import Told
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
