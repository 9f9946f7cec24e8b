"""Whether every match of a regular expression contains one of some strings: a small prover."""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
from re import _constants as op  # type: ignore[attr-defined]  # re shows no parsed pattern
from re import _parser as parser  # type: ignore[attr-defined]  # likewise
from typing import Any, NamedTuple

MOST = 2_000
"""Matches that are listed; a part of an expression with more is looked at piece by piece."""

Words = frozenset[str]
NOTHING: Words = frozenset({""})


class Known(NamedTuple):
    """What is known of the matches of a part of an expression.

    Parameters
    ----------
    all : frozenset of str or None
        All of them; None: too many to list.
    proven : bool
        Whether each contains one of the strings.
    """

    all: Words | None
    proven: bool


def always_has(pattern: str, strings: Collection[str]) -> bool:
    """Whether every match of `pattern` is known to contain one of `strings`; no is no proof."""
    return _sequence(parser.parse(pattern), strings).proven


def _sequence(items: Any, strings: Collection[str]) -> Known:
    run, whole, proven = NOTHING, True, False
    for code, value in items:
        known = _one(code, value, strings)
        joined = _joined(run, known.all)
        proven = proven or known.proven
        if joined is None:
            whole, run = False, known.all or NOTHING
        else:
            run = joined
        proven = proven or _each_has(run, strings)
    return Known(run if whole else None, proven)


def _each_has(words: Words, strings: Collection[str]) -> bool:
    return all(any(string in word for string in strings) for word in words)


def _joined(first: Words, second: Words | None) -> Words | None:
    if second is None or len(first) * len(second) > MOST:
        return None
    return frozenset(a + b for a, b in product(first, second))


def _one(code: Any, value: Any, strings: Collection[str]) -> Known:
    if code is op.LITERAL:
        return Known(frozenset({chr(value)}), False)
    if code is op.IN:
        return Known(_set(value), False)
    if code is op.SUBPATTERN:
        return _sequence(value[3], strings)
    if code is op.BRANCH:
        return _branch([_sequence(one, strings) for one in value[1]])
    if code in {op.MAX_REPEAT, op.MIN_REPEAT}:
        return _repeat(value, strings)
    looks_only = code in {op.AT, op.ASSERT, op.ASSERT_NOT}
    return Known(NOTHING if looks_only else None, False)


def _set(members: Any) -> Words | None:
    if any(code is not op.LITERAL for code, _ in members):
        return None
    return frozenset(chr(value) for _, value in members)


def _branch(ways: list[Known]) -> Known:
    listed = [way.all for way in ways if way.all is not None]
    words = frozenset().union(*listed) if len(listed) == len(ways) else None
    return Known(words, all(way.proven for way in ways))


def _repeat(repeated: Any, strings: Collection[str]) -> Known:
    least, most, items = repeated
    inner = _sequence(items, strings)
    if (least, most) == (0, 1) and inner.all is not None:
        return Known(inner.all | NOTHING, False)
    return Known(inner.all if (least, most) == (1, 1) else None, inner.proven and least > 0)
