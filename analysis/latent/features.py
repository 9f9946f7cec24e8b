"""Features of texts, chosen by name: TF-IDF, or embeddings of a sentence model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

from retailsim.analysis.projection.errors import AnalysisError

SENTENCE_MODEL = "all-MiniLM-L6-v2"
"""What ``embedding`` uses unless it is given another."""


class UnknownFeatures(AnalysisError):
    """No features of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"--features: unknown {name!r}; known: {', '.join(FEATURES)}")


class EmbeddingUnavailable(AnalysisError):
    """The package for sentence embeddings is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "--features embedding: the package sentence-transformers is not installed; "
            "install it, or take tfidf"
        )


class Features(Protocol):
    """Learns from texts, then turns texts into a matrix (texts, features)."""

    def fit(self, texts: Sequence[str], labels: Any = None) -> Features:
        """Learn from training texts; labels are not looked at."""
        ...

    def transform(self, texts: Sequence[str]) -> Any:
        """Return the matrix."""
        ...


class EmbeddingFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Embeddings of a sentence model that has learnt elsewhere; learns nothing itself.

    Parameters
    ----------
    encode : callable or None
        Texts -> array (texts, dimensions); None loads `SENTENCE_MODEL`.
    """

    def __init__(self, encode: Callable[[Sequence[str]], Any] | None = None) -> None:
        self.encode = encode

    def fit(self, texts: Sequence[str], labels: Any = None) -> EmbeddingFeatures:
        """Load the model."""
        self.encoder_ = self.encode or _sentence_model()
        return self

    def transform(self, texts: Sequence[str]) -> Any:
        """Return one row of unit length per text."""
        rows = np.asarray(self.encoder_(list(texts)), dtype=np.float64)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return rows / np.where(lengths > 0.0, lengths, 1.0)


@cache
def _sentence_model() -> Callable[[Sequence[str]], Any]:
    """Load the model, once for all traits, stages and folds."""
    found: Callable[[Sequence[str]], Any] = _sentence_transformer()(SENTENCE_MODEL).encode
    return found


def _sentence_transformer() -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ModuleNotFoundError:
        raise EmbeddingUnavailable from None
    return SentenceTransformer


def _tfidf() -> Features:
    """Words and pairs of words that at least two training texts have."""
    found: Features = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return found


FEATURES: Mapping[str, Callable[[], Features]] = MappingProxyType(
    {"tfidf": _tfidf, "embedding": EmbeddingFeatures}
)


def by_name(name: str) -> Callable[[], Features]:
    """Return what makes features of this name.

    Raises
    ------
    UnknownFeatures
    EmbeddingUnavailable
        If they are embeddings, and the package for these is not installed.
    """
    if name not in FEATURES:
        raise UnknownFeatures(name)
    if FEATURES[name] is EmbeddingFeatures:
        _sentence_transformer()
    return FEATURES[name]
