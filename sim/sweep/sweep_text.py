"""What came of a sweep, on a terminal of 80 columns or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any

from retailsim.analysis.measures.interval_text import between, mark_told, marked
from retailsim.analysis.measures.value_text import written
from retailsim.market.core.money import whole_dollars
from retailsim.sim.sweep.verdict import size, unit_of, unsigned, verdict
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.measures.arms import Arms, Best, Rival
    from retailsim.analysis.measures.measure import Measure
    from retailsim.analysis.statistics.values import Estimate, Interval
    from retailsim.sim.sweep.sweep_arms import Sweep

_WIDTH = 80
_LARGE_CENTS = 10_00
_NAME, _KEY = 22, 14
"""Cells of a value's and of a key's text before it is cut."""


def show(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure], terminal: Terminal) -> None:
    """Print what came of a sweep."""
    if terminal.json:
        terminal.out_json(told(found, outcome, by_name))
        return
    head = f"{found.named} in {found.scenario}: {size(outcome)}"
    about = (head, *outcome.cautions, f"Intervals are for {outcome.generalise_to}.")
    for sentence in (*about, "", *verdict(found, outcome, by_name)):
        terminal.out(fill(sentence, _WIDTH, break_long_words=False, break_on_hyphens=False))
    terminal.show(_narrow(_levels(found, outcome, by_name)))
    shown = (arm.estimates[name] for arm in outcome.arms for name in outcome.shown)
    for line in mark_told(shown):
        terminal.out(f"{line}\n")
    if outcome.best is not None:
        by = by_name[outcome.best.measure]
        terminal.show(_narrow(_behind(found, outcome.best, by)))
        terminal.out(f"{by.estimate_label} (95% each):")
        for line in curve(outcome, by):
            terminal.out(line)
    terminal.out(f"runs: {found.folder}")


def told(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure]) -> dict[str, Any]:
    """Return what ``sweep --json`` prints."""
    values = {
        arm.label: dict(zip((one.key for one in found.keys), arm.values, strict=True))
        for arm in found.arms
    }
    return {
        "scenario": found.scenario,
        "keys": {one.key: one.values for one in found.keys},
        "runs": {label: str(options.out) for label, options in found.runs.items()},
        "values": values,
        "outcome": outcome,
        "verdict": list(verdict(found, outcome, by_name)),
    }


def _levels(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure]) -> Any:
    """Every arm with its measures."""
    table = _table(found)
    for name in outcome.shown:
        one = by_name[name]
        table.add_column(_heading(one), justify="right", no_wrap=True)
    for arm in outcome.arms:
        best = outcome.best is not None and arm.label == outcome.best.label
        cells = (_cell(arm.estimates[name], by_name[name]) for name in outcome.shown)
        table.add_row(arm.label, *cells, style="bold" if best else None)
    return table


def _heading(one: Measure) -> str:
    label = one.label.replace(" ", "\n", 1) if len(one.label) > 12 else one.label
    return f"{label}\nan episode" if one.is_total else label


def _cell(found: Estimate, one: Measure) -> str:
    if found.value is None:
        return "-"
    lines = [written(unit_of(one), found.value)]
    if found.interval is not None:
        lines.append(_narrow_ends(found.interval, one))
    return "\n".join(lines)


def _narrow_ends(found: Interval, one: Measure) -> str:
    """Write an interval in few cells: its unit once, and larger amounts in whole dollars."""
    match one.unit:
        case "share":
            return f"{100 * found.low:z.1f} to {100 * found.high:z.1f}%"
        case "cents" if max(abs(found.low), abs(found.high)) >= _LARGE_CENTS:
            return marked(found, whole_dollars)
        case _:
            return marked(found, partial(written, unit_of(one)))


def _behind(found: Sweep, best: Best, by: Measure) -> Any:
    """By how much every other arm is worse than the best."""
    table = _table(found, title=f"Worse than {found.said(best.label)} by")
    for heading in (by.estimate_label, "95% of all pairs", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for rival in best.rivals:
        table.add_row(rival.label, *_worse(rival, by))
    return table


def _worse(rival: Rival, by: Measure) -> Iterator[str]:
    test, points = rival.behind, " points" * (by.unit == "share")
    if test.estimate is None:
        yield from ("-", test.note, "not told apart")
        return
    write = partial(unsigned, by)
    yield f"{write(test.estimate)}{points}"
    yield test.note if test.interval is None else between(test.interval, write)
    yield "worse" if rival.told_apart else "not told apart"


def _table(found: Sweep, title: str = "") -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(title=title or None, box=SIMPLE_HEAD, pad_edge=False, title_justify="left")
    heading = "\n".join(_short(name, _KEY) for name in found.short)
    table.add_column(heading, overflow="fold")
    return table


def _narrow(table: Any) -> Any:
    from rich.constrain import Constrain

    return Constrain(table, _WIDTH)


def _short(label: str, most: int = _NAME) -> str:
    return label if len(label) <= most else f"{label[: most - 1]}…"


def curve(outcome: Arms, by: Measure) -> Iterator[str]:
    """Yield a line for each arm: a point and its interval on one scale.

    Parameters
    ----------
    by : Measure
        What is drawn.
    """
    points = [(arm.label, arm.estimates[by.name]) for arm in outcome.arms]
    ends = [end for _, found in points for end in _ends(found)]
    if not ends:
        return
    low, high = min(ends), max(ends)
    name = max(len(_short(label)) for label, _ in points)
    cells = _WIDTH - name - 3
    span = (high - low) or 1.0

    def at(value: float) -> int:
        return round((value - low) / span * (cells - 1))

    for label, found in points:
        line = [" "] * cells
        if found.interval is not None:
            first, last = at(found.interval.low), at(found.interval.high)
            line[first : last + 1] = "-" * (last - first + 1)
            line[first], line[last] = "[", "]"
        if found.value is not None:
            line[at(found.value)] = "o"
        yield f"{_short(label):{name}}  {''.join(line).rstrip()}"
    write = partial(written, unit_of(by))
    left, right = write(low), write(high)
    yield f"{'':{name}}  {left}{right:>{cells - len(left)}}"


def _ends(found: Estimate) -> Iterator[float]:
    if found.value is not None:
        yield found.value
    if found.interval is not None:
        yield from (found.interval.low, found.interval.high)
