"""Traits are told by what is said; nothing leaks from the test products; noise gives chance."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retailsim.analysis.latent.classifier import TooLittle, learn, split
from retailsim.analysis.latent.features import (
    EmbeddingFeatures,
    Features,
    UnknownFeatures,
    by_name,
)
from retailsim.market.core.embedding import EmbeddingUnavailable

PRODUCTS = [f"P{number:02d}" for number in range(40)]
LOUD = ("buy it now", "do not wait", "this is the one")
QUIET = ("take your time", "if you like", "no hurry at all")


def said(seed: int, *, shuffled: bool = False) -> pl.DataFrame:
    """Two stages: one that shows the trait, and chatter that does not."""
    draw = random.Random(seed)
    rows = []
    for product in PRODUCTS:
        for pole in ("assertive", "passive") * 3:
            words = draw.choice(LOUD if pole == "assertive" else QUIET)
            filler = " ".join(draw.choice("abcdefghij") * 3 for _ in range(8))
            label = draw.choice(("assertive", "passive")) if shuffled else pole
            rows.append(("chatter", product, filler, label))
            rows.append(("pitch", product, f"{filler} {words} {product}", label))
    names = ("stage", "product", "text", "pole")
    return pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")


STAGES = ("chatter", "pitch")


def test_the_stage_that_shows_it_is_found_and_test_products_are_told_right() -> None:
    found = learn(said(1), STAGES, "assertive", by_name("tfidf"), seed=1)
    assert found.stage == "pitch"
    assert found.searched["pitch"] > 0.95 > 0.7 > found.searched["chatter"]
    assert found.accuracy.value == 1.0
    assert found.accuracy.clusters == len(found.test_products) == 10
    loud, quiet = found.probabilities(["you must buy it now", "take your time please"])
    assert loud > 0.8
    assert quiet < 0.2


@pytest.mark.slow
def test_shuffled_labels_give_chance() -> None:
    """Over ten data sets without anything to learn the test accuracy averages one half."""
    values = [
        learn(said(seed, shuffled=True), STAGES, "assertive", by_name("tfidf"), seed=seed)
        for seed in range(10)
    ]
    shares = [one.accuracy.value for one in values]
    assert np.mean([share for share in shares if share is not None]) == pytest.approx(0.5, abs=0.07)


class Spy:
    """Features that remember every text they were shown before the end."""

    seen: set[str]

    def __init__(self) -> None:
        self.inner = by_name("tfidf")()

    def fit(self, texts: Sequence[str], labels: Any = None) -> Features:
        SEEN.update(texts)
        self.inner.fit(texts, labels)
        return self

    def transform(self, texts: Sequence[str]) -> Any:
        return self.inner.transform(texts)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {}

    def set_params(self, **params: Any) -> Spy:
        return self


SEEN: set[str] = set()


def test_the_vectoriser_and_the_search_see_training_products_only() -> None:
    SEEN.clear()
    texts = said(3)
    found = learn(texts, STAGES, "assertive", Spy, seed=3)
    own = set(texts.filter(pl.col("product").is_in(found.test_products))["text"])
    others = set(texts.filter(~pl.col("product").is_in(found.test_products))["text"])
    assert len(SEEN) > 100
    assert others >= SEEN
    assert not (own - others) & SEEN


@given(count=st.integers(8, 200), seed=st.integers(0, 2**32 - 1))
def test_a_split_is_disjoint_whole_and_of_the_seed(count: int, seed: int) -> None:
    products = [f"p{number}" for number in range(count)]
    train, test = split(products, seed)
    assert not set(train) & set(test)
    assert sorted((*train, *test)) == sorted(products)
    assert len(test) == max(2, round(count / 4))
    assert split(products, seed) == (train, test)


def test_too_little_is_said() -> None:
    with pytest.raises(TooLittle, match="7 products"):
        split([str(number) for number in range(7)], 1)
    one_pole = said(1).filter(pole="assertive")
    with pytest.raises(TooLittle, match="both poles"):
        learn(one_pole, STAGES, "assertive", by_name("tfidf"), seed=1)


def test_features_are_chosen_by_name() -> None:
    with pytest.raises(UnknownFeatures, match=r"unknown 'words'; known: tfidf, embedding"):
        by_name("words")


def test_embeddings_of_any_encoder_serve() -> None:
    def encode(texts: Sequence[str]) -> Any:
        return np.array([[text.count("now") + text.count("wait"), 1.0] for text in texts])

    found = learn(said(1), STAGES, "assertive", lambda: EmbeddingFeatures(encode), seed=1)
    assert found.stage == "pitch"
    rows = EmbeddingFeatures(encode).fit([]).transform(["now now", ""])
    assert np.linalg.norm(rows, axis=1) == pytest.approx([1.0, 1.0])


def test_a_stage_whose_texts_share_no_word_is_not_searched() -> None:
    texts = said(1)
    numbers = pl.int_range(pl.len()).cast(pl.String)
    mute = texts.filter(stage="pitch").with_columns(text=pl.lit("w") + numbers)
    with pytest.raises(TooLittle, match="no stage"):
        learn(mute, ["pitch"], "assertive", by_name("tfidf"), seed=1)


def test_a_stage_with_a_fold_of_one_pole_is_not_searched() -> None:
    texts = said(1).filter(stage="pitch")
    last = texts["product"].max()
    rows = texts.filter((pl.col("pole") == "assertive") == (pl.col("product") != last))
    with pytest.raises(TooLittle, match="no stage"):
        learn(rows, ["pitch"], "assertive", by_name("tfidf"), seed=1)


@pytest.mark.parametrize(
    ("name", "module", "package"),
    [
        ("embedding", "wordllama", "wordllama"),
        ("embedding-large", "sentence_transformers", "sentence-transformers"),
    ],
)
def test_without_the_package_embedding_says_so_before_anything_is_read(
    name: str, module: str, package: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(EmbeddingUnavailable, match=f"pip install {package}$"):
        by_name(name)


@pytest.mark.slow
def test_the_small_embedding_tells_traits_as_words_do_and_chance_as_chance() -> None:
    """Stock sentences that differ by a trait are told apart; shuffled labels are not."""
    features = by_name("embedding")
    assert learn(said(1), STAGES, "assertive", features, seed=1).accuracy.value == 1.0
    chance = [
        learn(said(seed, shuffled=True), STAGES, "assertive", features, seed=seed).accuracy.value
        for seed in range(6)
    ]
    assert np.mean([one for one in chance if one is not None]) == pytest.approx(0.5, abs=0.1)
