"""How intervals are written for people: both ends, and a mark where they are rough.

That is said wherever such an interval stands: on a page in a word, in a terminal's table, which has
no room for one, by a mark that a line below the table explains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from retailsim.analysis.statistics.skewed import ROUGH
from retailsim.analysis.statistics.values import Estimate, Interval

ROUGH_MARK = "~"
"""Stands before an interval that is rough."""
MARKED_ROUGH = (
    f"{ROUGH_MARK} rough: from few products (for money: under {ROUGH}); its ends may be far off."
)
"""What the mark means."""


def between(interval: Interval, write: Callable[[float], str]) -> str:
    """Write the ends of an interval; where it is rough, with the word."""
    return f"{_ends(interval, write)}{', rough' * interval.rough}"


def marked(interval: Interval, write: Callable[[float], str]) -> str:
    """Write the ends of an interval; where it is rough, with the mark."""
    return f"{ROUGH_MARK * interval.rough}{_ends(interval, write)}"


def mark_told(estimates: Iterable[Estimate]) -> list[str]:
    """Return the line that explains the mark, if the interval of any of these has it."""
    any_rough = any(one.interval is not None and one.interval.rough for one in estimates)
    return [MARKED_ROUGH] * any_rough


def _ends(interval: Interval, write: Callable[[float], str]) -> str:
    return f"{write(interval.low)} to {write(interval.high)}"
