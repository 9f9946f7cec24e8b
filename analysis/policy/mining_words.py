"""What was mined, in the words of tables and reports."""

from __future__ import annotations

from msgspec.structs import replace

from retailsim.analysis.exhibits.parts import NOTHING
from retailsim.analysis.measures.value_text import change_written
from retailsim.analysis.policy.contrast import Weighted
from retailsim.analysis.policy.mining import EVERYONE, Mined, Pattern
from retailsim.analysis.statistics.values import Interval

COLUMNS = ("When", "For whom", "Bought with", "without", "Difference", "p", "By propensity")
"""Behind the move."""


def when(one: Pattern) -> str:
    """Say at which turn, in which state, after what."""
    after = f", after {' and '.join(one.after)}" if one.after else ""
    return f"turn {one.turn}, {one.state}{after}"


def whom(one: Pattern) -> str:
    """Say for whom, and by whose word."""
    if one.segment == EVERYONE:
        return EVERYONE
    hidden = "" if one.told else ", which no seller knew"
    return f"{one.value} ({one.segment}{hidden})"


def of_buyers(mined: Mined, words: str) -> Mined:
    """Return what was mined with only those patterns whose buyers are called so, in any case."""
    kept = tuple(one for one in mined.patterns if words.casefold() in whom(one).casefold())
    return replace(mined, patterns=kept)


def points(difference: float | None, interval: Interval | None) -> tuple[str, str]:
    """Write a difference in percentage points, and its interval; empty where there is none."""
    if difference is None:
        return NOTHING, ""
    if interval is None:
        return change_written("share", difference), ""
    low, high = (change_written("share", end) for end in (interval.low, interval.high))
    return change_written("share", difference), f"{low} to {high}"


def by_propensity(one: Weighted) -> tuple[str, str]:
    """Write a weighted difference and its interval, or why there is none."""
    if one.refused:
        return one.refused, ""
    return points(one.difference, one.interval)


def p_written(p: float | None) -> str:
    """Write an adjusted p."""
    if p is None:
        return NOTHING
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def sides(mined: Mined) -> tuple[tuple[str, tuple[Pattern, ...]], ...]:
    """Return what is told in two parts, each with its title: more buying, and less."""
    found = mined.told()
    more = tuple(one for one in found if one.association.difference > 0.0)
    less = tuple(one for one in found if one.association.difference < 0.0)
    return ("Moves that go with buying", more), ("Moves that go with leaving", less)


def looked_at(mined: Mined) -> str:
    """Say among how much was looked, and how."""
    runs = "" if mined.runs == 1 else f"{mined.runs} runs, "
    return (
        f"{runs}{_counted(mined.conversations, 'conversation')} with "
        f"{_counted(mined.profiles, mined.shared)}, by {_counted(mined.sellers, 'seller')}: "
        f"{_counted(len(mined.patterns), 'pattern')} with at least {mined.least} conversations "
        f"on either side, {len(mined.told()):,} of them told: p at most 5% and at least "
        f"{100 * mined.effect:g} points apart.{_learning(mined)}"
    )


def _learning(mined: Mined) -> str:
    if not mined.learning:
        return ""
    return (
        f" In {_counted(mined.learning, 'conversation')} the seller may have learnt from earlier "
        "ones: a move may go with buying because it came late, and p says too little."
    )


def how(mined: Mined) -> str:
    """Say what is compared with what, and what may be believed."""
    return (
        "Compared are conversations of one run and seller that stood at this turn in this state "
        "and could have had the move; p and the interval are by "
        f"{mined.shared}, adjusted by Benjamini-Hochberg for each part of a segment. A seller "
        "makes a move for a reason, and the reason may be what sells. The last column takes that "
        "out by how likely the seller was to make the move: believe it, where it is there. "
        "Differences are in percentage points."
    )


def _counted(n: int, what: str) -> str:
    return f"{n:,} {what}{'' if n == 1 else 's'}"
