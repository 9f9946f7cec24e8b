"""A sweep as one HTML file, in the style of the report: verdict, curves, tables, origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import polars as pl

from retailsim.analysis.exhibits.charts import intervals, response
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
from retailsim.analysis.measures.arms import Arms, Best, Rival
from retailsim.analysis.measures.interval_text import between
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.report.page import page
from retailsim.market.core.money import sign
from retailsim.sim.budget.estimate import counted
from retailsim.sim.errors import CannotWrite
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.look.report import about
from retailsim.sim.scenario.settings import parsed_value
from retailsim.sim.sweep.sweep_arms import Sweep
from retailsim.sim.sweep.verdict import size, unit_of, unsigned, verdict


def write_page(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure], path: Path) -> None:
    """Write the page; that it may be written there was checked before.

    Raises
    ------
    CannotWrite
    """
    try:
        path.write_text(page(report(found, outcome, by_name)), encoding="utf-8")
    except OSError as error:
        raise CannotWrite(path, error, "choose another --out") from None


def report(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure]) -> Report:
    """Return all that stands on the page."""
    measures = [by_name[name] for name in outcome.shown]
    sections = [_answer(found, outcome, by_name), _curves(found, outcome, measures)]
    sections += [_tables(found, outcome, by_name), _made(found)]
    return Report(
        title=f"{found.named} in {Path(found.scenario).stem}",
        lead=f"{size(outcome)}. Intervals are for {outcome.generalise_to}.",
        warnings=outcome.cautions,
        sections=tuple(sections),
    )


PICKED = "; allows for being picked as the best"
"""Of an interval that holds for whichever value came out best."""


def _answer(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure]) -> Section:
    best, headlines = outcome.best, []
    if best is not None:
        by = by_name[best.measure]
        around = "" if best.interval is None else between(best.interval, _written(by)) + PICKED
        headlines = [
            Headline(
                name=f"Best: {found.said(best.label)}", value=_written(by)(best.value), below=around
            ),
            Headline(
                name="Cannot be told apart from it",
                value=f"{len(best.alike)} of {len(best.rivals)}",
                below="; ".join(best.alike),
            ),
        ]
    return Section(
        name="answer",
        title="Which is best",
        lead=" ".join(verdict(found, outcome, by_name)),
        headlines=tuple(headlines),
    )


def _written(by: Measure) -> Callable[[float], str]:
    return partial(written, unit_of(by))


def _curves(found: Sweep, outcome: Arms, measures: list[Measure]) -> Section:
    figures = (_figure(found, outcome, one) for one in measures)
    return Section(
        name="curves",
        title="Value by value",
        lead="Each point with its own 95% interval.",
        figures=tuple(one for one in figures if one is not None),
    )


def _figure(found: Sweep, outcome: Arms, one: Measure) -> Figure | None:
    """A curve where one number is swept; else points below one another."""
    money = 100.0 if one.unit == "cents" else 1.0
    rows = []
    for arm in outcome.arms:
        estimate = arm.estimates[one.name]
        ends = estimate.interval
        low, high = (None, None) if ends is None else (ends.low / money, ends.high / money)
        rows.append((arm.label, _over(estimate.value, money), low, high))
    title, name = one.estimate_label, f"sweep-{one.name}"
    axis = f"{title}, {sign().strip()}" if one.unit == "cents" else title
    places = _numbers(found)
    if places is None or any(value is None for _, value, _, _ in rows):
        return intervals(name, title, rows, axis, form="%" if one.unit == "share" else "~s")
    points = pl.DataFrame(
        [(x, *rest) for x, (_, *rest) in zip(places, rows, strict=True)],
        schema=dict.fromkeys(("x", "value", "low", "high"), pl.Float64),
        orient="row",
    ).sort("x")
    return response(name, title, points, found.keys[0].key, one.unit)


def _over(value: float | None, money: float) -> float | None:
    return None if value is None else value / money


def _numbers(found: Sweep) -> list[float] | None:
    """The swept values, where they are numbers of a single key."""
    if len(found.keys) > 1:
        return None
    values = [parsed_value(value) for value in found.keys[0].values]
    plain = [one for one in values if isinstance(one, int | float) and not isinstance(one, bool)]
    return [float(one) for one in plain] if len(plain) == len(values) else None


def _tables(found: Sweep, outcome: Arms, by_name: Mapping[str, Measure]) -> Section:
    measures = [by_name[name] for name in outcome.arms[0].estimates]
    headings = (" and ".join(found.short), *(one.estimate_label for one in measures))
    rows = [
        row(arm.label, *(estimated(unit_of(one), arm.estimates[one.name]) for one in measures))
        for arm in outcome.arms
    ]
    tables = [table("Every value", headings, rows, " ".join(_of_intervals(outcome.best)))]
    if outcome.best is not None:
        tables.append(_rivals(found, outcome.best, by_name[outcome.best.measure]))
    return Section(name="tables", title="In numbers", tables=tuple(tables))


def _of_intervals(best: Best | None) -> Iterator[str]:
    """Say how the intervals of the table go with the one at the top."""
    yield "Each with its own 95% interval."
    if best is not None and best.interval is not None:
        yield "The best at the top has one of the same kind, at least as wide, for it was picked."
        if best.over is not None:
            yield f"That one is over the {counted(best.over, 'episode')} that every run has."
    yield f"n is what was counted. {FEW_BEHIND}"


def _rivals(found: Sweep, best: Best, by: Measure) -> ReportTable:
    return table(
        f"Worse than {found.said(best.label)} by",
        (" and ".join(found.short), by.estimate_label, "95% of all pairs together", "Verdict"),
        [row(rival.label, *_worse(rival, by)) for rival in best.rivals],
        note="The intervals of the differences of all pairs hold together 95% of times, so the "
        "best may be picked from them.",
    )


def _worse(rival: Rival, by: Measure) -> Iterator[Cell]:
    test = rival.behind
    if test.estimate is None:
        yield from (Cell(NOTHING), Cell(test.note), Cell("not told apart"))
        return
    points, ends = " points" * (by.unit == "share"), test.interval
    yield Cell(f"{unsigned(by, test.estimate)}{points}")
    yield Cell(test.note if ends is None else between(ends, partial(unsigned, by)))
    yield Cell("worse" if rival.told_apart else "not told apart")


def _made(found: Sweep) -> Section:
    """The scenario of the first arm, as its run has it."""
    first = next(iter(found.runs.values()))
    assert first.out is not None, "an arm has its place"
    made = about(RunFolder(first.out).read())
    text = made.pop("scenario")
    swept = "; ".join(f"{one.key} = {', '.join(one.values)}" for one in found.keys)
    told = {"scenario": found.scenario, "values": swept, **made}
    told.pop("run", None)
    rows = [row(name, Cell(value)) for name, value in told.items()]
    return Section(
        name="made",
        title="How it was made",
        lead=f"The scenario below is that of the first value; the runs are in {found.folder.name}.",
        tables=(table("", ("", ""), rows),),
        text=text,
    )
