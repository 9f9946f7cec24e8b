"""A bot that sits at a desk: it answers from what a question shows, as a person has to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from retailsim.agents.person.desk import Desk, Question
from retailsim.agents.person.errors import BadAnswer, NoSuchQuestion
from retailsim.agents.person.form import Field
from retailsim.events.streams import Seed, Stream

TRIES = 20
"""How often a bot tries to answer a question before it gets up."""
_LEAST, _MOST = 1, 100
_LEFT_OUT = 1 / 3
_TEXTS = (
    "Could you tell me more about it?",
    "I am not sure that this is what I need.",
    "That sounds good to me.",
    "What would you do in my place?",
    "Thank you, that helps.",
)


def filled_by_chance(question: Question, stream: Stream) -> dict[str, Any]:
    """Return an answer to a question, drawn field by field: a few stock texts, any legal choice.

    What the market refuses beyond the fields, such as a refund after the return window, may still
    come; then another draw is needed.
    """
    given: dict[str, Any] = {}
    for field in question.fields:
        if field.only_if is not None and given.get(field.only_if[0]) not in field.only_if[1]:
            continue
        if field.kind == "yes or no":
            given[field.name] = stream.chance(0.5)
        elif not (field.optional and stream.chance(_LEFT_OUT)):
            given[field.name] = _drawn(field, stream)
    return given


def _drawn(field: Field, stream: Stream) -> Any:
    values = [option.value for option in field.options]
    match field.kind:
        case "text":
            return stream.pick(_TEXTS)
        case "choice":
            return stream.pick(values)
        case "choices":
            most = len(values) if field.most is None else field.most
            return stream.sample(values, stream.integer(field.least or 0, most))
        case _:
            low = _LEAST if field.least is None else field.least
            return stream.integer(low, max(low, _MOST) if field.most is None else field.most)


class Bot:
    """Answers every question of some seats as soon as it comes, by draws of its own.

    Parameters
    ----------
    desk : Desk
    seed : int
        The same seed gives the same answers to the same questions.
    seat : str or None
        Whose questions it answers, such as ``buyer:ann``; None: everybody's.

    Notes
    -----
    Stream used: ``bot TRY`` by the question's id.
    """

    def __init__(self, desk: Desk, seed: int, seat: str | None = None) -> None:
        self._desk = desk
        self._seed = Seed(seed)
        self._seat = seat

    def attend(self) -> Callable[[], None]:
        """Sit down; returns what makes it get up."""
        return self._desk.listen(self._answer_all)

    def _answer_all(self) -> None:
        for question in self._desk.questions(self._seat):
            self.answer(question)

    def answer(self, question: Question) -> None:
        """Answer a question; give it up where nothing that is drawn can be taken."""
        try:
            for number in range(TRIES):
                given = filled_by_chance(question, self._seed.stream(f"bot {number}", question.id))
                try:
                    self._desk.answer(question.id, given)
                except BadAnswer:
                    continue
                return
            self._desk.leave(question.id)
        except NoSuchQuestion:
            return  # somebody was quicker
