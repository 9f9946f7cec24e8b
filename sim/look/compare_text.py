"""`compare` on a terminal: the verdict, what differs, and the tables, within 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from textwrap import fill
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.constrain import Constrain
from rich.table import Table
from rich.text import Text

from retailsim.analysis.measures.interval_text import mark_told, marked
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import with_own
from retailsim.analysis.measures.value_text import change_written, p_told, written
from retailsim.analysis.replay.terminal_tables import NOTHING, Name
from retailsim.analysis.statistics.values import Estimate, Interval
from retailsim.sim.look.compare_words import seat_told, what_was_compared
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.measures.comparison import Change
    from retailsim.sim.look.side_by_side import SideBySide

WIDTH = 80
_DIGITS = 3
"""Decimals of means: runs differ by little."""
_LONGEST_NAME = 17
"""Characters of a run's name as a heading."""


def show(found: SideBySide, own: Sequence[Measure], terminal: Terminal) -> None:
    """Print a comparison: the verdict first, then what it rests on."""
    first, *more = found.verdict
    for line in (first, *found.unfinished, *more, *found.comparison.cautions):
        terminal.out(_folded(line))
    terminal.out(_folded(f"{what_was_compared(found)}."))
    terminal.out(_folded(f"Intervals are for {found.comparison.generalise_to}."))
    for line in seats_and_differences(found):
        terminal.out(line)
    by_name = {one.name: one for one in with_own(own)}
    names = [_short(name) for name in found.names]
    planned, parts = found.comparison.planned, found.comparison.exploratory
    terminal.show(Constrain(_planned(planned, by_name, names), WIDTH))
    sides = (one for change in planned for one in (change.first, change.second))
    for line in mark_told(sides):
        terminal.out(line)
    terminal.out("")
    terminal.show(Constrain(_exploratory(parts, by_name, names), WIDTH))
    for line in found.comparison.notes:
        terminal.out(_folded(line))


def seats_and_differences(found: SideBySide) -> Iterator[str]:
    """Yield a list, seats first, of what the runs do not have alike."""
    lines = [seat_told(seat, found.names) for seat in found.comparison.seats]
    for one in found.differences:
        what = one.key if one.words == one.key else f"{one.words} ({one.key})"
        lines.append(f"{what}: {one.first} → {one.second}")
    if not lines and found.known:
        yield "The scenarios do not differ."
    if lines:
        yield _folded(f"What differs ({found.names[0]} → {found.names[1]}):")
    for line in lines:
        yield fill(
            line,
            WIDTH,
            initial_indent="  - ",
            subsequent_indent="    ",
            break_long_words=False,
            break_on_hyphens=False,
        )


def _folded(line: str) -> str:
    return fill(line, WIDTH, break_long_words=False, break_on_hyphens=False)


def _short(name: str) -> str:
    """The end of a name that is too long: what tells runs apart stands there."""
    return name if len(name) <= _LONGEST_NAME else f"…{name[1 - _LONGEST_NAME :]}"


def _table(title: str, names: Sequence[str], widest: int | None = None) -> Table:
    table = Table(
        title=title,
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0) if widest is None else 0,
        pad_edge=False,
        title_justify="left",
    )
    table.add_column("", max_width=widest)
    for name in (*names, "change", "p"):
        table.add_column(Text(name), justify="right")
    return table


def _planned(
    changes: Sequence[Change], by_name: Mapping[str, Measure], names: Sequence[str]
) -> Any:
    table = _table("The whole runs: all changes judged together (Bonferroni)", names, widest=15)
    for change in changes:
        of = by_name[change.measure]
        sides = (_side(one, of.unit) for one in (change.first, change.second))
        table.add_row(of.estimate_label, *sides, _moved(change, of.unit), p_told(change.adjusted_p))
    return table


def _exploratory(
    changes: Sequence[Change], by_name: Mapping[str, Measure], names: Sequence[str]
) -> Any:
    label = by_name["conversion_rate"].label
    table = _table(f"{label}: exploratory (Benjamini-Hochberg in each grid)", names)
    for change in changes:
        unit = by_name[change.measure].unit
        values = (
            NOTHING if one.value is None else written(unit, one.value)
            for one in (change.first, change.second)
        )
        moved, between = NOTHING, change.simultaneous
        if change.test.estimate is not None:
            moved = change_written(unit, change.test.estimate)
            moved += f" ({_ends(unit, between)})" if between is not None else ""
        table.add_row(Name(change.of), *values, moved, p_told(change.adjusted_p))
    return table


def _side(found: Estimate, unit: str) -> str:
    """A run's number, its interval, n and effective n, a line each."""
    if found.value is None:
        return f"{NOTHING}\n{found.note}"
    write = partial(written, unit, digits=_DIGITS)
    lines = [write(found.value)]
    if found.interval is not None:
        lines.append(marked(found.interval, write))
    worth = "" if found.effective_n is None else f", eff. {found.effective_n:,.0f}"
    return "\n".join((*lines, f"n {found.n:,}{worth}"))


def _moved(change: Change, unit: str) -> str:
    """The change, its interval, and from how much it was found."""
    test = change.test
    if test.estimate is None:
        return f"{NOTHING}\n{test.note}"
    lines = [change_written(unit, test.estimate) + " pts" * (unit == "share")]
    if change.simultaneous is not None:
        lines.append(_ends(unit, change.simultaneous))
    return "\n".join((*lines, *filter(None, [test.note]), f"n {test.n:,}"))


def _ends(unit: str, between: Interval) -> str:
    low, high = (change_written(unit, end) for end in (between.low, between.high))
    return f"{low} to {high}"
