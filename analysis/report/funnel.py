"""The funnel of a report: how many came to each step, of all and of those one step before.

Of an episode that failed, a step behind the failure is not known, and those who bought fail more
often behind the purchase than those who did not. So such a step has no single share of all: it has
bounds, the share had none or all of these come to it. Of those who came to the step before, the
share is of whom it is known, with the same bounds beside it.
"""

from __future__ import annotations

import msgspec
import polars as pl

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import Cell, Section, estimated, row, table
from retailsim.analysis.experiments.outcomes import ones
from retailsim.analysis.measures.scope import scope
from retailsim.analysis.measures.steps import STEPS, Step, read
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.statistics.clusters import rate

_NOTE = (
    " A range is for steps that are not known of every episode, as where it failed before: the "
    "share, had none or all of these come to it."
)


def funnel_section(some: pl.DataFrame) -> Section:
    """Return the section; `some` are the episodes whose decision is known."""
    about = str(scope(some))
    some = some.select("cluster", *sorted(set(read())))  # each step copies what it selects
    counts = [(step.name, some.filter(step.came).height) for step in STEPS]
    figure = charts.bars(
        "funnel", "The purchase funnel", [(n, float(c)) for n, c in counts], "episodes"
    )
    open_ = any(some.filter(step.out_of, ~step.known).height for step in STEPS)
    rows = [row(step.name, *_cells(step, some)) for step in STEPS]
    return Section(
        name="funnel",
        title="Funnel",
        figures=(figure,) if figure else (),
        tables=(
            table(
                "Episodes that reached this step",
                ("", "Episodes", "Of all", "", ""),
                rows,
                about + _NOTE * open_,
                [{"step": step.key} for step in STEPS],
            ),
        ),
    )


def _cells(step: Step, some: pl.DataFrame) -> tuple[Cell, ...]:
    count = Cell(f"{some.filter(step.came).height:,}")
    if not step.of:
        return count, Cell("100.0%"), Cell(""), Cell("")
    # Who did not come to the step before did not come to this one: that is known.
    known = step.known | ~step.out_of
    unknown = some.filter(~known).height
    of_all = _bounds(step, some, unknown) if unknown else _share(step, some)
    return count, of_all, _of_those(step, some, unknown), Cell(f"of those who {step.of}")


def _of_those(step: Step, some: pl.DataFrame, unknown: int) -> Cell:
    """The share of those who came to the step before and of whom this one is known."""
    before = some.filter(step.out_of)
    share = _share(step, before.filter(step.known))
    if not unknown:
        return share
    bounds = _bounds(step, before, unknown)
    return msgspec.structs.replace(
        share, below=f"{share.below}; with {bounds.below}: {bounds.text}"
    )


def _share(step: Step, some: pl.DataFrame) -> Cell:
    came = some.select(came=step.came.cast(pl.Int64))["came"]
    return estimated("share", rate(came, ones(some), some["cluster"]))


def _bounds(step: Step, some: pl.DataFrame, unknown: int) -> Cell:
    """The share had none, and had all of those come of whom it is not known."""
    came = some.filter(step.came).height
    low, high = (written("share", n / some.height) for n in (came, came + unknown))
    return Cell(f"{low} to {high}", f"{unknown:,} not known")
