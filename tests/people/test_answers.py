"""What a person fills in is taken, or refused with one sentence and asked for again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from retailsim.agents.person.desk import Question
from retailsim.agents.person.errors import BadAnswer, NoSuchQuestion
from retailsim.agents.person.form import Field, fields_of, filled, options_of, value_of
from retailsim.market.catalogue.product import CATEGORIES
from tests.people import retail_words
from tests.people.played import RETAIL, Attended, play, text_of
from tests.sim.runs import events_of, outside_lines

DECIDE: dict[str, Any] = {"buy": True, "quantity": 2, "sentiment": "Positive"}
REFUSED: dict[str, list[tuple[object, str]]] = {
    "ChooseTopics": [
        ({}, "Topics: please choose."),
        ({"topics": ["price"]}, "Topics: please choose one of Product specifications, "),
        ({"topics": ["shipping", "shipping"]}, "Topics: please choose 1 to 2, each once."),
        ({"topics": "shipping"}, "Topics: please choose among what is offered."),
        ({"topic": ["shipping"]}, "Nothing is asked here under the name 'topic'; asked: topics."),
        ([], "An answer holds one value for each field."),
    ],
    "AskSeller": [
        ({"text": "  \n"}, "Your question: please write something."),
        ({"text": "x" * 20_001}, "Your question: 20,001 characters are too many; at most 20,000"),
        ({"text": "\ud83d"}, "Your question: it holds half of a character; please write it again."),
        ({"end": "yes"}, "I have nothing more to ask: please say yes or no."),
    ],
    "Decide": [
        ({**DECIDE, "quantity": 0}, "How many: please give a whole number from 1 to 20."),
        ({**DECIDE, "quantity": 21}, "How many: please give a whole number from 1 to 20."),
        ({**DECIDE, "quantity": True}, "How many: please give a whole number from 1 to 20."),
        ({**DECIDE, "quantity": None}, "How many: please give a number."),
        ({"quantity": 2, "sentiment": "Positive"}, "Do you buy? please say yes or no."),
    ],
}


def test_a_refused_answer_is_one_sentence_and_leaves_no_trace(tmp_path: Path) -> None:
    tried: list[str] = []

    def with_refusals(question: Question) -> Any:
        for given, sentence in REFUSED.get(question.request, ()):
            with pytest.raises(BadAnswer) as refused:
                attended.desk.answer(question.id, given)
            assert str(refused.value).startswith(sentence)
            assert "\n" not in str(refused.value)
            tried.append(sentence)
        return retail_words.buyers(question)

    attended = Attended(with_refusals)
    assert play(tmp_path, text_of(RETAIL, "buyer"), attended).finished
    assert len(set(tried)) == 13
    assert len(outside_lines(tmp_path / "run")) == len(attended.asked)
    with pytest.raises(NoSuchQuestion, match="not open any more"):
        attended.desk.answer(attended.asked[0].id, {"topics": ["shipping"]})


def test_a_refund_that_the_market_would_reject_is_told_at_once(tmp_path: Path) -> None:
    """After the return window: the form allows it, and so does the type of the answer."""
    told: list[str] = []

    def sell(question: Question) -> Any:
        given = retail_words.sellers(question)
        if question.request == "GiveSupport":
            try:
                attended.desk.answer(question.id, given)
            except BadAnswer as error:
                told.append(str(error))
                return {"text": "Sorry.", "outcome": "delivered"}
            return None
        return given

    attended = Attended(sell)
    windows = [f"[policy.{name}]\nwindow_days = 0\n" for name in CATEGORIES]
    assert play(tmp_path, text_of(RETAIL, "seller") + "".join(windows), attended).finished
    assert told
    begins = "The market would not take this: it proposes a settlement that the market forbids: "
    assert all(one.startswith(begins) for one in told)
    assert not events_of(tmp_path / "run", "CommandRejected")


def test_what_a_field_does_not_ask_is_passed_over() -> None:
    fields = (
        Field(name="buy", label="Buy", kind="yes or no"),
        Field(name="quantity", label="How many", kind="number", only_if=("buy", (True,))),
    )
    assert filled(fields, {"buy": False, "quantity": "many"}) == {"buy": False, "quantity": None}
    with pytest.raises(BadAnswer, match="How many: please give a whole number"):
        filled(fields, {"buy": True, "quantity": "many"})


class Bid(msgspec.Struct):
    cents: int
    colour: Literal["red", "blue"]
    tags: tuple[Literal["new", "used"], ...] = ()
    note: str | None = None
    firm: bool = False


def test_a_form_follows_from_the_type_of_an_answer() -> None:
    """For protocols that wrote none."""
    fields = {field.name: field for field in fields_of(Bid)}
    kinds = {name: (field.kind, field.optional) for name, field in fields.items()}
    assert kinds == {
        "cents": ("number", False),
        "colour": ("choice", False),
        "tags": ("choices", True),
        "note": ("text", True),
        "firm": ("yes or no", True),
    }
    assert fields["colour"].options == options_of(("red", "blue"))
    given = filled(fields_of(Bid), {"cents": 5, "colour": "red", "tags": ["new"]})
    assert value_of(Bid, given) == Bid(5, "red", ("new",), firm=False)
    for answer, value in ((int, 3), (str, "three"), (str | None, None), (str | None, "x")):
        [field] = fields_of(answer)
        assert value_of(answer, filled((field,), {"answer": value})) == value
