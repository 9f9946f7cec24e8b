"""The funnel of a report: how many came to each step, of all and of those one step before.

Of an episode that failed, a step behind the failure is not known, and those who bought fail more
often behind the purchase than those who did not. So such a step has no single share of all: it has
bounds, the share had none or all of these come to it. Of those who came to the step before, the
share is of whom it is known, with the same bounds beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec
import polars as pl

from retailsim.analysis.exhibits import charts
from retailsim.analysis.exhibits.parts import Cell, Section, estimated, row, table
from retailsim.analysis.experiments.outcomes import ones
from retailsim.analysis.measures.measure import BOUGHT, CLOSED, SETTLED
from retailsim.analysis.measures.scope import scope
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.statistics.clusters import rate

_EVERY = pl.lit(True)
_SUPPORTED, _REVIEWED = pl.col("post_exchanges") > 0, pl.col("rating_product").is_not_null()
_REFUNDED = pl.col("units_refunded") > 0
_NOTE = (
    " A range is for steps that are not known of every episode, as where it failed before: the "
    "share, had none or all of these come to it."
)


class Step(NamedTuple):
    """Who came to a step, out of whom, and of whom it is known whether they did.

    Parameters
    ----------
    key : str
        Its name in addresses of pages.
    name : str
        Its name for people.
    came : polars.Expr
        Of an episode whose decision is known: whether it came to this step.
    """

    key: str
    name: str
    came: pl.Expr
    known: pl.Expr = _EVERY
    of: str = ""
    out_of: pl.Expr = _EVERY


_OFFERED, _BUYERS = "saw the offer", "bought"
STEPS = (
    Step("offered", _OFFERED, _EVERY),
    Step(
        "asked",
        "asked the seller",
        (pl.col("pre_exchanges") > 0) | (pl.col("sales_exchanges") > 0),
        of=_OFFERED,
    ),
    Step("bought", _BUYERS, BOUGHT, of=_OFFERED),
    Step(
        "supported", "contacted support", BOUGHT & _SUPPORTED, SETTLED | _SUPPORTED, _BUYERS, BOUGHT
    ),
    Step(
        "reviewed", "reviewed the product", BOUGHT & _REVIEWED, CLOSED | _REVIEWED, _BUYERS, BOUGHT
    ),
    Step("refunded", "got money back", _REFUNDED, SETTLED | _REFUNDED, _BUYERS, BOUGHT),
)


def funnel_section(some: pl.DataFrame) -> Section:
    """Return the section; `some` are the episodes whose decision is known."""
    about = str(scope(some))
    some = some.select("cluster", *sorted(set(read())))  # each step copies what it selects
    counts = [(step.name, came) for step, came in reached(some)]
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
                ("", "Episodes", "of all", "", ""),
                rows,
                about + _NOTE * open_,
                [{"step": step.key} for step in STEPS],
            ),
        ),
    )


def reached(some: pl.DataFrame) -> list[tuple[Step, int]]:
    """Return how many came to each step; `some` are the episodes whose decision is known."""
    return [(step, some.filter(step.came).height) for step in STEPS]


def read() -> Iterator[str]:
    """Yield the columns that steps read."""
    for step in STEPS:
        for part in (step.came, step.known, step.out_of):
            yield from part.meta.root_names()


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
