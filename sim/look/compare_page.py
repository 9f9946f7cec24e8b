"""`compare --html`: a comparison as one page, in the style of the report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import (
    FEW_BEHIND,
    NOTHING,
    Cell,
    Figure,
    Headline,
    Report,
    ReportTable,
    Section,
    estimated,
    row,
    table,
)
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.table import with_own
from retailsim.analysis.measures.value_text import change_written, p_told
from retailsim.analysis.measures.verdict import told_apart
from retailsim.analysis.report.page import page
from retailsim.market.core.money import currency
from retailsim.sim.errors import CannotWrite
from retailsim.sim.look.compare_words import seat_told, what_was_compared

if TYPE_CHECKING:
    from retailsim.analysis.measures.comparison import Change
    from retailsim.sim.look.side_by_side import SideBySide

Measures = Mapping[str, Measure]
_GRIDS = {"seller": "sellers", "buyer": "buyers", "category": "categories"}
_MOST = 40
"""Rows of a chart."""


def write_page(found: SideBySide, own: Sequence[Measure], target: Path) -> None:
    """Write a comparison as a page; that it may be written there was checked before.

    Raises
    ------
    CannotWrite
        If the file cannot be written.
    """
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(content(found, own)), encoding="utf-8")
    except OSError as error:
        raise CannotWrite(target, error, "name another file with --html") from None


def content(found: SideBySide, own: Sequence[Measure]) -> Report:
    """Return what stands on the page."""
    by_name = {one.name: one for one in with_own(own)}
    of, lead = found.comparison, found.verdict[0]
    parts = (
        _verdict(found, by_name),
        _differences(found),
        _planned(found, by_name),
        _exploratory(found, by_name),
    )
    return Report(
        title=lead.removesuffix("."),
        lead=f"{what_was_compared(found)}. Intervals are for {of.generalise_to}.",
        warnings=(*found.unfinished, *of.cautions),
        sections=tuple(part for part in parts if part is not None),
    )


def _verdict(found: SideBySide, by_name: Measures) -> Section:
    """What is beside the verdict, the planned changes as first numbers, and charts of them."""
    planned = found.comparison.planned
    return Section(
        name="verdict",
        title="What changed",
        lead=" ".join(found.verdict[1:]),
        headlines=tuple(_headline(change, by_name[change.measure]) for change in planned),
        figures=tuple(_figures(planned, by_name)),
    )


def _headline(change: Change, of: Measure) -> Headline:
    between, told = change.simultaneous, "told apart" if told_apart(change) else "not told apart"
    ends = "" if between is None else f"{_change(of, between.low)} to {_change(of, between.high)}; "
    return Headline(name=of.estimate_label, value=_moved(change, of), below=f"{ends}{told}")


def _moved(change: Change, of: Measure) -> str:
    estimate = change.test.estimate
    return NOTHING if estimate is None else _change(of, estimate) + " pts" * (of.unit == "share")


def _change(of: Measure, value: float) -> str:
    return change_written(of.unit, value)


def _figures(planned: Sequence[Change], by_name: Measures) -> Iterator[Figure]:
    """The changes of money, and those of shares: each on a scale of its own."""
    for unit, scale, title, axis in (
        ("cents", 100.0, "Money an episode", f"change an episode, {currency()}"),
        ("share", 0.01, "Rates", "change in points"),
    ):
        some = [change for change in planned if by_name[change.measure].unit == unit]
        rows = [_drawn(by_name[change.measure].label, change, scale) for change in some]
        figure = charts.intervals(f"changes-{unit}", title, rows, axis, form="~s", changes=True)
        if figure is not None:
            yield figure


def _drawn(
    name: str, change: Change, scale: float
) -> tuple[str, float | None, float | None, float | None]:
    value, between = change.test.estimate, change.simultaneous
    ends = (None, None) if between is None else (between.low / scale, between.high / scale)
    return (name, None if value is None else value / scale, *ends)


def _differences(found: SideBySide) -> Section | None:
    """What the scenarios do not have alike, seats first."""
    if not found.known and not found.comparison.seats:
        return None
    seats = "; ".join(seat_told(seat, found.names) for seat in found.comparison.seats)
    rows = [
        (Cell(one.words, one.key), Cell(one.first), Cell(one.second)) for one in found.differences
    ]
    lead = f"{seats}." if seats else ""
    if not rows:
        lead = lead or "The scenarios do not differ."
    tables: tuple[ReportTable, ...] = ()
    if rows:
        tables = (table("Keys of the scenarios", ("What", *found.names), rows),)
    return Section(name="differences", title="What differs", lead=lead, tables=tables)


def _planned(found: SideBySide, by_name: Measures) -> Section:
    rows = [
        row(
            by_name[change.measure].estimate_label,
            *_cells(change, by_name[change.measure]),
        )
        for change in found.comparison.planned
    ]
    note = (
        "p and the intervals of changes are for all of them together (Bonferroni). Below a number "
        "of a run: its 95% interval, n, and eff., how many independent ones that is worth. Here "
        f"and below, {FEW_BEHIND}"
    )
    shown = table("All changes", ("Measure", "Change", "p", *found.names), rows, note)
    return Section(name="whole", title="The whole runs", tables=(shown,))


def _cells(change: Change, of: Measure) -> tuple[Cell, ...]:
    """The change first: on a narrow screen, what is further right has to be scrolled to."""
    sides = (estimated(of.unit, one, worth=True) for one in (change.first, change.second))
    return (_changed(change, of), Cell(p_told(change.adjusted_p)), *sides)


def _changed(change: Change, of: Measure) -> Cell:
    between, test = change.simultaneous, change.test
    parts = (
        [] if between is None else [f"{_change(of, between.low)} to {_change(of, between.high)}"]
    )
    parts += [test.note] if test.note else []
    return Cell(_moved(change, of), "; ".join((*parts, f"n {test.n:,}")))


def _exploratory(found: SideBySide, by_name: Measures) -> Section | None:
    """Conversion by seller, buyer and category, each a chart and a table to be opened."""
    figures, tables = [], []
    for grid, plural in _GRIDS.items():
        some = [one for one in found.comparison.exploratory if one.of.startswith(f"{grid} ")]
        if not some:
            continue
        named = [(one.of.removeprefix(f"{grid} "), one) for one in some]
        of = by_name[some[0].measure]
        rows = [
            row(
                name,
                *_cells(one, of),
            )
            for name, one in named
        ]
        tables.append(
            ReportTable(
                title=f"{of.label} by {grid}",
                columns=(grid.capitalize(), "Change", "p", *found.names),
                rows=tuple(rows),
                folded=True,
            )
        )
        drawn = [_drawn(name, one, 0.01) for name, one in named[:_MOST]]
        title = f"{of.label}: {plural}"
        figure = charts.intervals(
            f"by-{grid}", title, drawn, "change in points", form="~s", changes=True
        )
        figures += [] if figure is None or len(drawn) < 2 else [figure]
    if not tables:
        return None
    lead = (
        "Exploratory: p by Benjamini-Hochberg in each table, with the intervals that go with it. "
        "What shows here is a question for the next run, not an answer."
    )
    return Section(
        name="parts",
        title="Where it changed",
        lead=lead,
        figures=tuple(figures),
        tables=tuple(tables),
    )
