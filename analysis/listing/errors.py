"""What can be wrong with what a list of episodes is asked for; each message is one line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from retailsim.analysis.projection.errors import AnalysisError
from retailsim.events.brief import brief

_FEW = 8
_LOOKED_AT = 2_000
"""Among more names, looking for one that is like another takes too long."""


class BadFilter(AnalysisError):
    """A filter asks for what there is not.

    Parameters
    ----------
    key : str
        Which part of it.
    problem : str
        What is wrong with it, and what would not be.
    """

    def __init__(self, key: str, problem: str) -> None:
        super().__init__(f"{brief(key)}: {problem}")


def not_among(value: str, known: Iterable[str]) -> str:
    """Say that a value is none of those that there are, and name the likeliest of these."""
    listed: Sequence[str] = sorted(known)
    near = get_close_matches(value, listed[:_LOOKED_AT], 1)
    if near:
        return f"{brief(value)!r} is not there; did you mean {near[0]}?"
    left = len(listed) - _FEW
    more = f" and {left:,} more" if left > 0 else ""
    return f"{brief(value)!r} is not there; there is {', '.join(listed[:_FEW]) or 'nothing'}{more}"
