"""What a command was told of a reward's terms: TERM=WEIGHT or TERM=LIMIT, once or several times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from retailsim.sim.learning.errors import BadBound, BadLimit, BadReward, LimitNeedsNumber


def asked_weights(asked: Sequence[str], terms: Iterable[str]) -> dict[str, float]:
    """Return the weights that are asked for, by term.

    Raises
    ------
    BadReward
        If one is no TERM=NUMBER, or there is no such term.
    """
    known, found = list(terms), {}
    for text in asked:
        name, _, number = text.partition("=")
        value = finite(number)
        if name.strip() not in known or value is None:
            raise BadReward(text, known)
        found[name.strip()] = value
    return found


def asked_limit(
    text: str,
    terms: Iterable[str],
    ranges: Mapping[str, tuple[float, float]],
    *,
    least: bool,
    alone: str = "",
) -> tuple[str, float | None, bool]:
    """Return a limit's term, its bound if it has one, and whether it is a floor.

    Parameters
    ----------
    text : str
        TERM=NUMBER, or TERM.
    terms : iterable of str
    ranges : mapping of term to (low, high)
        Between what terms are on average.
    least : bool
    alone : str
        What a term without a number stands for; nothing: it needs a number.

    Raises
    ------
    BadLimit, LimitNeedsNumber, BadBound
        If it is none of these.
    """
    flag = "--floor" if least else "--limit"
    name, equals, number = text.partition("=")
    term, bound, known = name.strip(), finite(number) if equals else None, list(terms)
    if term not in known or (equals and bound is None):
        raise BadLimit(flag, text, known, alone)
    if bound is None and not alone:
        raise LimitNeedsNumber(flag, term)
    low, high = ranges.get(term, (-math.inf, math.inf))
    if bound is not None and not low <= bound <= high:
        raise BadBound(flag, text, term, low, high)
    return term, bound, least


def finite(text: str) -> float | None:
    """Return a text as a finite number; None if it is none."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def paid(reward: Mapping[str, float]) -> str:
    """Return weights in words."""
    return ", ".join(f"{name} x {weight:g}" for name, weight in reward.items())
