"""What a buyer asks before it decides: topics, questions turn by turn, and how many."""

from __future__ import annotations

from typing import NamedTuple

from agents.behavioral.parameters import BuyerParameters, Disposition
from agents.behavioral.reading import score_answer
from agents.behavioral.sheet import Aspect, sheet_of
from market.retail.values import TOPICS, Offer, Topic, Topics, Transcript

THANKS = "thanks"

_ANSWER_CUES: dict[str, tuple[str, ...]] = {
    "product comparison": ("compar", "other", "alternativ", "than"),
    "price/discount": ("price", "$", "discount"),
    "shipping": ("ship", "deliver", "arriv"),
}


class Asked(NamedTuple):
    """One question: its topic (or `THANKS`), and the aspect where it is about the item."""

    topic: str
    aspect: Aspect | None


def choose_topics(
    draws: tuple[float, ...], who: Disposition, parameters: BuyerParameters
) -> tuple[Topic, ...]:
    """Return one or two distinct topics, by the buyer's weights."""
    weights = list(parameters.inquiry.topics)
    weights[2] *= who.bargaining
    weights[3] *= who.bargaining
    first = pick(weights, draws[1])
    if draws[0] >= parameters.inquiry.two_topics:
        return (TOPICS[first],)
    weights[first] = 0.0
    return TOPICS[first], TOPICS[pick(weights, draws[2])]


def pick(weights: list[float] | tuple[float, ...], draw: float) -> int:
    """Return the index that a uniform draw selects in proportion to `weights`."""
    target = draw * sum(weights)
    for index, weight in enumerate(weights):
        target -= weight
        if target < 0.0:
            return index
    return len(weights) - 1


def exchanges(draws: tuple[float, ...], who: Disposition, parameters: BuyerParameters) -> int:
    """Return how many exchanges this buyer wants: 1 to 5, more if it is picky."""
    count = 1 + pick(parameters.inquiry.exchanges, draws[3])
    whole, rest = divmod(who.exchanges, 1.0)
    return min(5, max(1, count + int(whole) + (draws[6] < rest)))


def question(
    turn: int, wanted: int, draws: tuple[float, ...], topics: Topics, offer: Offer, thanks: float
) -> Asked:
    """Return what is asked in `turn` of `wanted` exchanges."""
    if turn == wanted and wanted > 2 and draws[14] < thanks:
        return Asked(THANKS, None)
    chosen = topics.topics or TOPICS[:1]
    topic = chosen[(turn - 1) % len(chosen)]
    if topic != "product specifications":
        return Asked(topic, None)
    aspects = sheet_of(offer.product).aspects
    return Asked(topic, aspects[(int(draws[7] * len(aspects)) + turn) % len(aspects)][0])


def answer_score(
    transcript: Transcript, asked: list[Asked], offer: Offer, parameters: BuyerParameters
) -> float:
    """Return the mean score of the seller's answers to real questions, in [0, 1]."""
    scale = parameters.answers
    keys = sheet_of(offer.product).keys
    answers = [turn.text for turn in transcript if turn.role == "seller"]
    total, count = 0.0, 0
    for question_asked, answer in zip(asked, answers, strict=False):
        if question_asked.topic == THANKS:
            continue
        aspect = question_asked.aspect
        cues = aspect.cues if aspect else _ANSWER_CUES[question_asked.topic]
        total += score_answer(answer, cues, keys, scale)
        count += 1
    return total / count if count else scale.unasked
