"""What a person in a sales conversation fills in: to a purchase."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retailsim.agents.person.desk import Question
from retailsim.agents.person.form import Field


def named(question: Question, name: str) -> Field | None:
    """The field of a question that has this name."""
    return next((field for field in question.fields if field.name == name), None)


def options(question: Question, name: str) -> list[str]:
    """The closed choices of a field."""
    field = named(question, name)
    return [option.value for option in field.options] if field else []


def buyers(question: Question) -> Mapping[str, Any] | None:
    """A buyer that takes the first item it is shown, and buys it once the case is made."""
    if question.request == "OpenConversation":
        return {"text": "I look for something for my daughter."}
    acts = options(question, "act")
    if "buy" in acts:
        return {"text": "I take it.", "act": "buy", "buy": options(question, "buy")[0]}
    if "select" in acts:
        return {"text": "This one.", "act": "select", "select": options(question, "select")[0]}
    return {"text": "Show me something, please.", "act": "say"}


def sellers(question: Question) -> Mapping[str, Any] | None:
    """A seller that searches once, then suggests, then argues."""
    if question.request == "SpeakTurn":
        shown = {"items": options(question, "items")[:2]} if named(question, "items") else {}
        return {"text": "Have a look.", **shown}
    legal = options(question, "option")
    looked = any(fact.label == "Where you look" for fact in question.seen.facts)
    if "Suggestion" not in legal:
        return {"option": next(one for one in legal if one.startswith("Persuasion"))}
    if looked:
        return {"option": "Suggestion", "wanted": "a present"}
    return {"option": "Category Search", "category": options(question, "category")[0]}
