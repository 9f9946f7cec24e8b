"""What a report says of sales conversations."""

from __future__ import annotations

from itertools import groupby

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import (
    Cell,
    ReportTable,
    Section,
    money,
    number,
    row,
    share,
    table,
)
from retailsim.analysis.experiments.outcomes import JudgedClaim, Value
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocols.csales.seller_table import table as compared


def sales_section(projection: Projection) -> Section:
    """Return the section that compares the sellers of a csales run."""
    outcome = compared(projection)
    tables: list[ReportTable] = []
    titles = (
        "Sellers",
        "By openness and decision style",
        "What sellers read off buyers, turn by turn",
        "What sellers did",
    )
    groups = groupby(outcome.rows, key=lambda one: tuple(value.name for value in one.values))
    for title, (names, rows) in zip(titles, groups, strict=False):
        cells = [row(one.label, *(_cell(value) for value in one.values)) for one in rows]
        tables.append(table(title, ("", *names), cells))
    if outcome.findings:
        columns = ("", "Difference", "p (Holm)")
        tables.append(table("Contrasts", columns, [_finding(f) for f in outcome.findings]))
    points = []
    for one in outcome.rows:
        found = one.values[0].measured
        if len(one.values) == len(outcome.rows[0].values):
            ends = (found.interval.low, found.interval.high) if found.interval else (None, None)
            points.append((one.label, found.value, *ends))
    figure = charts.intervals("success", "Success rate by seller", points, "bought")
    return Section(
        name="sales",
        title="Conversational sales",
        lead=". ".join(note.removesuffix(".") for note in outcome.notes) + ".",
        figures=(figure,) if figure else (),
        tables=tuple(tables),
    )


def _cell(value: Value) -> Cell:
    match value.unit:
        case "share":
            return share(value.measured)
        case "cents":
            return money(value.measured)
        case _:
            return number(value.measured)


def _finding(finding: JudgedClaim) -> tuple[Cell, ...]:
    test = finding.test
    between = ""
    if test.interval is not None:
        between = f"{100 * test.interval.low:+.1f} to {100 * test.interval.high:+.1f}"
    said = "–" if test.estimate is None else f"{100 * test.estimate:+.1f} points"
    p = "–" if finding.adjusted_p is None else f"{finding.adjusted_p:.3f}"
    return row(finding.claim, Cell(said, between), Cell(p))
