"""How a conversation came out, in a few words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from retailsim.analysis.conversation.conversation import Conversation
from retailsim.market.core.money import dollars


class Fact(msgspec.Struct, frozen=True):
    """One thing that came of it: what, and the event that says so."""

    text: str
    seq: int
    tone: Literal["good", "bad", "plain"] = "plain"


def outcome(shown: Conversation) -> tuple[Fact, ...]:
    """Return what came of a conversation, in the order of its events."""
    return tuple(sorted(_facts(shown), key=lambda fact: fact.seq))


def _facts(shown: Conversation) -> Iterator[Fact]:
    order, decision = shown.last("OrderPlaced"), shown.last("DecisionMade")
    if order is not None:
        paid = dollars(order["quantity"] * order["unit_price_cents"])
        yield Fact(f"bought {order['quantity']} for {paid}", order["seq"], "good")
    elif decision is not None and decision["will_purchase"]:
        yield Fact("decided to buy, without an order", decision["seq"], "bad")
    elif decision is not None:
        yield Fact("did not buy", decision["seq"])
    elif (end := shown.last("EpisodeClosed")) is not None:
        yield Fact("did not buy", end["seq"])
    if (settled := shown.last("IssueResolved")) is not None and settled["outcome"] == "exchanged":
        yield Fact("exchanged", settled["seq"])
    if (refund := shown.last("RefundIssued")) is not None:
        yield Fact(f"{dollars(shown.books.refunded_cents)} refunded", refund["seq"], "bad")
    for kind in ("EpisodeFailed", "MarketFailed"):
        if (failed := shown.last(kind)) is not None:
            yield Fact(f"failed in {failed['stage']}", failed["seq"], "bad")
    ratings = [one.fields for one in shown.events if one.kind == "ReviewPosted"]
    if ratings:
        mean = sum(one["rating"] for one in ratings) / len(ratings)
        yield Fact(f"{mean:.1f} of 5 stars", ratings[-1]["seq"])
