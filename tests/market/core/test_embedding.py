"""The small sentence embeddings: whole in their package, and one vector a text."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from benchmarks.quality.retrieval import quality
from retailsim.market.catalogue.problems import Problems
from retailsim.market.catalogue.product_files import builtin_catalogue, read_products
from retailsim.market.core import embedding
from retailsim.market.core.embedding import EmbeddingUnavailable, digest, encoder, unit
from retailsim.market.protocols.csales.profile_file import builtin_profiles, read_profiles
from retailsim.market.protocols.csales.similarity import Bm25, EmbeddingIndex

TEXTS = (
    "A notebook computer for travelling",
    "Laptop, 13 inch, light",
    "Ripe bananas from Ecuador",
    "",
    "Sofa. " * 400,
)

_BY_THEIR_OWN_CODE = """
import json, sys
from pathlib import Path
import wordllama
model = wordllama.WordLlama.load(cache_dir=Path(wordllama.__file__).parent, disable_download=True)
print(json.dumps(model.embed(json.load(sys.stdin)).tolist()))
"""


def no_network(*_: Any, **__: Any) -> None:
    raise AssertionError("a hub was asked")


def test_it_needs_no_hub_and_meaning_is_near(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two texts without a common word are near, where an index of words sees nothing."""
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    encoder.cache_clear()
    laptop, bananas = EmbeddingIndex(TEXTS[1:3]).scores(TEXTS[0])
    assert laptop > bananas + 0.3
    assert Bm25(TEXTS[1:3]).scores(TEXTS[0]).tolist() == [0.0, 0.0]


def test_a_text_has_one_vector_whatever_stands_beside_it() -> None:
    encode = encoder("embedding")
    together = encode(TEXTS)
    assert together.shape == (len(TEXTS), 256)
    for text, row in zip(TEXTS, together, strict=True):
        assert np.array_equal(encode([text])[0], row)
    assert not together[3].any()
    assert np.linalg.norm(unit(together), axis=1) == pytest.approx([1, 1, 1, 0, 1])


@pytest.mark.slow
def test_the_vectors_are_those_of_the_package_itself() -> None:
    """Its own code, in a process of its own: it sets up the logging of whoever imports it."""
    import json

    ran = subprocess.run(
        [sys.executable, "-c", _BY_THEIR_OWN_CODE],
        input=json.dumps(TEXTS),
        capture_output=True,
        text=True,
        check=True,
    )
    theirs = np.array(json.loads(ran.stdout))
    assert encoder("embedding")(TEXTS) == pytest.approx(theirs, abs=1e-5)


def test_it_finds_what_buyers_need_more_often_than_words_do() -> None:
    """The figures of docs/csales.md; vectors that mean nothing find next to nothing."""
    products = sorted(read_products(builtin_catalogue(), problems=Problems()), key=lambda p: p.id)
    profiles = read_profiles(builtin_profiles())

    def noise(texts: Sequence[str]) -> Any:
        return np.array([np.random.default_rng(len(text)).normal(size=256) for text in texts])

    by_words = quality(products, profiles, Bm25)
    by_meaning = quality(products, profiles, EmbeddingIndex)
    by_chance = quality(products, profiles, lambda texts: EmbeddingIndex(texts, noise))
    assert (by_words.profiles, by_meaning.profiles) == (72, 72)
    found = [round(one.precision, 3) for one in (by_words, by_meaning)]
    assert found == [0.536, 0.706]
    assert by_chance.precision < 0.15


def test_a_package_without_weights_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    class Empty:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(embedding, "find_spec", lambda _: Empty())
    encoder.cache_clear()
    with pytest.raises(EmbeddingUnavailable, match="wordllama, which has no weights in this"):
        encoder("embedding")


def test_its_digest_is_of_the_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    was = digest("embedding")
    assert was == digest("embedding")
    files = [tmp_path / "weights", tmp_path / "words"]
    for file in files:
        file.write_bytes(b"other")
    monkeypatch.setattr(embedding, "_files", lambda: tuple(files))
    assert digest("embedding") != was
