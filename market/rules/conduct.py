"""What a protocol says of a seller's conduct: event by event, what it did and what was so then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import filterfalse
from types import MappingProxyType
from typing import Protocol

from retailsim.events.messages import Event
from retailsim.market.catalogue.product import Product
from retailsim.market.claims.reader import sentences
from retailsim.market.rules.conditions import Fact, Facts
from retailsim.market.rules.judging import Act
from retailsim.market.rules.phrases import heard, index
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


NOTHING_HEARD: Facts = MappingProxyType({})
_Listened = tuple[tuple[str, tuple[str, ...]], ...]
MOST_KNOWN = 16_384
"""Pieces of texts that are remembered for each set of phrases: those that say none of them."""


class Ear:
    """What is listened for, and which pieces of texts say nothing of it: nearly all do not."""

    def __init__(self, listened: _Listened) -> None:
        self._listened = listened
        self._index = index(tuple(one for _, some in listened for one in some))
        self._idle = set[str]()

    def hears(self, text: str) -> list[str]:
        """Return the names of what a text says; it is cut at its full stops, which is quick."""
        found = list[str]()
        for piece in filterfalse(self._idle.__contains__, text.split(". ")):
            names = self._said(piece) if self._index.may_match(piece) else []
            found += names
            if not names:
                if len(self._idle) >= MOST_KNOWN:
                    self._idle.clear()
                self._idle.add(piece)
        return found

    def _said(self, piece: str) -> list[str]:
        said = sentences(piece)
        return [name for name, some in self._listened if any(heard(one, some) for one in said)]


_ear = lru_cache(maxsize=256)(Ear)


def ear_for(heard: Mapping[str, tuple[str, ...]]) -> Ear:
    """Return what listens for phrases by the name of what is heard; one for the same phrases."""
    return _ear(tuple(heard.items()))


class Heard:
    """What a buyer said that a rule listens for, and how long ago.

    Parameters
    ----------
    ear : Ear
        For what is listened for.
    """

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._turns: dict[str, int] = {}

    def listen(self, text: str, turn: int) -> None:
        """Take in what was said in a turn."""
        for name in self._ear.hears(text):
            self._turns[name] = turn

    def facts(self, turn: int) -> Facts:
        """Return ``turns_since_NAME`` for everything that was heard so far: mostly nothing."""
        return (
            NOTHING_HEARD
            if not self._turns
            else {f"turns_since_{name}": turn - at for name, at in self._turns.items()}
        )


def rating(products: Iterable[Product]) -> dict[str, Fact]:
    """Return the facts of the sheets that all of some products have: the lowest rating and count.

    Nothing where there is no product, or one has no rating.
    """
    stars, counts = list[float](), list[int]()
    for one in products:
        if one.average_rating is None or not one.rating_number:
            return {}
        stars.append(one.average_rating)
        counts.append(one.rating_number)
    return {"average_rating": min(stars), "rating_number": min(counts)} if stars else {}
