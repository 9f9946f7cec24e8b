"""The fingerprint of a machine's mathematics: functions whose last bits differ between libraries.

Agents choose by exponentials and logarithms. Addition and multiplication are the same everywhere;
these functions come from the C library and may differ in their last bit, which once in a while
moves a choice, and with it the events of a run.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256

_FUNCTIONS: tuple[Callable[[float], float], ...] = (
    *(math.exp, math.expm1, math.log, math.log1p, math.sin, math.cos, math.tanh, math.erf),
    *(math.gamma, math.lgamma),
    lambda x: math.pow(x, 1.7),
)
_POINTS = 257


@cache
def mathematics() -> str:
    """Return 16 hex digits that are equal where these functions are, bit for bit."""
    return fingerprint(_results())


def fingerprint(values: Iterator[float]) -> str:
    """Return 16 hex digits of numbers, bit for bit."""
    digest = sha256()
    for value in values:
        digest.update(struct.pack("<d", value))
    return digest.hexdigest()[:16]


def other_mathematics(made: str) -> str | None:
    """Say that a run was made with other mathematics than this machine's, if it was.

    Parameters
    ----------
    made : str
        What ``run.toml`` says; empty in runs of older versions, of which nothing is known.
    """
    if made in ("", mathematics()):
        return None
    return (
        f"it was made by other mathematics ({made}, here {mathematics()}): on this machine the "
        "same results are likely, the same bytes are not promised"
    )


def _results() -> Iterator[float]:
    """Yield values at points between 0.02 and 20, evenly on the scale of logarithms."""
    point = 0.02
    for _ in range(_POINTS):
        yield from (function(point) for function in _FUNCTIONS)
        point *= 1.02734375  # 263/256: the points themselves need no library
