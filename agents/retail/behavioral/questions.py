"""What a buyer asks before it decides: topics, questions turn by turn, and how many."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

from retailsim.agents.retail.behavioral.draws import bits, uniforms
from retailsim.agents.retail.behavioral.parameters import BuyerParameters, Disposition
from retailsim.agents.retail.behavioral.sheet import Aspect, Sheet
from retailsim.agents.retail.behavioral.text_features import score_answer
from retailsim.events.streams import Seed
from retailsim.market.protocols.retail.values import TOPICS, Topic, Transcript

THANKS = "thanks"
LONGEST = 5
"""Exchanges that no buyer goes beyond, before buying or in support."""

_ANSWER_CUES: dict[str, tuple[str, ...]] = {
    "product comparison": ("compar", "other", "alternativ", "than"),
    "price/discount": ("price", "$", "discount"),
    "shipping": ("ship", "deliver", "arriv"),
}


class AskedQuestions(NamedTuple):
    """One question: its topic (or `THANKS`), and the aspect where it is about the item.

    ``again`` marks a topic that was asked about before in this dialogue.
    """

    topic: str
    aspect: Aspect | None
    again: bool = False


def cumulative(weights: Sequence[float]) -> tuple[float, ...]:
    """Return the inner bounds that cut (0, 1) in proportion to `weights`, for bisection."""
    total = sum(weights)
    return tuple(bound / total for bound in accumulate(weights[:-1]))


class Habits:
    """How one buyer asks: weights turned into bounds, once for all its episodes.

    Raises
    ------
    ZeroDivisionError
        Never for checked parameters: their weights are not all 0.
    """

    __slots__ = ("exchanges", "extra", "parameters", "patience", "second", "topics")

    def __init__(self, who: Disposition, parameters: BuyerParameters) -> None:
        weights = list(parameters.inquiry.topics)
        weights[2] *= who.bargaining
        weights[3] *= who.bargaining
        self.parameters = parameters
        self.topics = cumulative(weights)
        self.second = [
            cumulative([0.0 if place == first else w for place, w in enumerate(weights)])
            for first in range(len(weights))
        ]
        self.exchanges = cumulative(parameters.inquiry.exchanges)
        self.extra = divmod(who.exchanges, 1.0)
        self.patience = cumulative(parameters.support.exchanges)

    def choose_topics(self, draws: Sequence[float]) -> tuple[Topic, ...]:
        """Return one or two distinct topics, by the buyer's weights."""
        first = bisect(self.topics, draws[1])
        if draws[0] >= self.parameters.inquiry.two_topics:
            return (TOPICS[first],)
        return TOPICS[first], TOPICS[bisect(self.second[first], draws[2])]

    def wanted(self, draws: Sequence[float]) -> int:
        """Return how many exchanges this buyer wants: 1 to 5, more if it is picky."""
        whole, rest = self.extra
        count = 1 + bisect(self.exchanges, draws[3]) + int(whole) + (draws[6] < rest)
        return min(LONGEST, max(1, count))


class Course:
    """What one episode of one buyer goes by: its draws, and what follows from them alone.

    Everything here is derived from seed, unit and disposition; the questions and the score are
    kept with what they were derived from.

    Attributes
    ----------
    draws : list of float
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

    def __init__(self, seed: Seed, unit: str, habits: Habits) -> None:
        self._parameters = habits.parameters
        self.draws = draws = uniforms(seed, "buyer/choices", unit)
        self.bits = bits(seed, "buyer/wording", unit)
        self.topics = habits.choose_topics(draws)
        self.wanted = habits.wanted(draws)
        self.patience = 1 + bisect(habits.patience, draws[8])
        self._asked_for: tuple[tuple[Topic, ...], Sheet] | None = None
        self._asked: tuple[AskedQuestions, ...] = ()
        self._scored: Transcript | None = None
        self._score = 0.0

    def questions(self, topics: tuple[Topic, ...], sheet: Sheet) -> tuple[AskedQuestions, ...]:
        """Return what is asked in each of the `wanted` exchanges."""
        if self._asked_for is None or self._asked_for != (topics, sheet):
            self._asked_for = (topics, sheet)
            self._asked = self._questions(topics or TOPICS[:1], sheet)
        return self._asked

    def _questions(self, topics: tuple[Topic, ...], sheet: Sheet) -> tuple[AskedQuestions, ...]:
        asked, draw = [], int(self.draws[7] * len(sheet.aspects))
        for turn in range(self.wanted):
            topic = topics[turn % len(topics)]
            about_item = topic == "product specifications"
            place = (draw + turn) % len(sheet.aspects)
            aspect = sheet.aspects[place][0] if about_item else None
            asked.append(AskedQuestions(topic, aspect, turn >= len(topics)))
        if self.wanted > 2 and self.draws[14] < self._parameters.inquiry.thanks:
            asked[-1] = AskedQuestions(THANKS, None)
        return tuple(asked)

    def score(self, topics: tuple[Topic, ...], transcript: Transcript, sheet: Sheet) -> float:
        """Return how well the questions were answered, in [0, 1]."""
        if self._scored is not transcript:
            asked = self.questions(topics, sheet)
            self._score = answer_score(transcript, asked, sheet, self._parameters)
            self._scored = transcript
        return self._score


def answer_score(
    transcript: Transcript,
    asked: Sequence[AskedQuestions],
    sheet: Sheet,
    parameters: BuyerParameters,
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
