"""What a sweep came to, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from retailsim.analysis.measures.interval_text import between
from retailsim.analysis.measures.value_text import change_written, written
from retailsim.sim.budget.estimate import counted

if TYPE_CHECKING:
    from retailsim.analysis.measures.arms import Arms, Rival
    from retailsim.analysis.measures.measure import Measure
    from retailsim.sim.sweep.sweep_arms import Sweep

_DIGITS = 3


def size(outcome: Arms) -> str:
    """Say how many runs of how many episodes there are, and whether they share their draws."""
    episodes = sorted({arm.episodes for arm in outcome.arms})
    each = (
        counted(episodes[-1], "episode")
        if len(episodes) == 1
        else (f"{episodes[0]:,} to {episodes[-1]:,} episodes")
    )
    how = "which share their draws" if outcome.pairs else "none of which pair"
    return f"{counted(len(outcome.arms), 'run')} of {each}, {how}"


def verdict(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure]) -> Iterator[str]:
    """Yield what a person has to know first: the best arm, and which ones are as good."""
    best = outcome.best
    if best is None:
        yield "Which is best cannot be said: in some run, nothing was counted."
        return
    by = by_name[best.measure]
    if all(rival.behind.estimate == 0.0 and rival.behind.p == 1.0 for rival in best.rivals):
        yield f"All runs are the same: {found.named} changed no {by.label.lower()}."
        return
    write = partial(written, unit_of(by), digits=_DIGITS)
    around = "" if best.interval is None else f" ({between(best.interval, write)})"
    named = found.said(best.label)
    yield f"Best by {by.estimate_label.lower()}: {named}, with {write(best.value)}{around}."
    if best.over is not None:
        episodes = counted(best.over, "episode")
        yield f"That and all differences are over the {episodes} that every run has."
    if len(best.rivals) == 1:
        yield _by_how_much(found, best.rivals[0], by)
    elif not best.alike:
        yield "It is told apart from every other."
    elif len(best.alike) == len(best.rivals):
        yield "It cannot be told apart from any other."
    else:
        yield f"It cannot be told apart from: {'; '.join(map(found.said, best.alike))}."


def unit_of(by: Measure) -> str:
    """Return the unit of a measure per episode."""
    return "units" if by.unit == "count" else by.unit


def unsigned(by: Measure, value: float) -> str:
    """Write a difference of a measure without a plus: that of shares in points."""
    return change_written(unit_of(by), value).removeprefix("+")


def _by_how_much(found: Sweep, rival: Rival, by: Measure) -> str:
    """Say how far the only other arm is behind."""
    name, test = found.said(rival.label), rival.behind
    if test.estimate is None or test.interval is None:
        return f"It cannot be told apart from {name}: {test.note}."
    write = partial(unsigned, by)
    points = " points" * (by.unit == "share")
    far, ends = f"{write(abs(test.estimate))}{points}", between(test.interval, write)
    if rival.told_apart:
        return f"{name} is {far} worse ({ends})."
    return f"It cannot be told apart from {name}, which is {far} worse here ({ends})."
