"""An experiment's outcome as tables for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from analysis.experiments.outcomes import Finding, Outcome, Row, Value, missed
from analysis.statistics.values import Test
from analysis.tables import Name


def tables(outcome: Outcome) -> Sequence[Any]:
    """Return what a terminal shows of it: the rows, as many columns as fit, then the findings."""
    parts: list[Any] = [Text(outcome.title, style="bold")]
    parts += [_table(rows, names) for rows, names in _parts(outcome.rows)]
    if not outcome.findings:
        return parts
    return [*parts, _findings(outcome.findings)]


def _findings(findings: Sequence[Finding]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    judged = any(finding.verdict for finding in findings)
    for heading in ("What is tested", "Found", "p", *(["Verdict"] * judged), "Published"):
        table.add_column(heading)
    for finding in findings:
        p = finding.adjusted_p if finding.adjusted_p is not None else finding.test.p
        table.add_row(
            Name(finding.claim),
            _estimate(finding.test),
            _p(p),
            *([finding.verdict] * judged),
            finding.published,
        )
    return table


_ABREAST = 5
"""Columns that fit beside each other."""
_LABEL = 28
"""Width that labels have before they are shortened."""


def _parts(rows: Sequence[Row]) -> Iterator[tuple[Sequence[Row], Sequence[str]]]:
    """Yield rows of the same columns, as many columns at a time as fit."""
    for names, some in groupby(rows, key=lambda row: tuple(value.name for value in row.values)):
        together = list(some)
        for start in range(0, len(names), _ABREAST):
            yield together, names[start : start + _ABREAST]


def _table(rows: Sequence[Row], names: Sequence[str]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("", min_width=min(_LABEL, max(len(row.label) for row in rows)))
    for name in names:
        table.add_column(name, justify="right")
    for row in rows:
        values = {value.name: _cell(value) for value in row.values}
        table.add_row(Name(row.label), *(values.get(name, "") for name in names))
    return table


def _p(p: float | None) -> str:
    if p is None:
        return "-"
    return "<0.001" if p < 0.0005 else f"{p:.3f}"


def _estimate(test: Test) -> str:
    if test.estimate is None:
        return test.note or "-"
    said = f"{test.estimate:+.3g}"
    if test.interval is None:
        return said
    return f"{said} ({test.interval.low:+.3g} to {test.interval.high:+.3g})"


def _cell(value: Value) -> str:
    found = value.measured
    said = "-" if found.value is None else _number(value.unit, found.value)
    if found.interval is not None:
        low, high = (_number(value.unit, end) for end in (found.interval.low, found.interval.high))
        said += f"\n{low} to {high}"
    if value.published is not None:
        said += f"\npaper {_number(value.unit, value.published)}{', off' * missed(value)}"
    return said


def _number(unit: str, number: float) -> str:
    match unit:
        case "share":
            return f"{number:.1%}"
        case "cents":
            return f"${number / 100:,.2f}"
        case "dollars":
            return f"${number:.4f}"
        case "tokens":
            return f"{number:,.0f}"
        case _:
            return f"{number:.2f}"
