"""What a person is asked who buys in the retail protocol."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from retailsim.agents.person.form import Field, Fields, Given, options_of
from retailsim.agents.person.side import Step
from retailsim.market.core.request import AgentRequest
from retailsim.market.protocols.retail.requests import (
    AskSeller,
    ChooseTopics,
    Complain,
    Decide,
    WriteReview,
)
from retailsim.market.protocols.retail.spec import RetailRules
from retailsim.market.protocols.retail.values import NO_REVIEW, TOPICS, Decision, Review, Topics

DECIDING_S = 120.0
_MOST_UNITS = RetailRules().max_quantity
_LEFT = "The buyer left."

_ABOUT = {
    "pitch": "the seller's presentation",
    "pre_inquiry": "the answers before the purchase",
    "post_inquiry": "the help after the purchase",
    "product": "the product",
}


def _topic_fields(request: ChooseTopics) -> Fields:
    return (
        Field(
            name="topics",
            label="Topics",
            kind="choices",
            options=options_of(TOPICS),
            least=1,
            most=2,
        ),
    )


def _topics(request: ChooseTopics, given: Given) -> Topics:
    return Topics(topics=given["topics"], reason="")


def _dialogue(end: str, text: str) -> Fields:
    return (
        Field(name="end", label=end, kind="yes or no", optional=True),
        Field(name="text", label=text, only_if=("end", (False,))),
    )


def _text(request: Any, given: Given) -> str | None:
    return None if given["end"] else given["text"]


def _decision_fields(request: Decide) -> Fields:
    return (
        Field(name="buy", label="Do you buy?", kind="yes or no"),
        Field(
            name="quantity",
            label="How many",
            kind="number",
            least=1,
            most=_MOST_UNITS,
            only_if=("buy", (True,)),
        ),
        Field(
            name="sentiment",
            label="What you think of the offer",
            kind="choice",
            options=options_of(("Positive", "Neutral", "Negative")),
        ),
        Field(name="reason", label="Why", optional=True),
    )


def _decision(request: Decide, given: Given) -> Decision:
    return Decision(
        will_purchase=given["buy"],
        quantity=given["quantity"] or 0,
        quantity_reason="",
        sentiment=given["sentiment"],
        reason=given["reason"] or "",
    )


def _no_purchase(request: Decide) -> Decision:
    return Decision(
        will_purchase=False, quantity=0, quantity_reason="", sentiment="Neutral", reason=_LEFT
    )


def _review_fields(request: WriteReview) -> Fields:
    stars = Field(name="rating", label="Stars", kind="stars", least=1, most=5)
    text = Field(name="text", label="Your review")
    if request.aspect != "product":
        return (stars, text)
    return (stars, text, Field(name="recommend", label="Do you recommend it?", kind="yes or no"))


def _review(request: WriteReview, given: Given) -> Review:
    return Review(
        rating=given["rating"], text=given["text"], would_recommend=given.get("recommend")
    )


def _nothing(request: Any) -> None:
    return None


BUYER: Mapping[type[AgentRequest], Step] = MappingProxyType(
    {
        ChooseTopics: Step(
            role="buyer",
            asks=lambda request: "What do you want to ask about? Choose one or two topics.",
            fields=_topic_fields,
            value=_topics,
            leave=lambda request: Topics(topics=(), reason=_LEFT),
        ),
        AskSeller: Step(
            role="buyer",
            asks=lambda request: "Ask the seller, or go on to your decision.",
            fields=lambda request: _dialogue("I have nothing more to ask", "Your question"),
            value=_text,
            leave=_nothing,
        ),
        Decide: Step(
            role="buyer",
            asks=lambda request: "Now decide about the offer.",
            fields=_decision_fields,
            value=_decision,
            leave=_no_purchase,
            deadline_s=DECIDING_S,
        ),
        Complain: Step(
            role="buyer",
            asks=lambda request: f"There is a problem with your order: {request.issue}.",
            fields=lambda request: _dialogue(
                "I leave it at that" if request.proposed else "I have nothing to say about it",
                "Your message to the seller",
            ),
            value=_text,
            leave=_nothing,
        ),
        WriteReview: Step(
            role="buyer",
            asks=lambda request: f"Review {_ABOUT[request.aspect]}.",
            fields=_review_fields,
            value=_review,
            leave=lambda request: NO_REVIEW,
        ),
    }
)
"""Request -> how it is put to a person."""
