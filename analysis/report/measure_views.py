"""Measures of some groups of episodes, as a table and as a chart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import (
    Cell,
    Figure,
    ReportTable,
    estimated,
    row,
    table,
)
from retailsim.analysis.measures.estimates import Measured
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import measure, shown_in
from retailsim.analysis.measures.value_text import MARKED, bounded

Own = Sequence[Measure]
"""The measures of the run's protocol."""
MOST_ROWS = 40
"""Rows of a table; more are counted and left out."""


def measure_table(
    title: str, rows: list[Measured], own: Own, note: str = "", by: Sequence[str] = ()
) -> ReportTable:
    """Return a table with a row for each of `rows`, and the measures that name this view.

    Parameters
    ----------
    by : sequence of str
        What the rows' keys are of, where episodes can be looked up by that.
    """
    unended = any(found.totals["episodes"] != found.episodes for found in rows)
    costs_known = any("profit_cents" in found.totals for found in rows)
    shown = shown_in("report", own, unended=unended, costs_known=costs_known)
    columns = [heading for one in shown for heading in _headings(one)]
    left_out = f" {len(rows) - MOST_ROWS} more are not shown." if len(rows) > MOST_ROWS else ""
    cells = [
        row(" / ".join(found.keys), *(cell for one in shown for cell in _cells(one, found)))
        for found in rows[:MOST_ROWS]
    ]
    marked = f" {MARKED}" if any(found.least for found in rows[:MOST_ROWS]) else ""
    about = [dict(zip(by, found.keys, strict=True)) for found in rows[:MOST_ROWS] if by]
    return table(title, ("", *columns), cells, note + left_out + marked, about)


def _headings(one: Measure) -> Iterator[str]:
    """A total stands as it is and, unless it is a count, per episode."""
    if one.is_total:
        yield one.label
    if one.unit != "count":
        yield one.estimate_label


def _cells(one: Measure, found: Measured) -> Iterator[Cell]:
    if one.is_total:
        yield total(one, found)
    if one.unit != "count":
        yield marked(one, found, estimated(one.unit, found[one.name]))


def total(one: Measure, found: Measured) -> Cell:
    """Return a sum, with how low it may be."""
    if one.name not in found.totals:
        return Cell("-")
    return Cell(*bounded(one.unit, found.totals[one.name], found.least.get(one.name)))


def marked(one: Measure, found: Measured, cell: Cell) -> Cell:
    """An estimate per episode with the mark of its total, and how low it may be."""
    estimate = found[one.name]
    if one.name not in found.least or estimate.value is None:
        return cell
    text, low = bounded(one.unit, estimate.value, found.least[one.name] / found.episodes)
    return Cell(text, f"{low}; {cell.below}")


def measure_figure(name: str, of: str, by: str, rows: list[Measured]) -> Figure | None:
    """A measure of each row with its interval; money in dollars an episode."""
    shown, points = measure(of), []
    scale = 0.01 if shown.unit == "cents" else 1.0
    for one in rows[:MOST_ROWS]:
        found = one.estimates.get(of)
        if found is None or found.value is None:
            continue
        ends = found.interval
        low, high = (None, None) if ends is None else (ends.low * scale, ends.high * scale)
        points.append((" / ".join(one.keys), found.value * scale, low, high))
    label = shown.estimate_label
    form = charts.MONEY if shown.unit == "cents" else "%"
    return charts.intervals(name, f"{label} by {by}", points, label, form=form)
