"""TOML that comes from outside, and may be anything."""

from __future__ import annotations

import re
import tomllib
from typing import Any

DEEPEST = 50
"""Levels of tables and lists: far more than anything here has, and few enough to walk through."""

TOO_LARGE = 10**100
"""Whole numbers from here on: written out, one of thousands of digits is refused by Python."""


def parse_toml(text: str) -> dict[str, Any]:
    """Return the tables of a text.

    Raises
    ------
    tomllib.TOMLDecodeError
        If it is no TOML, or holds numbers or levels that nobody means.
    """
    try:
        found = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from None
    except ValueError:
        raise tomllib.TOMLDecodeError("it holds a whole number of thousands of digits") from None
    level: list[Any] = [found]
    for _ in range(DEEPEST):
        level = [inner for one in level for inner in _inside(one)]
        if any(isinstance(one, int) and abs(one) >= TOO_LARGE for one in level):
            raise tomllib.TOMLDecodeError("it holds a whole number of hundreds of digits")
    if level:
        raise tomllib.TOMLDecodeError("it is nested too deeply")
    return found


def unfit_text(tree: Any) -> str | None:
    """Return the dotted key of the first text that no file can be named by; None: there is none.

    That is one with the character NUL or half of a character (a lone surrogate): TOML escapes and
    Python's texts can hold them, names of files and lines of a log cannot.
    """
    waiting: list[tuple[str, Any]] = [("", tree)]
    while waiting:
        place, value = waiting.pop()
        match value:
            case str() if _UNFIT.search(value):
                return place
            case dict():
                for key, inner in reversed(value.items()):
                    if isinstance(key, str) and _UNFIT.search(key):
                        return f"{place}.{key!r}".lstrip(".")
                    waiting.append((f"{place}.{key}".lstrip("."), inner))
            case list() | tuple():
                numbered = reversed(list(enumerate(value)))
                waiting.extend((f"{place}[{number}]", inner) for number, inner in numbered)
    return None


_UNFIT = re.compile(r"[\x00\ud800-\udfff]")


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
