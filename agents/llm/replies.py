"""The answers that models give, one struct a task; a closed union for each role.

Limits (ratings, lengths of lists) are checked when an answer is decoded. What no schema can say,
`problem` does.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from market.retail.values import Topic

Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
Stars = Annotated[int, Meta(ge=1, le=5)]


class Reply(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """Base of all replies; ``kind`` says which one it is."""

    def problem(self) -> str | None:
        """Say what contradicts itself in the reply, or None."""
        return None


class StrategyReply(Reply, frozen=True, kw_only=True, tag="strategy"):
    """The plan of a pitch; what was not asked for is null."""

    target_expansion: Text | None
    value_proposition: Text | None
    contextual_urgency: Text | None
    objection_handling: Text | None


class PitchReply(Reply, frozen=True, kw_only=True, tag="pitch"):
    """The pitch in its five sections."""

    opening_hook: Text
    target_expansion: Text
    qa_integration: Text
    value_validation: Text
    call_to_action: Text


class AnswerReply(Reply, frozen=True, kw_only=True, tag="answer"):
    """An answer to the buyer."""

    text: Text


class SettlementReply(Reply, frozen=True, kw_only=True, tag="settlement"):
    """How a support dialogue ended."""

    outcome: Literal["delivered", "exchanged", "refunded"]
    resolution: Text
    reason: Text
    refund_quantity: Annotated[int, Meta(ge=0)]
    refund_shipping: bool

    def problem(self) -> str | None:
        """A refund has units, anything else has none."""
        if (self.outcome == "refunded") != (self.refund_quantity > 0):
            return f"outcome {self.outcome} with refund_quantity {self.refund_quantity}"
        return None


class TopicsReply(Reply, frozen=True, kw_only=True, tag="topics"):
    """One or two topics to ask about."""

    topics: Annotated[tuple[Topic, ...], Meta(min_length=1, max_length=2)]
    reason: Text


class MessageReply(Reply, frozen=True, kw_only=True, tag="message"):
    """A message to the seller, or null to end the dialogue."""

    text: Text | None


class DecisionReply(Reply, frozen=True, kw_only=True, tag="decision"):
    """The decision; the quantity is 0 exactly when nothing is bought."""

    will_purchase: bool
    quantity: Annotated[int, Meta(ge=0)]
    quantity_reason: str
    sentiment: Literal["Positive", "Neutral", "Negative"]
    reason: Text

    def problem(self) -> str | None:
        """Buying and the quantity belong together."""
        if self.will_purchase != (self.quantity > 0):
            return f"will_purchase {self.will_purchase} with quantity {self.quantity}"
        return None


class AspectReview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The review of one aspect."""

    rating: Stars
    text: Text


class ProductReview(AspectReview, frozen=True, kw_only=True):
    """The review of the product itself."""

    would_recommend: bool


class ReviewsReply(Reply, frozen=True, kw_only=True, tag="reviews"):
    """All reviews at once; an aspect that was not asked for is null."""

    pitch: AspectReview | None
    pre_inquiry: AspectReview | None
    post_inquiry: AspectReview | None
    product: ProductReview | None


class SellerEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a seller answers, whatever it was asked: one schema keeps the cached prefix."""

    reply: StrategyReply | PitchReply | AnswerReply | SettlementReply


class BuyerEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a buyer answers, whatever it was asked."""

    reply: TopicsReply | MessageReply | DecisionReply | ReviewsReply


Envelope = SellerEnvelope | BuyerEnvelope
