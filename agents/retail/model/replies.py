"""The answers that models give, one struct a task, in closed unions, one a conversation.

Providers read the schema first, so all calls of a conversation share one: a schema of its own for
each task would be smaller, and would make everything behind it new to their caches.

Limits (ratings, lengths of lists) are checked when an answer is decoded. What no schema can say,
`problem` does.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import msgspec
from msgspec import Meta

from retailsim.agents.llm.talk.reply import Case, Reply
from retailsim.agents.reading.replies import ReadingEnvelope
from retailsim.events.messages import Aspect
from retailsim.market.core.admission import MAX_NUMBER
from retailsim.market.protocols.retail.values import SECTIONS, Topic

Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
Plan = Annotated[str, Meta(max_length=20_000)]
Persuasion = Literal["competitive comparison", "technical authority", "value per use"]
Stars = Annotated[int, Meta(ge=1, le=5)]
Units = Annotated[int, Meta(ge=0, le=MAX_NUMBER)]


LEAST_WORDS = 100
"""A pitch with fewer is asked for again once: the prompt asks for 350, published ones have 331."""


class StrategyReply(Reply, frozen=True, kw_only=True, tag="strategy"):
    """The plan of a pitch; what was not asked for is empty."""

    most_tokens: ClassVar[int] = 1_200

    target_expansion: Plan
    value_proposition: Plan
    persuasion: Persuasion | None
    contextual_urgency: Plan
    objection_handling: Plan


class PitchReply(Reply, frozen=True, kw_only=True, tag="pitch"):
    """The pitch in its five sections."""

    most_tokens: ClassVar[int] = 1_600

    opening_hook: Text
    target_expansion: Text
    qa_integration: Text
    value_validation: Text
    call_to_action: Text

    def thin(self) -> str | None:
        """Beside placeholders: far shorter than what was asked for."""
        words = sum(len(getattr(self, name).split()) for name in SECTIONS)
        short = f"the presentation has {words} words, five sections of 70 to 100 were asked for"
        return super().thin() or (short if words < LEAST_WORDS else None)


class AnswerReply(Reply, frozen=True, kw_only=True, tag="answer"):
    """An answer to the buyer."""

    text: Text


class SettlementReply(Reply, frozen=True, kw_only=True, tag="settlement"):
    """How a support dialogue ended."""

    most_tokens: ClassVar[int] = 300
    cases: ClassVar[tuple[Case, ...]] = (
        {"outcome": {"enum": ["refunded"]}, "refund_quantity": {"minimum": 1}},
        {"outcome": {"enum": ["delivered", "exchanged"]}, "refund_quantity": {"maximum": 0}},
    )

    outcome: Literal["delivered", "exchanged", "refunded"]
    resolution: Text
    reason: Text
    refund_quantity: Units
    refund_shipping: bool

    def problem(self) -> str | None:
        """A refund has units, anything else has none."""
        if (self.outcome == "refunded") != (self.refund_quantity > 0):
            return f"outcome {self.outcome} with refund_quantity {self.refund_quantity}"
        return None


class TopicsReply(Reply, frozen=True, kw_only=True, tag="topics"):
    """The review of the pitch, and one or two topics with the first message on them.

    The message is null where nothing is asked.
    """

    most_tokens: ClassVar[int] = 500

    rating: Stars
    review: Text
    topics: Annotated[tuple[Topic, ...], Meta(min_length=1, max_length=2)]
    reason: Text
    text: Text | None


class MessageReply(Reply, frozen=True, kw_only=True, tag="message"):
    """A message to the seller, or null to end the dialogue.

    With ``closes`` the message is the buyer's last: the seller answers it, and the buyer is not
    asked once more whether there is anything else.
    """

    most_tokens: ClassVar[int] = 300

    text: Text | None
    closes: bool = False


class DecisionReply(Reply, frozen=True, kw_only=True, tag="decision"):
    """The review of the talk, if there was one, and the decision.

    The quantity is 0 exactly when nothing is bought.
    """

    most_tokens: ClassVar[int] = 500
    cases: ClassVar[tuple[Case, ...]] = (
        {"will_purchase": {"enum": [True]}, "quantity": {"minimum": 1}},
        {"will_purchase": {"enum": [False]}, "quantity": {"maximum": 0}},
    )

    rating: Stars | None = None
    review: Text | None = None
    will_purchase: bool
    quantity: Units
    quantity_reason: str
    sentiment: Literal["Positive", "Neutral", "Negative"]
    reason: Text

    def problem(self) -> str | None:
        """Buying and the quantity belong together."""
        if self.will_purchase != (self.quantity > 0):
            return f"will_purchase {self.will_purchase} with quantity {self.quantity}"
        return None


LateAspect = Literal["post_inquiry", "product"]
"""What can only be reviewed once it is known what became of the order."""


class AspectReview(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The review of one aspect; ``would_recommend`` is for the product."""

    aspect: LateAspect
    rating: Stars
    text: Text
    would_recommend: bool | None = None


class ReviewsReply(Reply, frozen=True, kw_only=True, tag="reviews"):
    """The last reviews at once; one of an aspect that was not asked for counts for nothing."""

    most_tokens: ClassVar[int] = 500
    # Of other aspects it is not read.
    cases: ClassVar[tuple[Case, ...]] = ({"reviews.would_recommend": ...},)

    reviews: Annotated[tuple[AspectReview, ...], Meta(min_length=1, max_length=2)]

    def problem(self) -> str | None:
        """An aspect is reviewed once, and who reviews the product says whether to buy it."""
        aspects = [review.aspect for review in self.reviews]
        twice = {aspect for aspect in aspects if aspects.count(aspect) > 1}
        if twice:
            return f"more than one review of {', '.join(sorted(twice))}"
        product = self.of("product")
        if product is not None and product.would_recommend is None:
            return "the review of product says nothing in would_recommend"
        return None

    def of(self, aspect: Aspect) -> AspectReview | None:
        """Return the review of one aspect, if there is one."""
        return next((review for review in self.reviews if review.aspect == aspect), None)


class BroadcastEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a seller answers before and during its broadcast."""

    reply: StrategyReply | PitchReply


class ServiceEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a seller answers to buyers: most of its calls, so their schema is kept small."""

    reply: AnswerReply


class ClerkEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is read off a support dialogue when it is over."""

    reply: SettlementReply


class BuyerEnvelope(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a buyer answers, whatever it was asked: one schema keeps the cached prefix."""

    reply: TopicsReply | MessageReply | DecisionReply | ReviewsReply


ENVELOPES: tuple[type[msgspec.Struct], ...] = (
    BroadcastEnvelope,
    ServiceEnvelope,
    ClerkEnvelope,
    BuyerEnvelope,
    ReadingEnvelope,
)
