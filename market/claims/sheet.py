"""What a product sheet carries: its words and quantities, and the terms of the offer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property, lru_cache
from typing import Any

from retailsim.market.catalogue.product import Product
from retailsim.market.claims.quantities import Quantity, quantities
from retailsim.market.claims.rules import load_rules
from retailsim.market.core.money import dollars, us_dollars

TOLERANCE = 0.06
"""Share by which a quantity may differ from the sheet's: units are converted, numbers rounded."""
LOOSE_TOLERANCE = 0.13
"""The same where the text says "about"."""
BOUND = 1.5
"""How far "over" or "under" may be from the sheet's."""

LEAST_NAME = 9
"""Characters that a title or a value of the sheet has more of, to be known when it is said."""
LONGEST_VALUE = 120
AS_IT_IS = "as it is"
"""What a value of the sheet is read as, where it is said."""
LONGEST_DESCRIPTION = 6_000
"""Characters of a sheet that a reader that is asked is shown."""
MOST_REMEMBERED = 4_096
"""Pieces of text that one sheet remembers."""

_WORDS = re.compile(r"[a-z0-9]+")
_PART = re.compile(r"[a-z0-9]")
_DENIED = re.compile(r"\b(?:no|not|without|never|non|zero|free of|excluding)\b[^;.|]{0,24}$")
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


def written_about(product: Product) -> tuple[str, ...]:
    """Return all that a product's page says, part by part, the title first."""
    return (
        product.title,
        product.brand or "",
        product.audience or "",
        *product.path,
        *product.features,
        product.description,
        *(f"{name}: {value}" for name, value in product.details.items()),
    )


class Page:
    """What is written about a product: its words and quantities, read once for all its offers.

    Parameters
    ----------
    text : str
        Title, features, description and details, in lower case.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities written on it."""
        return tuple(quantities(self.text))

    @cached_property
    def numbers(self) -> frozenset[float]:
        """All numbers, as written."""
        return frozenset(one.number for one in self.quantities)

    @cached_property
    def bare(self) -> frozenset[float]:
        """The numbers without a unit."""
        return frozenset(one.number for one in self.quantities if one.dimension is None)

    def affirms(self, word: str) -> bool | None:
        """Whether the page affirms a word in any form; False: it only denies it; None: neither."""
        forms = self._forms(word)
        if not forms:
            return None
        return any(self._affirmed(*place) for form in forms for place in self._places(form))

    def _forms(self, word: str) -> set[str]:
        """Return the page's words that share a key with a word."""
        keys, text, found = _keys(word), self.text, set()
        for beginning in _beginnings(word):
            at = text.find(beginning)
            while at >= 0:
                inside = at > 0 and _PART.match(text, at - 1)
                if not inside and (form := _WORDS.match(text, at)):
                    found.add(form[0])
                at = text.find(beginning, at + 1)
        return {form for form in found if not keys.isdisjoint(_keys(form))}

    def _places(self, form: str) -> Iterator[tuple[int, int]]:
        """Yield where a word stands, also as a part of a longer one."""
        start = self.text.find(form)
        while start >= 0:
            yield start, start + len(form)
            start = self.text.find(form, start + 1)

    def _affirmed(self, start: int, end: int) -> bool:
        before, after = self.text[max(0, start - 26) : start], self.text[end : end + 32]
        return not (_DENIED.search(before) or _FREE.match(after))


@lru_cache(maxsize=16_384)
def _keys(word: str) -> frozenset[str]:
    return frozenset((stem(word), stem(load_rules().synonyms.get(word, word))))


@lru_cache(maxsize=16_384)
def _beginnings(word: str) -> tuple[str, ...]:
    """Return how the words of a page begin that share a key with `word`: a key, or a synonym."""
    by_key, keys = _synonyms_by_key(), _keys(word)
    return (*keys, *(one for key in keys for one in by_key.get(key, ())))


@cache
def _synonyms_by_key() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word in load_rules().synonyms:
        for key in _keys(word):
            found.setdefault(key, []).append(word)
    return found


@lru_cache(maxsize=512)
def _page(text: str) -> Page:
    return Page(normal(text))


