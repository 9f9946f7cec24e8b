"""Which language a catalogue's texts are in, by their little words: as much as a warning needs."""

from __future__ import annotations

import re
from collections import Counter

from retailsim.market.catalogue.product import Product

_WORDS = re.compile(r"[^\W\d_]+")
_LITTLE: dict[str, frozenset[str]] = {
    "English": frozenset(
        [
            "the",
            "and",
            "for",
            "with",
            "your",
            "from",
            "this",
            "that",
            "are",
            "is",
            "of",
            "in",
            "to",
            "a",
            "by",
            "on",
            "or",
            "as",
            "it",
            "you",
            "our",
        ]
    ),
    "German": frozenset(
        [
            "der",
            "die",
            "das",
            "und",
            "mit",
            "für",
            "ist",
            "aus",
            "den",
            "dem",
            "ein",
            "eine",
            "einer",
            "von",
            "zu",
            "im",
            "auf",
            "nicht",
            "sich",
            "auch",
        ]
    ),
    "French": frozenset(
        [
            "le",
            "la",
            "les",
            "et",
            "pour",
            "avec",
            "est",
            "une",
            "des",
            "du",
            "dans",
            "sur",
            "en",
            "au",
            "aux",
            "votre",
            "ce",
            "cette",
            "par",
            "qui",
        ]
    ),
    "Spanish": frozenset(
        [
            "el",
            "los",
            "las",
            "y",
            "para",
            "con",
            "es",
            "una",
            "del",
            "en",
            "por",
            "su",
            "que",
            "al",
            "de",
            "un",
            "tu",
            "más",
            "sin",
            "como",
        ]
    ),
    "Italian": frozenset(
        [
            "il",
            "lo",
            "gli",
            "e",
            "per",
            "con",
            "è",
            "una",
            "del",
            "della",
            "dei",
            "in",
            "di",
            "che",
            "da",
            "al",
            "nel",
            "alla",
            "un",
            "sono",
        ]
    ),
    "Dutch": frozenset(
        [
            "de",
            "het",
            "een",
            "en",
            "voor",
            "met",
            "is",
            "van",
            "op",
            "te",
            "in",
            "uit",
            "zijn",
            "dit",
            "deze",
            "ook",
            "bij",
            "aan",
            "je",
            "niet",
        ]
    ),
}
_LEAST = 12
"""Little words that must be seen before a language is named."""
_CLEARLY = 1.5
_PRODUCTS = 2_000
_CHARACTERS = 2_000
UNKNOWN = "unknown"


class LanguageCount:
    """Counts the little words of languages in products' texts."""

    def __init__(self) -> None:
        self._counts = Counter[str]()
        self._seen = 0

    def see(self, product: Product) -> None:
        """Count a product's words; beyond two thousand products nothing is new."""
        if self._seen >= _PRODUCTS:
            return
        self._seen += 1
        text = " ".join((product.title, *product.features, product.description))[:_CHARACTERS]
        for word in _WORDS.findall(text.casefold()):
            for language, little in _LITTLE.items():
                self._counts[language] += word in little

    @property
    def language(self) -> str:
        """The language of most little words; "unknown" where they are few or of several."""
        first, second = (*self._counts.most_common(2), ("", 0), ("", 0))[:2]
        if first[1] < _LEAST or first[1] < _CLEARLY * second[1]:
            return UNKNOWN
        return first[0]


def told(language: str) -> str | None:
    """Say what follows from a language; None for English, and where it is not known."""
    if language in ("English", UNKNOWN):
        return None
    return (
        f"the texts of the catalogue look {language}; agents speak English, and claims are checked "
        "in English"
    )
