"""Lines of bounded length: what somebody gave is quoted in them, but never a megabyte of it."""

from __future__ import annotations

import re

_WORD = 500
"""Characters of a word from which on its middle is left out; paths that people type are shorter."""
_LINE = 4_000
_LONG_WORD = re.compile(rf"\S{{{_WORD + 1},}}")


def brief(text: str) -> str:
    """Return `text` without the middle of very long words, and of a very long line.

    Its beginning says what is wrong and its end what to do, so both are kept.
    """
    text = _LONG_WORD.sub(lambda found: _shortened(found[0], _WORD), text)
    return _shortened(text, _LINE) if len(text) > _LINE else text


def _shortened(text: str, size: int) -> str:
    begin, end = size * 3 // 5, size // 5
    return f"{text[:begin]}... ({len(text) - begin - end:,} characters) ...{text[-end:]}"
