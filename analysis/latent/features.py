"""Features of texts, chosen by name: TF-IDF, or sentence embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.feature_extraction.text import TfidfVectorizer

from retailsim.analysis.projection.errors import AnalysisError
from retailsim.market.core.embedding import LARGE, SMALL, Encode, available, encoder, unit


class UnknownFeatures(AnalysisError):
    """No features of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"--features: unknown {name!r}; known: {', '.join(FEATURES)}")


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
    encode : callable or str
        What turns texts into vectors, or the name of a model of `market.core.embedding`.
    """

    def __init__(self, encode: Encode | str = SMALL) -> None:
        self.encode = encode

    def fit(self, texts: Sequence[str], labels: Any = None) -> EmbeddingFeatures:
        """Load the model."""
        self.encoder_ = encoder(self.encode) if isinstance(self.encode, str) else self.encode
        return self

    def transform(self, texts: Sequence[str]) -> Any:
        """Return one row of unit length per text."""
        return unit(np.asarray(self.encoder_(list(texts)), dtype=np.float64))


def _tfidf() -> Features:
    """Words and pairs of words that at least two training texts have."""
    found: Features = TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True)
    return found


FEATURES: Mapping[str, Callable[[], Features]] = MappingProxyType(
    {"tfidf": _tfidf, SMALL: EmbeddingFeatures, LARGE: partial(EmbeddingFeatures, LARGE)}
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
    if name in (SMALL, LARGE):
        available(name)
    return FEATURES[name]
