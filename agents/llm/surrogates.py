"""Halves of characters, as models cut them: JSON that is right but for them is read."""

from __future__ import annotations

import re

_PAIR = rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_HALF = rb"\\u[dD][89a-fA-F][0-9a-fA-F]{2}"
_ESCAPES = re.compile(rb"(" + _PAIR + rb")|(" + _HALF + rb")|\\.", re.DOTALL)
"""Whole escapes one after another, so that a backslash that is itself escaped begins none."""


def without_halves(raw: bytes) -> bytes:
    """Return JSON with U+FFFD in the place of half characters, and of bytes that are no text."""
    plain = raw.decode("utf-8", "replace").encode()
    return _ESCAPES.sub(lambda found: b"\\ufffd" if found[2] else found[0], plain)
