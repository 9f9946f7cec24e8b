"""Named random streams: every draw is keyed by what it is for, never by the order of calls.

A stream is the output of BLAKE2b in counter mode, keyed by the seed and labelled with a purpose
and a unit. Two arms of an experiment that share seed, purpose and unit share every draw, and an
extra call in one stream moves no draw in another. One hash gives sixteen 32-bit words, which is
why a handler takes one stream and draws from it several times: a hash per draw was half the CPU
of an early prototype.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")

_WORDS = struct.Struct("<16I").unpack
_UNIT = 2.0**-32


class Seed:
    """The run's seed, turned into the key of every stream.

    Parameters
    ----------
    value : int
        Any integer.
    """

    __slots__ = ("_key", "value")

    def __init__(self, value: int) -> None:
        self.value = value
        self._key = blake2b(str(value).encode(), digest_size=32).digest()

    def stream(self, purpose: str, unit: str) -> Stream:
        """Return the stream of `purpose` for `unit`, always from its beginning."""
        return Stream(self._key, f"{purpose}\x1f{unit}".encode())

    def digest(self, purpose: str, unit: str) -> bytes:
        """Return 16 bytes that order units at random, as sampling needs."""
        label = f"{purpose}\x1f{unit}".encode()
        return blake2b(label, digest_size=16, key=self._key).digest()


class Stream:
    """Draws for one purpose and unit; see `Seed.stream`.

    Uniform draws have 32 bits: enough for choices and effects, and cheap.
    """

    __slots__ = ("_block", "_key", "_label", "_words")

    def __init__(self, key: bytes, label: bytes) -> None:
        self._key = key
        self._label = label
        self._block = 0
        self._words: list[int] = []

    def word(self) -> int:
        """Return a uniform integer in [0, 2**32)."""
        words = self._words
        if not words:
            words = self._refill()
        return words.pop()

    def _refill(self) -> list[int]:
        block = self._label if self._block == 0 else self._label + b"\x1f%d" % self._block
        self._block += 1
        self._words = list(_WORDS(blake2b(block, key=self._key).digest()))
        return self._words

    def uniform(self) -> float:
        """Return a uniform float in (0, 1), never 0 or 1."""
        return (self.word() + 0.5) * _UNIT

    def chance(self, probability: float) -> bool:
        """Return True with the given probability."""
        return (self.word() + 0.5) * _UNIT < probability

    def integer(self, low: int, high: int) -> int:
        """Return a uniform integer in [low, high]."""
        return low + ((self.word() * (high - low + 1)) >> 32)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of `options`, all equally likely."""
        return options[(self.word() * len(options)) >> 32]

    def weighted(self, weights: Sequence[float]) -> int:
        """Return an index drawn in proportion to `weights` (non-negative, not all 0)."""
        target = self.uniform() * math.fsum(weights)
        for index, weight in enumerate(weights):
            target -= weight
            if target < 0.0:
                return index
        return max(index for index, weight in enumerate(weights) if weight > 0.0)

    def normal(self) -> float:
        """Return a standard normal draw (Box-Muller, one of the pair)."""
        radius = math.sqrt(-2.0 * math.log(self.uniform()))
        return radius * math.cos(2.0 * math.pi * self.uniform())

    def logistic(self) -> float:
        """Return a standard logistic draw: the difference of two Gumbel errors."""
        u = self.uniform()
        return math.log(u / (1.0 - u))

    def sample(self, options: Sequence[T], count: int) -> list[T]:
        """Return `count` distinct options in random order (all of them where fewer)."""
        pool = list(options)
        for index in range(min(count, len(pool))):
            other = self.integer(index, len(pool) - 1)
            pool[index], pool[other] = pool[other], pool[index]
        return pool[:count]
