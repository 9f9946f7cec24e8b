"""From an event to what a chat says of it: speech as it was, the market's acts as a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from retailsim.analysis.protocol import Told
from retailsim.market.core.money import dollars

Speaker = Literal["seller", "buyer", "market"]
Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One entry of a chat.

    Parameters
    ----------
    seq : int
        Its place in the market.
    name : {"seller", "buyer", "market"}
        Who says it.
    content : str
        What; empty where the log was made without transcripts.
    review : dict or None
        A review with its ``aspect``, ``rating`` and ``text``: written, not said to the seller.
    """

    seq: int
    name: Speaker
    content: str
    review: dict[str, Any] | None = None


def said(seq: int, event: Event, acts: Mapping[str, Told]) -> ChatLine:
    """Turn an event of one of the types `SPOKEN`, or of `acts`, into an entry.

    Parameters
    ----------
    acts : mapping of str to callable
        Event type -> what the market says of such an event.

    Raises
    ------
    KeyError
        If the event lacks a field.
    """
    match event["type"]:
        case "PitchPresented":
            texts = (text for text in event["sections"].values() if text)
            return ChatLine(seq, "seller", "\n\n".join(texts))
        case "MessageSent":
            speaker: Speaker = "seller" if event["role"] == "seller" else "buyer"
            return ChatLine(seq, speaker, event["text"])
        case "ReviewPosted":
            kept = {key: event[key] for key in ("aspect", "rating", "text")}
            return ChatLine(seq, "buyer", "", kept)
        case kind:
            return ChatLine(seq, "market", acts[kind](event))


def _refunded(event: Event) -> str:
    return f"Refund of {dollars(event['amount_cents'])} for {event['quantity']}."


ACTS: Mapping[str, Told] = {
    "OrderPlaced": lambda event: (
        f"Order of {event['quantity']} at {dollars(event['unit_price_cents'])} each."
    ),
    "IssueRaised": lambda event: f"Issue: {event['issue']}.",
    "IssueResolved": lambda event: f"Resolved, {event['outcome']}: {event['resolution']}.",
    "RefundIssued": _refunded,
}
"""What the market says of the events that all protocols share."""

SPOKEN = frozenset({"PitchPresented", "MessageSent", "ReviewPosted"})
"""The event types that hold what agents say."""
