"""Nearness of a text to the sheets of a catalogue: an index of words, and two by embeddings.

All have one method; which one a run uses is chosen by name. Another one is registered by adding it
to `INDEXES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from retailsim.market.core.embedding import LARGE, SMALL, Encode, available, encoder, unit
from retailsim.market.errors import MarketError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORD = re.compile(r"[^\W_]+")
_COMMON = """
a am an and any are as at be been but by can do for from had has have i if in is it its me my no
not of on or our so such that the their them there these they this to was we were what when which
while will with would you your
"""
_STOP = frozenset(_COMMON.split())

DECIMALS = 5
"""Of a cosine: what the mathematics of two machines may tell apart is dropped."""


class UnknownIndex(MarketError):
    """There is no index of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no index is called {name!r}: choose one of {', '.join(INDEXES)}")


class Similarity(Protocol):
    """An index over some texts."""

    def scores(self, text: str) -> NDArray[Any]:
        """Return one number per indexed text, the nearest having the largest."""
        ...


def by_name(name: str) -> Callable[[Sequence[str]], Similarity]:
    """Return what makes the index of this name.

    Raises
    ------
    UnknownIndex
    EmbeddingUnavailable
        If it is one by embeddings, and the package for these is not installed.
    """
    if name not in INDEXES:
        raise UnknownIndex(name)
    if name in (SMALL, LARGE):
        available(name)
    return INDEXES[name]


def words(text: str) -> list[str]:
    """Return a text's words in lower case, without those that every text has."""
    found = (word.lower() for word in _WORD.findall(text))
    return [word for word in found if word not in _STOP]


class Bm25:
    """Okapi BM25 by the package bm25s: no model, no network, a millisecond for 100,000 texts."""

    def __init__(self, texts: Sequence[str]) -> None:
        import bm25s

        self._index = bm25s.BM25()
        # An index of nothing but stop words would have no vocabulary.
        self._index.index([words(text) or [""] for text in texts], show_progress=False)
        self._count = len(texts)

    def scores(self, text: str) -> NDArray[Any]:
        """Return BM25 scores; 0 where no word is shared."""
        import numpy as np

        known = self._index.vocab_dict
        tokens = sorted({word for word in words(text) if word in known})
        if not tokens:
            return np.zeros(self._count)
        scores: NDArray[Any] = self._index.get_scores(tokens)
        return scores


class EmbeddingIndex:
    """Cosine similarity of sentence embeddings.

    Parameters
    ----------
    encode : callable or str
        What turns texts into vectors, or the name of a model of `market.core.embedding`.
    """

    def __init__(self, texts: Sequence[str], encode: Encode | str = SMALL) -> None:
        self._encode = encoder(encode) if isinstance(encode, str) else encode
        self._matrix = unit(self._encode(texts))

    def scores(self, text: str) -> NDArray[Any]:
        """Return cosines, from -1 to 1, to `DECIMALS` decimals."""
        scores: NDArray[Any] = (self._matrix @ unit(self._encode([text]))[0]).round(DECIMALS)
        return scores


INDEXES: Mapping[str, Callable[[Sequence[str]], Similarity]] = MappingProxyType(
    {"bm25": Bm25, SMALL: EmbeddingIndex, LARGE: partial(EmbeddingIndex, encode=LARGE)}
)
"""Every index by its name."""
