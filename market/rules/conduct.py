"""What a protocol says of a seller's conduct: event by event, what it did and what was so then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

from retailsim.events.messages import Event
from retailsim.market.catalogue.product import Product
from retailsim.market.claims.reader import sentences
from retailsim.market.rules.conditions import Fact
from retailsim.market.rules.judging import Act
from retailsim.market.rules.phrases import heard
from retailsim.market.rules.rule import RuleSet

Products = Mapping[str, Product]
"""The sheets of a run's products, by id."""


class Conduct(Protocol):
    """The conduct of the seller of one market; each protocol has its own."""

    def tell(self, event: Event) -> Sequence[Act]:
        """Take in the market's next event, and return what the seller did by it."""
        ...


class OpenConduct(Protocol):
    """Makes a `Conduct`."""

    def __call__(self, rules: RuleSet, products: Products) -> Conduct:
        """Return that of a market in which nothing has happened yet."""
        ...


_Listened = tuple[tuple[str, tuple[str, ...]], ...]
MOST_KNOWN = 65_536
"""Pieces of texts that are remembered for each set of phrases."""


class Heard:
    """What a buyer said that a rule listens for, and how long ago.

    Parameters
    ----------
    phrases : mapping of str to tuple of str
        By the name of what is heard.
    """

    def __init__(self, phrases: Mapping[str, tuple[str, ...]]) -> None:
        self._ear = _ear(tuple(phrases.items()))
        self._turns: dict[str, int] = {}

    def listen(self, text: str, turn: int) -> None:
        """Take in what was said in a turn."""
        for piece in text.split(". "):  # each of them ends a sentence
            for name in self._ear.hears(piece):
                self._turns[name] = turn

    def facts(self, turn: int) -> dict[str, Fact]:
        """Return ``turns_since_NAME`` for everything that was heard so far."""
        return {f"turns_since_{name}": turn - at for name, at in self._turns.items()}


class _Ear:
    """What is listened for, and what pieces of texts were found to say of it."""

    def __init__(self, listened: _Listened) -> None:
        self._listened = listened
        self._known: dict[str, tuple[str, ...]] = {}

    def hears(self, piece: str) -> tuple[str, ...]:
        """Return the names of what a piece says."""
        found = self._known.get(piece)
        if found is None:
            said = sentences(piece)
            names = (name for name, some in self._listened if any(heard(one, some) for one in said))
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[piece] = tuple(names)
        return found


_ear = lru_cache(maxsize=256)(_Ear)


def rating(products: Iterable[Product]) -> dict[str, Fact]:
    """Return the facts of the sheets that all of some products have: the lowest rating and count.

    Nothing where there is no product, or one has no rating.
    """
    rated = [(one.average_rating, one.rating_number) for one in products]
    known = [(stars, count) for stars, count in rated if stars is not None and count]
    if not rated or len(known) < len(rated):
        return {}
    return {
        "average_rating": min(stars for stars, _ in known),
        "rating_number": min(count for _, count in known),
    }
