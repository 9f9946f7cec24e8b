"""What a seller takes a buyer's message to be about."""

from __future__ import annotations

import pytest

from retailsim.agents.retail.behavioral.answer_writer import question_read
from retailsim.agents.retail.behavioral.sheet import ALL_ASPECTS, ASPECTS, Aspect, sheet_of
from tests.agents.behavioral_drive import make_product


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("When will it ARRIVE?", {"shipping"}),
        ("Is there a cheaper one, and can I send it back?", {"price", "returns"}),
        ("How does it compare with other products?", {"comparison"}),
        ("Thank you, that is all I wanted to know.", {"closing"}),
        ("Is that all I wanted to know?", set()),
        ("", set()),
    ],
)
def test_it_is_told_by_its_words(text: str, about: set[str]) -> None:
    for _ in range(2):  # afresh, and as it is remembered
        found = question_read(text)
        flags = {name: value for name, value in found._asdict().items() if name != "aspects"}
        assert {name for name, value in flags.items() if value} == about
        assert found.aspects == set()


@pytest.mark.parametrize("aspect", ALL_ASPECTS, ids=lambda one: one.name)
def test_each_aspect_is_known_by_its_cues(aspect: Aspect) -> None:
    assert aspect.name in question_read(f"Please tell me {aspect.question}.").aspects
    for cue in aspect.cues:
        assert aspect.name in question_read(f"- {cue.upper()} -").aspects
    assert aspect.name not in question_read("Please tell me something.").aspects


def test_no_two_aspects_have_one_name_and_all_of_a_sheet_are_known() -> None:
    assert len({one.name for one in ALL_ASPECTS}) == len(ALL_ASPECTS)
    for category in ASPECTS:
        product = make_product(2, category=category, title="Enamel Mug", features=(), details={})
        assert {one for one, _ in sheet_of(product).aspects} <= set(ALL_ASPECTS)
