"""What a seller reads out of a buyer's messages."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.agents.csales.behavioral.inference import (
    MOST_CHARS,
    buyer_lines,
    merged,
    nearest_category,
    openness_of,
    style_of,
    words_of,
)
from retailsim.market.core.dialogue import Turn


@pytest.mark.parametrize(
    ("lines", "style"),
    [
        (["What are the details?"], "Rational"),
        (["What do other people say?"], "Dependent"),
        (["My gut has to say yes."], "Intuitive"),
        (["Hello."], None),
        (["What do people say?", "I go by my feeling."], None),
        ([], None),
    ],
)
def test_style_is_read_off_cues_and_unknown_where_they_disagree(
    lines: list[str], style: str | None
) -> None:
    assert style_of(lines) == style


@pytest.mark.parametrize(
    ("line", "openness"),
    [
        ("Jeans.", "Passive"),
        ("I need a pair of jeans for every day.", "Less Active"),
        ("I need " + "a pair of jeans " * 5, "Active"),
    ],
)
def test_openness_is_read_off_length(line: str, openness: str) -> None:
    assert openness_of([line]) == openness
    assert openness_of([]) is None


def test_the_sentence_that_names_the_price_says_nothing_of_the_buyer() -> None:
    turns = (
        Turn("buyer", "Jeans. My price range is $1,000.00 to $2,000.00."),
        Turn("seller", "Which?"),
        Turn("buyer", "Blue ones."),
    )
    assert buyer_lines(turns) == ["Jeans.", "Blue ones."]


@given(st.lists(st.text(max_size=60), max_size=8), st.text(max_size=60))
def test_merging_drops_nothing_that_fits(lines: list[str], more: str) -> None:
    before, after = merged(lines), merged([*lines, more])
    assert after.startswith(before[: len(after)])
    assert len(after) <= MOST_CHARS


def test_a_category_is_chosen_by_what_was_said_and_not_by_its_depth() -> None:
    options = [("Clothes",), ("Clothes", "Women"), ("Sports", "Clothes", "Women")]
    assert nearest_category(words_of("women"), options)[0] == ("Clothes", "Women")
    assert nearest_category(words_of("boats"), options) == ((), 0.0)
    assert nearest_category(words_of("sports clothes women"), options)[0] == options[2]
