"""What is said of the events that all protocols share: in the report's examples and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retailsim.analysis.protocol import Remark
from retailsim.market.core.money import dollars

Event = Mapping[str, Any]

STAGES: Mapping[str, str] = {
    "pitch": "Pitch",
    "pre_inquiry": "Questions",
    "post_inquiry": "Support",
    "sales": "Conversation",
    "reviews": "Reviews",
}
"""The headings of what is said, by the stages of the log."""


def _decided(event: Event) -> str:
    what = f"buys {event['quantity']}" if event["will_purchase"] else "does not buy"
    return f"The buyer {what}"


def _resolved(event: Event) -> str:
    return f"Resolved, {event['outcome']}"


EXAMPLES: Mapping[str, Remark] = {
    "DecisionMade": Remark(
        says=_decided, why=("reason", "quantity_reason"), stage="Decision", tone="act"
    ),
    "OrderPlaced": Remark(
        says=lambda event: (
            f"Order of {event['quantity']} at {dollars(event['unit_price_cents'])} each."
        ),
        stage="Order",
        tone="act",
    ),
    "IssueRaised": Remark(
        says=lambda event: f"Something is wrong: {event['issue']}.", stage="Support", tone="warn"
    ),
    "IssueResolved": Remark(says=_resolved, why=("reason", "resolution"), tone="act"),
    "RefundIssued": Remark(
        says=lambda event: f"Refund of {dollars(event['amount_cents'])}.", tone="act"
    ),
    "CommandRejected": Remark(
        says=lambda event: f"Rejected, {event['command']}", why=("reason",), tone="warn"
    ),
    "OutputRejected": Remark(
        says=lambda event: f"Unusable answer ({event['reason']})",
        why=("raw",),
        fold="Answer",
        tone="warn",
    ),
    "EpisodeFailed": Remark(
        says=lambda event: f"The episode failed in {event['stage']}", why=("reason",), tone="warn"
    ),
}
"""By event type; examples show no other events of those that all protocols share."""


def _met(event: Event) -> str:
    return f"{event['seller'] or 'Somebody'} and {event['buyer']} meet."


def _claimed(event: Event) -> str:
    what = "against" if event["verdict"] == "contradicted" else "not on"
    return f"A claim that is {what} the product sheet ({event['kind']})"


def _read(event: Event) -> str:
    return f"Claims read by {event['reader']}: {event['claims']}"


REMARKS: Mapping[str, Remark] = {
    "MarketOpened": Remark(says=lambda _: "The market opens."),
    "MarketClosed": Remark(says=lambda _: "The market closes."),
    "MarketFailed": Remark(
        says=lambda event: f"The market failed in {event['stage']}", why=("reason",), tone="warn"
    ),
    "EpisodeOpened": Remark(says=_met),
    "EpisodeClosed": Remark(says=lambda _: "The episode ends."),
    "OrderDelivered": Remark(says=lambda _: "The order is delivered.", tone="act"),
    "ClaimFound": Remark(says=_claimed, why=("sentence", "rule"), fold="Claim"),
    "ClaimsRead": Remark(says=_read, why=("problem",)),
    **EXAMPLES,
}
"""By event type, of all that are no speech."""
