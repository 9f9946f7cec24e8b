"""One block of draws for each (purpose, unit), kept while its episode is played.

A handler takes its draws by place from the block, so what it gets depends neither on which
handlers ran before nor on how often; one hash serves the whole episode. Choices and wording
have blocks of different purposes, so no change of wording can move an outcome.
"""

from __future__ import annotations

from functools import lru_cache

from events.streams import Seed

BLOCK = 16


@lru_cache(maxsize=4096)
def uniforms(seed: Seed, purpose: str, unit: str) -> tuple[float, ...]:
    """Return `BLOCK` uniform draws in (0, 1)."""
    draw = seed.stream(purpose, unit).uniform
    return tuple([draw() for _ in range(BLOCK)])


@lru_cache(maxsize=4096)
def words(seed: Seed, purpose: str, unit: str) -> tuple[int, ...]:
    """Return `BLOCK` uniform integers in [0, 2**32); each serves up to four small picks."""
    draw = seed.stream(purpose, unit).word
    return tuple([draw() for _ in range(BLOCK)])


@lru_cache(maxsize=4096)
def normal(seed: Seed, purpose: str, unit: str) -> float:
    """Return one standard normal draw."""
    return seed.stream(purpose, unit).normal()
