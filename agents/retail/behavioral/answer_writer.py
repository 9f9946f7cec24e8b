"""A seller's answers before the purchase: what the question is about, and what can be said."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from retailsim.agents.retail.behavioral import voice as say
from retailsim.agents.retail.behavioral.sheet import ALL_ASPECTS, Sheet
from retailsim.agents.retail.behavioral.terms import Terms
from retailsim.agents.retail.behavioral.text_features import holds
from retailsim.agents.retail.behavioral.voice import Voice

SHIPPING = ("ship", "deliver", "arrive")
PRICE = ("price", "discount", "cost", "cheaper", "deal")
COMPARISON = ("compar", "alternativ", "other products", "competitor")
RETURNS = ("return", "send it back", "refund")
CLOSING = ("no other questions", "all i wanted to know", "no further questions")


class Question(NamedTuple):
    """What a buyer's message is about; aspects by name."""

    closing: bool
    shipping: bool
    price: bool
    returns: bool
    comparison: bool
    aspects: frozenset[str]


@lru_cache(maxsize=1024)
def question_read(text: str) -> Question:
    """Return what a message is about; most questions are asked again in the same words."""
    asked = text.lower()
    return Question(
        closing="?" not in asked and holds(CLOSING, asked),
        shipping=holds(SHIPPING, asked),
        price=holds(PRICE, asked),
        returns=holds(RETURNS, asked),
        comparison=holds(COMPARISON, asked),
        aspects=frozenset(one.name for one in ALL_ASPECTS if holds(one.cues, asked)),
    )


class AnswerWriter:
    """Answers in one voice."""

    __slots__ = ("_voice",)

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def text(self, question: str, terms: Terms, informed: bool, word: int) -> str:
        """Return the answer.

        Parameters
        ----------
        question : str
            The buyer's last message.
        informed : bool
            Whether to answer from the sheet; otherwise the seller evades.
        word : int
            32 random bits that choose among equivalent wordings.
        """
        voice, asked = self._voice, question_read(question)
        opener = voice.answer_openers[word % len(voice.answer_openers)]
        closer = voice.answer_closers[(word >> 8) % len(voice.answer_closers)]
        if asked.closing:
            return f"{opener} {closer} Your questions are welcome at any time."
        if not informed:
            return f"{opener} {say.EVASIONS[(word >> 24) % 2]} {closer}"
        color = voice.answer_colors[(word >> 16) % len(voice.answer_colors)]
        told = " ".join(_told(asked, terms, word >> 24))
        return f"{opener} {told} {color} {say.SOURCES[(word >> 20) % 2]} {closer}"


def _told(asked: Question, terms: Terms, word: int) -> Sequence[str]:
    """Return what there is to say on everything that the question names."""
    told: list[str] = []
    if asked.shipping:
        told.append(terms.shipping_answer)
    elif asked.price:
        told.append(terms.price_answer)
    if asked.returns:
        told.append(terms.returns_answer)
    if asked.comparison:
        told.append(say.COMPARISONS[word % 2])
        told.append(_any_fact(terms.sheet, word))
    if len(told) < 2:
        told.extend(_specifications(asked, terms.sheet, word, must=not told))
    return told


def _specifications(asked: Question, sheet: Sheet, word: int, must: bool) -> Sequence[str]:
    for aspect, fact in sheet.aspects:
        if aspect.name in asked.aspects:
            if fact is None:
                silent = say.SPEC_FALLBACKS[word % 2].format(aspect=aspect.name)
                return (silent, _any_fact(sheet, word))
            return (f"On {aspect.name}: {fact}.", _any_fact(sheet, word, fact))
    return (_any_fact(sheet, word),) if must else ()


def _any_fact(sheet: Sheet, word: int, said: str | None = None) -> str:
    if not sheet.facts:
        return f"Beyond the name, {sheet.name}, the sheet gives no further details."
    fact = sheet.facts[word % len(sheet.facts)]
    if fact == said and len(sheet.facts) > 1:
        fact = sheet.facts[(word + 1) % len(sheet.facts)]
    return "There is nothing beyond that on the sheet." if fact == said else f"Besides, {fact}."
