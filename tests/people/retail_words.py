"""What a person at a retail seat fills in: to a refund and reviews."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retailsim.agents.person.desk import Question


def buyers(question: Question) -> Mapping[str, Any] | None:
    """A buyer that asks once, buys two, complains once and reviews everything."""
    heard = [one.stage for one in question.seen.said]
    match question.request:
        case "ChooseTopics":
            return {"topics": ["price/discount", "shipping"]}
        case "AskSeller":
            return {"end": True} if "pre_inquiry" in heard else {"text": "What does it cost?"}
        case "Decide":
            return {"buy": True, "quantity": 2, "sentiment": "Positive", "reason": "I need it."}
        case "Complain":
            return {"end": True} if "post_inquiry" in heard else {"text": "My money back, please."}
        case "WriteReview":
            product = any(field.name == "recommend" for field in question.fields)
            return {"rating": 2, "text": "Not again.", **({"recommend": False} if product else {})}
    return None


def sellers(question: Question) -> Mapping[str, Any] | None:
    """A seller that refunds one unit at once."""
    match question.request:
        case "FormStrategy":
            return {"value_proposition": "It lasts."}
        case "PresentPitch":
            return {"text": "Good evening.\n\nThis is worth its price.\n\nTake it."}
        case "AnswerBuyer":
            return {"text": "It is as the sheet says."}
        case "GiveSupport":
            return {"text": "I am sorry.", "outcome": "refunded", "quantity": 1, "shipping": True}
        case "SettleIssue":
            return {"outcome": "exchanged"}
    return None
