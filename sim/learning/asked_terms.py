"""What a command was told of a reward's terms: TERM=WEIGHT, once or several times."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from retailsim.sim.learning.errors import BadReward


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
