"""What a report says of sales conversations."""

from __future__ import annotations

from functools import partial

import msgspec

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import (
    Cell,
    ReportTable,
    Section,
    estimated,
    row,
    table,
)
from retailsim.analysis.experiments.outcomes import JudgedClaim, OutcomeTable
from retailsim.analysis.measures.scope import scope
from retailsim.analysis.measures.value_text import change_written
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocols.claims import readers_told
from retailsim.analysis.protocols.claims_report import claims_tables, claims_told
from retailsim.analysis.protocols.csales.seller_table import table as compared


def sales_section(projection: Projection) -> Section:
    """Return the section that compares the sellers of a csales run."""
    outcome = compared(projection)
    about = str(scope(projection.episodes))
    tables = [_shown(one, about) for one in outcome.tables if one.rows]
    if outcome.findings:
        columns = ("", "Difference", "p (Holm)")
        tables.append(table("Contrasts", columns, [_finding(f) for f in outcome.findings], about))
    points = []
    for one in outcome.table("sellers").rows:
        found = one.values[0].measured
        ends = (found.interval.low, found.interval.high) if found.interval else (None, None)
        points.append((one.label, found.value, *ends))
    figure = charts.intervals("success", "Success rate by seller", points, "SR")
    if claims_told(projection):
        first, *more = claims_tables(projection)
        tables += [msgspec.structs.replace(first, note=readers_told(projection)), *more]
    return Section(
        name="sales",
        title="Conversational sales",
        lead=". ".join(note.removesuffix(".") for note in outcome.notes) + ".",
        figures=(figure,) if figure else (),
        tables=tuple(tables),
    )


def _shown(one: OutcomeTable, about: str) -> ReportTable:
    columns = (value.heading for value in one.rows[0].values)
    cells = [
        row(line.label, *(estimated(value.unit, value.measured) for value in line.values))
        for line in one.rows
    ]
    return table(one.title, ("", *columns), cells, about)


def _finding(finding: JudgedClaim) -> tuple[Cell, ...]:
    test = finding.test
    between, write = "", partial(change_written, "share")
    if test.interval is not None:
        between = f"{write(test.interval.low)} to {write(test.interval.high)}"
    said = "–" if test.estimate is None else f"{write(test.estimate)} points"
    p = "–" if finding.adjusted_p is None else f"{finding.adjusted_p:.3f}"
    return row(finding.claim, Cell(said, between), Cell(p))
