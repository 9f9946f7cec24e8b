"""Halves of profiles and of products: what was tuned on one half is judged on the other."""

from __future__ import annotations

from hashlib import sha256


def half_of(name: str) -> int:
    """Return the half that an id is in, 1 or 2: the last bit of its SHA-256's first byte.

    It depends on the id alone, not on the seed or the file, so a half is the same in every run.
    """
    return 1 + sha256(name.encode()).digest()[0] % 2
