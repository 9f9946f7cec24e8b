"""Which language a catalogue looks to be in, and when nothing is said of it."""

from __future__ import annotations

import msgspec
import pytest

from retailsim.market.catalogue.language import UNKNOWN, LanguageCount, told
from retailsim.market.catalogue.product import Product

PLAIN = Product(id="1", title="Mug", price_cents=900, category="Home")
ENGLISH = "A mug for the tea and for the coffee that you take with you to the office on a train."
GERMAN = "Die Tasse ist für den Tee und für den Kaffee, und der Henkel ist mit dem Becher aus Ton."


def seen(*descriptions: str) -> str:
    found = LanguageCount()
    for text in descriptions:
        found.see(msgspec.structs.replace(PLAIN, description=text))
    return found.language


@pytest.mark.parametrize(("text", "language"), [(ENGLISH, "English"), (GERMAN, "German")])
def test_little_words_tell_the_language(text: str, language: str) -> None:
    assert seen(text) == language
    assert seen(*text.split()) == language, "however many products they stand in"


def test_few_words_and_words_of_two_languages_tell_nothing() -> None:
    assert seen() == UNKNOWN
    assert seen("A mug for the tea.") == UNKNOWN
    assert seen(ENGLISH, GERMAN) == UNKNOWN


def test_features_and_titles_count_as_descriptions_do() -> None:
    found = LanguageCount()
    found.see(msgspec.structs.replace(PLAIN, title=GERMAN[:40], features=(GERMAN[40:],)))
    assert found.language == "German"


def test_two_thousand_products_are_enough() -> None:
    assert seen(*["Mug"] * 1_999, ENGLISH) == "English"
    assert seen(*["Mug"] * 2_000, ENGLISH) == UNKNOWN


def test_only_another_language_is_worth_a_word() -> None:
    assert told("English") is told(UNKNOWN) is None
    said = told("German")
    assert said is not None
    assert said.startswith("the texts of the catalogue look German; agents speak English")