class Sheet:
    """What may be said of one offer.

    Parameters
    ----------
    text : str
        All that is written about the product, its parts apart by a bar; the title is the first.
    money_cents : iterable of int
        Every amount that may be named: prices, shipping, what a discount saves.
    return_days : int
        Days in which goods may go back.
    delivery_days : (int, int)
        Shortest and longest.
    discount : float
        As a share.
    free_shipping : bool
    apart : tuple of str
        Where it is about several products, what is written about each: so a reader that is asked
        sees which says what.

    Attributes
    ----------
    names, amounts, terms : tuple of (str, str)
        How a text may name the product, an amount and the days of the offer, and what it is read
        as.
    quiet : set of str
        Pieces of text in which the reader found nothing.
    read_before : dict
        What it found in others.
    """

    def __init__(
        self,
        text: str,
        *,
        money_cents: Iterable[int] = (),
        return_days: int = 0,
        delivery_days: tuple[int, int] = (0, 0),
        discount: float = 0.0,
        free_shipping: bool = False,
        apart: tuple[str, ...] = (),
    ) -> None:
        self._source = text
        self._apart = apart
        self.money = frozenset(money_cents)
        self.return_days = return_days
        self.delivery_days = delivery_days
        self.discount = discount
        self.free_shipping = free_shipping
        self.names = tuple(_names(text))
        self.amounts = tuple(_amounts(self.money))
        self.terms = _terms(return_days, delivery_days)
        self.quiet: set[str] = set()
        self.read_before: dict[str, tuple[Any, ...]] = {}

    def remember(self, piece: str, claims: tuple[Any, ...]) -> None:
        """Keep what was found in a piece of text."""
        if len(self.read_before) >= MOST_REMEMBERED:
            self.read_before.clear()
        self.read_before[piece] = claims

    def remember_quiet(self, piece: str) -> None:
        """Keep that a piece of text claims nothing that this sheet does not carry."""
        if len(self.quiet) >= MOST_REMEMBERED:
            self.quiet.clear()
        self.quiet.add(piece)

    def described(self) -> str:
        """Return the sheet and the terms as they are shown to a reader that is asked.

        Several products share `LONGEST_DESCRIPTION` evenly, so that none is left out.
        """
        if len(self._apart) < 2:
            return "\n".join([_lines(self._source)[:LONGEST_DESCRIPTION], *self._terms()])
        most = LONGEST_DESCRIPTION // len(self._apart) - 1
        items = (f"Item {n}: {_lines(one)}"[:most] for n, one in enumerate(self._apart, 1))
        return "\n".join([*items, *self._terms()])

    def _terms(self) -> Iterator[str]:
        amounts = ", ".join(dollars(cents) for cents in sorted(self.money) if cents > 0)
        yield f"Amounts of the offer (prices, fee, their sums): {amounts or 'none'}"
        if self.free_shipping:
            yield "Shipping: free"
        if self.discount:
            yield f"Discount: {self.discount:.0%}"
        shortest, longest = self.delivery_days
        yield f"Delivery: {shortest} to {longest} days"
        yield f"Returns: within {self.return_days} days"

    @property
    def page(self) -> Page:
        """The text, read when it is first asked for."""
        return _page(self._source)

    @property
    def text(self) -> str:
        """All that is written about the product, in lower case."""
        return self.page.text

    @cached_property
    def says_as_it_is(self) -> bool:
        """Whether the sheet itself has the words that values are read as."""
        return AS_IT_IS in self.text

    def carries(self, word: str) -> bool:
        """Whether the sheet affirms a word, in any of its forms or a synonym."""
        return self.page.affirms(word) is True

    def denies(self, word: str) -> bool:
        """Whether the sheet has the word only to deny it."""
        return self.page.affirms(word) is False

    def states(self, said: Quantity) -> bool:
        """Whether the sheet has the quantity, in its unit or another, exactly or rounded."""
        if said.dimension == "money":
            return self._states_money(said)
        page = self.page
        if any(_same(said, one) and _within(said, one.value) for one in page.quantities):
            return True
        return said.number in (page.numbers if said.dimension is None else page.bare)

    def _states_money(self, said: Quantity) -> bool:
        return any(_within(said, cents) for cents in self.money) or any(
            _same(said, one) and _within(said, one.value) for one in self.page.quantities
        )

    def knows(self, dimension: str | None) -> bool:
        """Whether the sheet has another quantity of the dimension."""
        return dimension is not None and any(
            one.dimension == dimension for one in self.page.quantities
        )


def _lines(text: str) -> str:
    return "\n".join(part for part in text.split(" | ") if part.strip())


def _names(text: str) -> list[tuple[str, str]]:
    """Return what a sheet calls the product and says of it, with what is read instead."""
    title, *others = text.split(" | ")
    named = [(name, "it") for name in (title, title.split(", ")[0]) if len(name) > LEAST_NAME]
    values = (part.partition(": ")[2] or part for part in others)
    return named + [
        (value, AS_IT_IS) for value in values if LEAST_NAME < len(value) < LONGEST_VALUE
    ]


def _amounts(money: Iterable[int]) -> list[tuple[str, str]]:
    return [(us_dollars(cents), "the price") for cents in sorted(money, reverse=True) if cents > 0]


def _terms(return_days: int, delivery_days: tuple[int, int]) -> tuple[tuple[str, str], ...]:
    """Return how the days of an offer are said in full: no other number of days is meant."""
    shortest, longest = delivery_days
    return (
        (f"{return_days} days from delivery", "the days of the offer"),
        (f"{shortest} to {longest} days", "the days of the offer"),
    )


def _same(said: Quantity, one: Quantity) -> bool:
    return said.dimension == one.dimension and said.dimension is not None


def _within(said: Quantity, value: float) -> bool:
    if said.bound == "over":
        return said.value <= value * (1 + TOLERANCE) and value <= said.value * BOUND
    if said.bound == "under":
        return value <= said.value * (1 + TOLERANCE) and said.value <= value * BOUND
    allowed = LOOSE_TOLERANCE if said.bound else TOLERANCE
    return abs(said.value - value) <= allowed * max(abs(value), 1e-9)
