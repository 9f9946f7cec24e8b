"""Conditions of a rule: which facts have to stand, such as ``shipping_cents > 0``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from operator import eq, ge, gt, le, lt, ne
from types import MappingProxyType

Fact = bool | int | float
Facts = Mapping[str, Fact]
"""What is so now, by name; what a protocol does not know is not there."""
Test = Callable[[Facts], bool]

_NAME = r"[a-z][a-z0-9_]{0,60}"
_KNOWN = re.compile(rf"(?P<not>not )?(?P<name>{_NAME})")
_COMPARED = re.compile(rf"(?P<name>{_NAME}) ?(?P<op>[<>]=?|==|!=) ?(?P<than>{_NAME}|\d+(?:\.\d+)?)")
_OPERATORS: Mapping[str, Callable[[Fact, Fact], bool]] = MappingProxyType(
    {">": gt, ">=": ge, "<": lt, "<=": le, "==": eq, "!=": ne}
)


class BadCondition(ValueError):
    """A condition that cannot be read."""


@lru_cache(maxsize=1_024)
def condition(text: str) -> Test:
    """Make a condition ready.

    Parameters
    ----------
    text : str
        ``name``, ``not name`` or a comparison of a fact with a number or another fact; several of
        them with " or " between. A fact that is not known is not so, and compares with nothing.

    Raises
    ------
    BadCondition
    """
    tests = [_single(part.strip()) for part in text.split(" or ")]
    return tests[0] if len(tests) == 1 else lambda facts: any(test(facts) for test in tests)


def _single(text: str) -> Test:
    compared = _COMPARED.fullmatch(text)
    if compared is not None:
        name, than, operator = compared["name"], compared["than"], _OPERATORS[compared["op"]]
        number = float(than) if than[0].isdigit() else None

        def holds(facts: Facts) -> bool:
            one, other = facts.get(name), number if number is not None else facts.get(than)
            return one is not None and other is not None and operator(one, other)

        return holds
    known = _KNOWN.fullmatch(text)
    if known is None:
        raise BadCondition(f"{text!r} is no condition; write a fact, such as shipping_cents > 0")
    name, wanted = known["name"], known["not"] is None
    return lambda facts: bool(facts.get(name)) is wanted


@lru_cache(maxsize=1_024)
def names_in(text: str) -> tuple[str, ...]:
    """Return the facts that a condition names."""
    found: list[str] = []
    for part in text.split(" or "):
        match = _COMPARED.fullmatch(part.strip()) or _KNOWN.fullmatch(part.strip())
        if match is not None:
            than = match.groupdict().get("than") or "0"
            found += [match["name"], *([] if than[0].isdigit() else [than])]
    return tuple(found)
