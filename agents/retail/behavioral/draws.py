"""One block of draws for each (purpose, unit): a hash or two serve a whole episode.

A handler takes its draws by place from the block, so what it gets depends neither on which
handlers ran before nor on how often. Choices and wording have blocks of different purposes, so
no change of wording can move an outcome.
"""

from __future__ import annotations

import struct
from functools import lru_cache

from retailsim.events.streams import Seed

BLOCK = 16
_HALF = struct.Struct("<8H").unpack
_UNIT = 2.0**-16


def uniforms(seed: Seed, purpose: str, unit: str) -> list[float]:
    """Return `BLOCK` draws, uniform in (0, 1) with 16 bits each."""
    first = _HALF(seed.digest(purpose, unit))
    return [(word + 0.5) * _UNIT for word in first + _HALF(seed.digest(f"{purpose}/more", unit))]


def bits(seed: Seed, purpose: str, unit: str) -> int:
    """Return 128 random bits: enough to choose among wordings, or for eight coarse draws."""
    return int.from_bytes(seed.digest(purpose, unit), "little")


def word(block: int, place: int) -> int:
    """Return 23 to 32 bits of `block` for the handler at `place` in 0..15.

    Neighbouring places share some of their bits: wordings may go together, outcomes never use
    this.
    """
    return (block >> 7 * place) & 0xFFFFFFFF


def coarse(block: int, place: int) -> float:
    """Return the draw at `place` in 0..7 of `block`: uniform in (0, 1), 16 bits."""
    return (((block >> 16 * place) & 0xFFFF) + 0.5) * _UNIT


@lru_cache(maxsize=4096)
def normal(seed: Seed, purpose: str, unit: str) -> float:
    """Return one standard normal draw."""
    return seed.stream(purpose, unit).normal()


kept_bits = lru_cache(maxsize=4096)(bits)
"""`bits`, remembered for the episodes played last."""
