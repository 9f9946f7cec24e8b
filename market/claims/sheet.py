"""What a product sheet carries: its words and quantities, and the terms of the offer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from retailsim.market.claims.quantities import Quantity, quantities

TOLERANCE = 0.06
"""Share by which a quantity may differ from the sheet's: units are converted, numbers rounded."""
LOOSE_TOLERANCE = 0.13
"""The same where the text says "about"."""
BOUND = 1.5
"""How far "over" or "under" may be from the sheet's."""

_WORDS = re.compile(r"[a-z0-9]+")
_DENIED = re.compile(r"\b(?:no|not|without|never|non|zero|free of|excluding)\b[^,;.|]{0,18}$")
_FREE = re.compile(r"[- ]free\b|[^|.;]{0,16} not (?:included|supplied|needed)\b|: no(?:ne)?\b")
_ENDINGS = re.compile(r"(?:ings?|edly|ed|ers?|ies|es|s|ly|y|able|ible|ation|e)$")


def normal(text: str) -> str:
    """Return a text in lower case with plain quotes and dashes."""
    return text.lower().translate(_PLAIN)


_PLAIN = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "\xa0": " "})


def stem(word: str) -> str:
    """Return what the forms of a word share, crudely: "tapered" and "tapers" are one."""
    if len(word) <= 4:
        return word.removesuffix("s") if len(word) == 4 else word
    short = _ENDINGS.sub("", word)
    if len(short) < 3:
        return word
    return short[:-1] if short[-1] == short[-2] else short


class Sheet:
    """What may be said of one product in one market.

    Parameters
    ----------
    texts : iterable of str
        Title, features, description, details: all that is written about the product.
    money_cents : iterable of int
        Every amount that may be named: prices, shipping, what a discount saves.
    return_days : int
        Days in which goods may go back.
    delivery_days : (int, int)
        Shortest and longest.
    discount : float
        As a share.
    synonyms : mapping of str to str
        Word -> the word that stands for its group.
    """

    def __init__(
        self,
        texts: Iterable[str],
        *,
        money_cents: Iterable[int] = (),
        return_days: int = 0,
        delivery_days: tuple[int, int] = (0, 0),
        discount: float = 0.0,
        synonyms: Mapping[str, str] | None = None,
    ) -> None:
        self.text = normal(" | ".join(texts))
        self.money = frozenset(money_cents)
        self.return_days = return_days
        self.delivery_days = delivery_days
        self.discount = discount
        self.quantities = quantities(self.text)
        self._numbers = {one.number for one in self.quantities}
        self._bare = {one.number for one in self.quantities if one.dimension is None}
        self._synonyms = synonyms or {}
        self._stems = self._found_stems()
        self.free_shipping = 0 in self.money

    def _found_stems(self) -> dict[str, bool]:
        """Stem -> whether the sheet affirms it somewhere, and does not only deny it."""
        found: dict[str, bool] = {}
        for match in _WORDS.finditer(self.text):
            before = self.text[max(0, match.start() - 26) : match.start()]
            after = self.text[match.end() : match.end() + 32]
            affirmed = not (_DENIED.search(before) or _FREE.match(after))
            for key in self._keys(match[0]):
                found[key] = found.get(key, False) or affirmed
        return found

    def _keys(self, word: str) -> set[str]:
        return {stem(word), stem(self._synonyms.get(word, word))}

    def carries(self, word: str) -> bool:
        """Whether the sheet affirms a word, in any of its forms or a synonym."""
        return any(self._stems.get(key, False) for key in self._keys(word))

    def denies(self, word: str) -> bool:
        """Whether the sheet has the word only to deny it."""
        return any(self._stems.get(key) is False for key in self._keys(word))

    def states(self, said: Quantity) -> bool:
        """Whether the sheet has the quantity, in its unit or another, exactly or rounded."""
        if said.dimension == "money":
            return self._states_money(said)
        near = [one for one in self.quantities if _same(said, one)]
        if any(_within(said, one.value) for one in near):
            return True
        return said.number in (self._numbers if said.dimension is None else self._bare)

    def _states_money(self, said: Quantity) -> bool:
        return any(_within(said, cents) for cents in self.money) or any(
            _same(said, one) and _within(said, one.value) for one in self.quantities
        )

    def knows(self, dimension: str | None) -> bool:
        """Whether the sheet has another quantity of the dimension."""
        return dimension is not None and any(one.dimension == dimension for one in self.quantities)


def _same(said: Quantity, one: Quantity) -> bool:
    return said.dimension == one.dimension and said.dimension is not None


def _within(said: Quantity, value: float) -> bool:
    if said.bound == "over":
        return said.value <= value * (1 + TOLERANCE) and value <= said.value * BOUND
    if said.bound == "under":
        return value <= said.value * (1 + TOLERANCE) and said.value <= value * BOUND
    allowed = LOOSE_TOLERANCE if said.bound else TOLERANCE
    return abs(said.value - value) <= allowed * max(abs(value), 1e-9)
