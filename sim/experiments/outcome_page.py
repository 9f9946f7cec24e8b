"""An experiment's outcome as sections of a page: its figures, its tables, and what is tested."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from retailsim.analysis.exhibits.parts import (
    NOTHING,
    Cell,
    Figure,
    Report,
    ReportTable,
    Section,
    row,
    table,
)
from retailsim.analysis.experiments.figures import figures
from retailsim.analysis.experiments.outcomes import (
    NEAR,
    ExperimentOutcome,
    JudgedClaim,
    OutcomeTable,
    Value,
    missed,
)
from retailsim.analysis.measures.scope import ILLUSTRATION
from retailsim.analysis.measures.value_text import change_written, p_told
from retailsim.sim.experiments.outcome_words import ends_said, how, number_said


def outcome_page(name: str, outcome: ExperimentOutcome) -> Report:
    """Return what a page shows of an experiment, as the terminal does.

    Parameters
    ----------
    name : str
        Of the experiment: it says which figures there are.
    """
    sections = [_measured(outcome, figures(name, outcome))]
    if outcome.findings:
        sections.append(_tested(outcome.findings))
    if outcome.notes:
        sections.append(Section(name="notes", title="Notes", findings=outcome.notes))
    return Report(
        title=outcome.title.removesuffix("."),
        lead=" ".join(line for line in outcome.about if line != ILLUSTRATION),
        warnings=tuple(line for line in outcome.about if line == ILLUSTRATION),
        sections=tuple(sections),
    )


def _measured(outcome: ExperimentOutcome, drawn: Sequence[Figure]) -> Section:
    values = [value for row in outcome.rows for value in row.values]
    said = []
    if any(map(missed, values)):
        said.append(
            f"“off” is more than {100 * NEAR:.0f} points from the paper's rate, or an interval "
            "without it."
        )
    if any(value.put_in for value in values):
        said.append("“put in” is what the agents that played this were fitted to.")
    return Section(
        name="measured",
        title="What was measured",
        lead=" ".join(said),
        figures=tuple(drawn),
        tables=tuple(one for part in outcome.tables for one in _tables(part)),
    )


def _tables(part: OutcomeTable) -> Iterator[ReportTable]:
    """Rows with the same columns stand in one table."""
    title = part.title
    for names, rows in groupby(part.rows, key=lambda one: [v.heading for v in one.values]):
        shown = [row(one.label, *map(_cell, one.values)) for one in rows]
        yield table(title, ("", *names), shown)
        title = ""


def _cell(value: Value) -> Cell:
    found = value.measured
    said = NOTHING if found.value is None else number_said(value.unit, found.value)
    return Cell(said, "; ".join(_below(value)))


def _below(value: Value) -> Iterator[str]:
    found = value.measured
    if found.interval is not None:
        yield ends_said(value.unit, found.interval.low, found.interval.high)
    if found.value is not None:
        yield f"n {found.n:,}"
    if value.published is not None:
        yield f"paper {number_said(value.unit, value.published)}{', off' * missed(value)}"
    if value.put_in:
        yield "put in"
    if found.note and (found.value is not None or value.published is None):
        yield found.note


def _tested(findings: Sequence[JudgedClaim]) -> Section:
    judged = any(one.verdict for one in findings)
    columns = ("What is tested", "Found", "p", *(["Verdict"] * judged), "Published")
    rows = [row(one.claim, *_finding(one, judged=judged)) for one in findings]
    return Section(
        name="tested",
        title="What is tested",
        lead="Below what was found: its 95% interval and how that was found.",
        tables=(table("", columns, rows, "p is adjusted for all that is tested together."),),
    )


def _finding(one: JudgedClaim, *, judged: bool) -> Iterator[Cell]:
    test, p = one.test, one.adjusted_p if one.adjusted_p is not None else one.test.p
    found, below = NOTHING, [how(one), f"n {test.n:,}"]
    if test.estimate is not None:
        found = change_written(one.unit, test.estimate, digits=2)
        found += " points" * (one.unit == "share")
    if test.interval is not None:
        ends = (test.interval.low, test.interval.high)
        low, high = (change_written(one.unit, end, digits=2) for end in ends)
        below.insert(0, f"{low} to {high}")
    yield Cell(found, "; ".join(below))
    yield Cell(p_told(p), "one-tailed" if one.one_tailed and p is not None else "")
    if judged:
        yield Cell(one.verdict)
    yield Cell(one.published)
