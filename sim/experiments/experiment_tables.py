"""An experiment's outcome as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from retailsim.analysis.experiments.outcomes import (
    NEAR,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeRow,
    Value,
    missed,
)
from retailsim.analysis.measures.value_text import change_written, p_told
from retailsim.analysis.statistics.values import Test
from retailsim.sim.experiments.outcome_words import ends_said, how, number_said
from retailsim.sim.terminal.terminal import printable


def tables(outcome: ExperimentOutcome) -> Sequence[Any]:
    """Return what a terminal shows of it: the rows, as many columns as fit, then the findings."""
    parts: list[Any] = [Text(outcome.title, style="bold")]
    for table in outcome.tables:
        if table.title and table.rows:
            parts.append(Text(table.title))
        for names, rows in groupby(table.rows, key=lambda row: [v.heading for v in row.values]):
            parts.append(_Sheets(list(rows), names))
    parts += _legend([value for row in outcome.rows for value in row.values])
    parts += (Text(line) for line in outcome.about)
    if not outcome.findings:
        return parts
    return [*parts, _findings(outcome.findings), *_alone(outcome.findings)]


def _alone(findings: Sequence[JudgedClaim]) -> Iterator[Text]:
    """Say why an interval and the p beside it may disagree."""
    if sum(one.adjusted_p is not None and one.test.interval is not None for one in findings) > 1:
        yield Text(
            "p is adjusted for all that is tested, an interval is of one difference alone: it may "
            "leave out 0 where p is above 5%."
        )


_WIDTH = 120
"""Cells that a table may take on a wider terminal; without one, pages are as wide."""
_LABEL = 30
"""Cells that labels have before they go on in another line."""
_EDGES = 2
"""Cells at both sides of a table."""
_GAP = 3
"""Cells between its columns."""


class _Sheets:
    """A rich renderable: rows of the same columns, as many columns at a time as the page takes."""

    def __init__(self, rows: Sequence[OutcomeRow], names: Sequence[str]) -> None:
        self._rows = rows
        self._names = names

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        """Yield the tables, an empty line between them."""
        found = _tables(self._rows, self._names, min(_WIDTH, options.max_width))
        for number, table in enumerate(found):
            if number:
                yield ""
            yield table


def _tables(
    rows: Sequence[OutcomeRow], names: Sequence[str], width: int
) -> Iterator[RenderableType]:
    """Yield rows of the same columns, as many columns at a time as fit."""
    notes = _notes(rows)
    lines = [
        [_head(name), *(_cell(row.values[place], notes) for row in rows)]
        for place, name in enumerate(names)
    ]
    left = width - _EDGES - min(_LABEL, max(len(row.label) for row in rows))
    some: list[list[str]] = []
    for column in lines:
        if some and sum(map(_breadth, [*some, column])) > left:
            yield _table(rows, some, notes)
            some = []
        some.append(column)
    if some:
        yield _table(rows, some, notes)


def _legend(values: Sequence[Value]) -> Iterator[Text]:
    """Say once what stands below the numbers."""
    said = []
    if any(one.measured.interval for one in values):
        said.append(
            "Below a number: its 95% interval; n; eff., how many independent ones that is worth."
        )
    if any(map(missed, values)):
        points = f"{100 * NEAR:.0f} points"
        said.append(f"off: more than {points} from the paper's rate, or an interval without it.")
    if any(one.spread for one in values):
        said.append("seeds: the lowest and the highest of single runs with other seeds.")
    if said:
        yield Text("\n".join(said))


def _head(name: str) -> str:
    return printable(name).replace(" ", "\n", 1) if len(name) > _LABEL // 2 else printable(name)


def _breadth(column: Sequence[str]) -> int:
    return _GAP + max(len(line) for cell in column for line in cell.split("\n"))


def _notes(rows: Sequence[OutcomeRow]) -> dict[str, int]:
    """Number what readers have to know of the numbers, in the order in which it comes up."""
    said = (one.measured.note for row in rows for one in row.values if _noted(one))
    return {note: number for number, note in enumerate(dict.fromkeys(said), start=1)}


def _noted(value: Value) -> bool:
    """A row that is only what was published says so by its label."""
    found = value.measured
    return bool(found.note) and (found.value is not None or value.published is None)


def _table(
    rows: Sequence[OutcomeRow], columns: Sequence[Sequence[str]], notes: dict[str, int]
) -> Any:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", max_width=_LABEL, overflow="fold")
    for head, *_ in columns:
        table.add_column(Text(head), justify="right", no_wrap=True)
    for place, row in enumerate(rows, start=1):
        table.add_row(Text(printable(row.label)), *(Text(column[place]) for column in columns))
    cells = [cell for column in columns for cell in column]
    marks = {note: f"[{number}]" for note, number in notes.items()}
    shown = (note for note, mark in marks.items() if any(mark in cell for cell in cells))
    return Group(table, *(Text(f"{marks[note]} {printable(note)}") for note in shown))


def _cell(value: Value, notes: dict[str, int]) -> str:
    """Number, interval, n and effective n, what was published and put in, a line each."""
    found = value.measured
    said = "-" if found.value is None else number_said(value.unit, found.value)
    lines = [f"{said} [{notes[found.note]}]" if _noted(value) else said]
    if found.interval is not None:
        lines.append(ends_said(value.unit, found.interval.low, found.interval.high))
    if found.value is not None:
        worth = "" if found.effective_n is None else f", eff. {found.effective_n:,.0f}"
        lines.append(f"n {found.n:,}{worth}")
    if value.published is not None:
        lines.append(f"paper {number_said(value.unit, value.published)}{', off' * missed(value)}")
    if value.put_in:
        lines.append("put in")
    if value.spread is not None:
        ends = ends_said(value.unit, value.spread.low, value.spread.high)
        lines.append(f"{value.spread.seeds} seeds {ends}")
    return "\n".join(lines)


def _findings(findings: Sequence[JudgedClaim]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    judged = any(finding.verdict for finding in findings)
    for heading in ("What is tested", "Found", "By", "n", "p", *(["Verdict"] * judged)):
        table.add_column(heading, no_wrap=heading in ("Found", "n", "p"), overflow="fold")
    table.add_column("Published", overflow="fold")
    for finding in findings:
        test = finding.test
        p = finding.adjusted_p if finding.adjusted_p is not None else test.p
        tails = "\none-tailed" * (finding.one_tailed and p is not None)
        verdict = [Text(finding.verdict)] * judged
        table.add_row(
            Text(printable(finding.claim)),
            _estimate(finding.unit, test),
            Text(how(finding)),
            f"{test.n:,}",
            f"{p_told(p)}{tails}",
            *verdict,
            Text(finding.published),
        )
    return table


def _estimate(unit: str, test: Test) -> str:
    if test.estimate is None:
        return "-"
    write = partial(change_written, unit, digits=2)
    said = write(test.estimate) + " points" * (unit == "share")
    if test.interval is None:
        return said
    return f"{said}\n{write(test.interval.low)} to {write(test.interval.high)}"
