"""The phrases of rule files: what they match, what they refuse, and that none takes long."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retailsim.market.rules.phrases import LONGEST_SENTENCE, BadPhrase, found, heard, phrase


def test_the_first_400_characters_are_looked_at_as_the_page_says() -> None:
    before = "lamp " * 79
    assert len(before + "magic") == 400
    assert heard(f"{before}magic", ("magic",))
    assert not heard(f" {before}magic", ("magic",))


def test_of_words_that_every_match_has_the_longest_is_looked_for() -> None:
    assert phrase("up-to-date (goods|wares)").words == (
        frozenset({"date"}),
        frozenset({"goods", "wares"}),
    )


def test_a_phrase_without_a_certain_word_hides_none_behind_it() -> None:
    assert heard("It is magic.", ("#", "magic"))
    assert found("It is magic.", ("love*", "magic")) == "magic"


@pytest.mark.parametrize(
    ("text", "sentence", "said"),
    [
        ("last chance", "It is your LAST chance!", "last chance"),
        ("last chance", "The last-chance saloon is blast chance.", "last-chance"),
        ("last chance", "The last chances are there.", None),
        ("love*", "They loved it.", "loved"),
        ("only # left", "Only 1,200 left.", "only 1,200 left"),
        ("only # left", "Only three left.", "only three left"),
        ("only # left", "Only those left.", None),
        ("(on sale|at a discount) today", "It is at a discount today.", "at a discount today"),
        ("i am (a|an)? (real)? person", "I am person", "i am person"),
        ("i am (a|an)? (real)? person", "I am a real person", "i am a real person"),
        ("price ... rises", "The price of it always rises.", "price of it always rises"),
        ("price ... rises", "The price of this and of that one here rises.", None),
        ("^ no", "No, thanks.", "no"),
        ("^ no", "I say no.", None),
        ("don't wait", "Don’t wait.", "don't wait"),
    ],
)
def test_a_phrase_matches_words(text: str, sentence: str, said: str | None) -> None:
    assert found(sentence, (text,), denied=True) == said


@pytest.mark.parametrize(
    "sentence",
    [
        "Is it your last chance?",
        "This is not your last chance.",
        "There's nothing like a last chance here.",
        "If it is the last chance, I tell you.",
    ],
)
def test_what_is_asked_denied_or_conditional_says_nothing(sentence: str) -> None:
    assert found(sentence, ("last chance",)) is None
    assert heard(sentence, ("last chance",))


def test_a_denial_behind_a_comma_takes_nothing_back() -> None:
    assert found("It is no toy, and the last chance.", ("last chance",)) == "last chance"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no word that has to be there"),
        ("a? b?", "no word that has to be there"),
        ("... now", "a gap (...) stands between words"),
        ("a ... b ... c ... d", "3 gaps (...); 2 are the most"),
        ("a? b? c? d? e? f", "more than 4 parts that may be missing"),
        (" ".join("abcdefghijklmnopqrstuv"), "22 parts; 20 are the most"),
        (r"\d+ left", r"'\\d+' is no word"),
        ("(a|b", "'(a' is no word"),
        ("(a|)", "'(a|)' is no word"),
        ("(a+)+b", "is no word"),
    ],
)
def test_what_is_no_phrase_is_refused(text: str, problem: str) -> None:
    with pytest.raises(BadPhrase, match=re.escape(problem)):
        phrase(text)


_PARTS = st.sampled_from(["a", "a?", "a*", "(a|a a)", "(a|a a)?", "...", "#"])


@settings(max_examples=60)
@given(parts=st.lists(_PARTS, min_size=1, max_size=20), text=st.sampled_from(["a ", "1 ", "a-"]))
def test_no_phrase_hangs_on_any_text(parts: list[str], text: str) -> None:
    """Whatever is admitted gives up soon: a regular expression of a stranger would not."""
    try:
        ready = phrase(" ".join(parts))
    except BadPhrase:
        return
    steps = ready.pattern.search((text * LONGEST_SENTENCE)[: LONGEST_SENTENCE - 1] + "!")
    assert steps is None or steps.end() <= LONGEST_SENTENCE


@given(st.text(alphabet=string.printable, max_size=300))
def test_any_text_makes_a_phrase_or_is_refused(text: str) -> None:
    try:
        phrase(text)
    except BadPhrase as error:
        assert str(error)
