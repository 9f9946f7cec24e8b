"""What a sweep came to, in sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from retailsim.analysis.measures.value_text import written

if TYPE_CHECKING:
    from retailsim.analysis.measures.arms import Arms
    from retailsim.analysis.measures.measure import Measure
    from retailsim.analysis.statistics.values import Interval
    from retailsim.sim.sweep.sweep_arms import Sweep

_DIGITS = 3


def verdict(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure]) -> Iterator[str]:
    """Yield what a person has to know first: the best arm, and which ones are as good."""
    best = outcome.best
    if best is None:
        yield "Which is best cannot be said: in some arm, nothing was counted."
        return
    by = by_name[best.measure]
    if all(rival.behind.estimate == 0.0 and rival.behind.p == 1.0 for rival in best.rivals):
        yield f"All arms are the same: {found.named} changed no {by.label.lower()}."
        return
    write = partial(written, by.unit, digits=_DIGITS)
    around = "" if best.interval is None else f" ({between(best.interval, write)})"
    yield f"Best by {by.estimate_label.lower()}: {best.label}, with {write(best.value)}{around}."
    if not best.alike:
        yield "It is told apart from every other."
    elif len(best.alike) == len(best.rivals):
        yield "It cannot be told apart from any other."
    else:
        yield f"It cannot be told apart from: {'; '.join(best.alike)}."


def between(interval: Interval, write: Callable[[float], str]) -> str:
    """Write the ends of an interval."""
    return f"{write(interval.low)} to {write(interval.high)}"
