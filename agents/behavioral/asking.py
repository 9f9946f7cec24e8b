"""What a buyer asks before it decides: topics, questions turn by turn, and how many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agents.behavioral.draws import bits, uniforms
from agents.behavioral.parameters import BuyerParameters, Disposition
from agents.behavioral.reading import score_answer
from agents.behavioral.sheet import Aspect, Sheet
from events.streams import Seed
from market.retail.values import TOPICS, Topic, Transcript

THANKS = "thanks"
LONGEST = 5
"""Exchanges that no buyer goes beyond, before buying or in support."""

_ANSWER_CUES: dict[str, tuple[str, ...]] = {
    "product comparison": ("compar", "other", "alternativ", "than"),
    "price/discount": ("price", "$", "discount"),
    "shipping": ("ship", "deliver", "arriv"),
}


class Asked(NamedTuple):
    """One question: its topic (or `THANKS`), and the aspect where it is about the item.

    ``again`` marks a topic that was asked about before in this dialogue.
    """

    topic: str
    aspect: Aspect | None
    again: bool = False


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
    return min(LONGEST, max(1, count + int(whole) + (draws[6] < rest)))


class Course:
    """What one episode of one buyer goes by: its draws, and what follows from them alone.

    Everything here is derived from seed, unit and disposition; the questions and the score are
    kept with what they were derived from.

    Attributes
    ----------
    draws : tuple of float
        The episode's choices: topics 0-2, exchanges 3 and 6, error 4, quantity 5, aspect 7,
        patience 8, ratings 9-12, recommendation 13, thanks 14.
    bits : int
        The wordings of the episode.
    topics : tuple of str
    wanted, patience : int
        Exchanges before buying, and in support.
    """

    __slots__ = (
        "_asked", "_asked_for", "_parameters", "_score", "_scored", "bits", "draws", "patience",
        "topics", "wanted",
    )  # fmt: skip

    def __init__(
        self, seed: Seed, unit: str, who: Disposition, parameters: BuyerParameters
    ) -> None:
        self._parameters = parameters
        self.draws = draws = uniforms(seed, "buyer/choices", unit)
        self.bits = bits(seed, "buyer/wording", unit)
        self.topics = choose_topics(draws, who, parameters)
        self.wanted = exchanges(draws, who, parameters)
        self.patience = 1 + pick(parameters.support.exchanges, draws[8])
        self._asked_for: tuple[tuple[Topic, ...], Sheet] | None = None
        self._asked: tuple[Asked, ...] = ()
        self._scored: Transcript | None = None
        self._score = 0.0

    def questions(self, topics: tuple[Topic, ...], sheet: Sheet) -> tuple[Asked, ...]:
        """Return what is asked in each of the `wanted` exchanges."""
        if self._asked_for is None or self._asked_for != (topics, sheet):
            self._asked_for = (topics, sheet)
            self._asked = self._questions(topics or TOPICS[:1], sheet)
        return self._asked

    def _questions(self, topics: tuple[Topic, ...], sheet: Sheet) -> tuple[Asked, ...]:
        asked, draw = [], int(self.draws[7] * len(sheet.aspects))
        for turn in range(self.wanted):
            topic = topics[turn % len(topics)]
            about_item = topic == "product specifications"
            place = (draw + turn) % len(sheet.aspects)
            aspect = sheet.aspects[place][0] if about_item else None
            asked.append(Asked(topic, aspect, turn >= len(topics)))
        if self.wanted > 2 and self.draws[14] < self._parameters.inquiry.thanks:
            asked[-1] = Asked(THANKS, None)
        return tuple(asked)

    def score(self, topics: tuple[Topic, ...], transcript: Transcript, sheet: Sheet) -> float:
        """Return how well the questions were answered, in [0, 1]."""
        if self._scored is not transcript:
            asked = self.questions(topics, sheet)
            self._score = answer_score(transcript, asked, sheet, self._parameters)
            self._scored = transcript
        return self._score


def answer_score(
    transcript: Transcript, asked: Sequence[Asked], sheet: Sheet, parameters: BuyerParameters
) -> float:
    """Return the mean score of the seller's answers to real questions, in [0, 1]."""
    scale = parameters.answers
    keys = sheet.keys
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
