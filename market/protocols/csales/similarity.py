"""Nearness of a text to the sheets of a catalogue: a light index, and one by embeddings.

Both have one method; which one a run uses is chosen by name. A third one is registered by adding
it to `INDEXES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

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

EMBEDDER = "all-MiniLM-L6-v2"
"""The sentence model of the index ``embedding``."""


class UnknownIndex(MarketError):
    """There is no index of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no index is called {name!r}: choose one of {', '.join(INDEXES)}")


class IndexUnavailable(MarketError):
    """The index needs a package that is not installed."""

    def __init__(self, name: str, package: str) -> None:
        super().__init__(f"the index {name!r} needs the package {package}: pip install {package}")


class Similarity(Protocol):
    """An index over some texts."""

    def scores(self, text: str) -> NDArray[Any]:
        """Return one number per indexed text, the nearest having the largest."""
        ...


def by_name(name: str) -> Callable[[Sequence[str]], Similarity]:
    """Return what makes the index of this name; raises `UnknownIndex`."""
    try:
        return INDEXES[name]
    except KeyError:
        raise UnknownIndex(name) from None


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
    """Cosine similarity of sentence embeddings, by the package sentence-transformers.

    Parameters
    ----------
    encode : callable, optional
        Texts -> an array (texts, dimensions); by default the model `EMBEDDER`.
    """

    def __init__(
        self, texts: Sequence[str], encode: Callable[[Sequence[str]], NDArray[Any]] | None = None
    ) -> None:
        self._encode = encode or _sentence_model()
        self._matrix = _unit(self._encode(texts))

    def scores(self, text: str) -> NDArray[Any]:
        """Return cosines, from -1 to 1."""
        scores: NDArray[Any] = self._matrix @ _unit(self._encode([text]))[0]
        return scores


def _sentence_model() -> Callable[[Sequence[str]], NDArray[Any]]:
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError:
        raise IndexUnavailable("embedding", "sentence-transformers") from None
    encode: Callable[[Sequence[str]], NDArray[Any]] = SentenceTransformer(EMBEDDER).encode
    return encode


def _unit(matrix: NDArray[Any]) -> NDArray[Any]:
    import numpy as np

    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled: NDArray[Any] = matrix / np.where(norms == 0.0, 1.0, norms)
    return scaled


INDEXES: Mapping[str, Callable[[Sequence[str]], Similarity]] = MappingProxyType(
    {"bm25": Bm25, "embedding": EmbeddingIndex}
)
"""Every index by its name."""
