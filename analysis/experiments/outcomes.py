"""What experiments come to: rows beside the published figures, and findings with tests."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec
import polars as pl

from retailsim.analysis.measures import estimates
from retailsim.analysis.measures.measure import Measure
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.statistics.clusters import rate
from retailsim.analysis.statistics.multiplicity import holm
from retailsim.analysis.statistics.values import Estimate, Interval, Test

Arms = Mapping[str, Projection]


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """Where a figure lies over other seeds, in its own unit: single runs, not their mean.

    Parameters
    ----------
    low, high : float
        The lowest and the highest.
    seeds : int
        How many.
    """

    low: float
    high: float
    seeds: int


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number with the published one beside it, in the same unit.

    Parameters
    ----------
    name : str
        Its name in ``experiment --json``.
    unit : {"share", "cents", "number", "tokens", "dollars"}
    label : str
        What people read above it; its name where nothing else is said.
    key : str
        What it is about, for figures: a seat, a pole of a trait.
    put_in : str
        Which figures of the paper were put into the agents that played this (`put_in.put_in`);
        empty where none was.
    spread : Spread or None
        What other seeds of the preset show, where that is known.
    """

    name: str
    unit: str
    measured: Estimate
    published: float | None = None
    label: str = ""
    key: str = ""
    put_in: str = ""
    spread: Spread | None = None

    @property
    def heading(self) -> str:
        """What people read above it."""
        return self.label or self.name


def value_of(
    one: Measure,
    measured: Estimate,
    published: float | None = None,
    *,
    name: str = "",
    put_in: str = "",
) -> Value:
    """Return a measure's estimate as a value of a table.

    Parameters
    ----------
    name : str
        Its name in ``experiment --json`` where it is not the measure's own there; then it is
        the estimate of a total per episode.
    """
    return Value(
        name=name or one.tag,
        unit=one.unit if one.unit in ("share", "cents") else "number",
        measured=measured,
        published=published,
        label=one.estimate_label if name else one.label,
        put_in=put_in,
    )


NEAR = 0.05
"""A share is near the published one within so much."""


def missed(value: Value) -> bool:
    """Whether a value is not what was published: a share off by more than `NEAR`, anything else
    (money, too) whose interval leaves the published one out.
    """
    found, figure = value.measured, value.published
    if found.value is None or figure is None:
        return False
    if value.unit == "share":
        return abs(found.value - figure) > NEAR
    interval = found.interval
    return interval is not None and not interval.low <= figure <= interval.high


class OutcomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a table; `key` says what it is about where that is more than its label."""

    label: str
    values: tuple[Value, ...]
    key: str = ""


class OutcomeTable(msgspec.Struct, frozen=True, kw_only=True):
    """Rows that belong together, under a name; the title is for people where there are several."""

    name: str
    rows: tuple[OutcomeRow, ...]
    title: str = ""


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """What was published, as far as something found can agree with it.

    Parameters
    ----------
    sign : {1, -1}
        The side of zero on which the effect is.
    least : float
        The smallest effect that counts, above 0, in the unit of the test.
    why : str
        That number with its unit, and the reason for it.
    """

    sign: int
    least: float
    why: str


class JudgedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a table says, with the test behind it, beside what the paper says.

    Parameters
    ----------
    unit : str
        Of the test's estimate: ``share``, ``cents`` or ``number``.
    adjusted_p : float or None
        For the number of tests that are judged together. A one-tailed p takes no part in that.
    one_tailed : bool
        Whether the test's p is of one side only: half of what a two-sided test would say.
    expected : Expectation or None
        What is judged; None where nothing is.
    put_in : str
        Which figures of the paper were put into the agents that played this; empty: none.
    verdict : str
        Whether a published regularity shows here (`verdicts.judged`); empty where none is judged.
    """

    claim: str
    test: Test
    unit: str = "number"
    adjusted_p: float | None = None
    one_tailed: bool = False
    published: str = ""
    expected: Expectation | None = None
    put_in: str = ""
    verdict: str = ""


class ExperimentOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an experiment comes to; `told` is what ``experiment --json`` prints of it.

    Parameters
    ----------
    about : tuple of str
        What people have to know of all its numbers, such as what intervals generalise to.
    """

    title: str
    tables: tuple[OutcomeTable, ...]
    findings: tuple[JudgedClaim, ...] = ()
    notes: tuple[str, ...] = ()
    about: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[OutcomeRow, ...]:
        """The rows of all tables, in order."""
        return tuple(row for table in self.tables for row in table.rows)

    def table(self, name: str) -> OutcomeTable:
        """Return the table of that name; one without rows where there is none."""
        found = (table for table in self.tables if table.name == name)
        return next(found, OutcomeTable(name=name, rows=()))


def one_table(rows: Iterable[OutcomeRow], name: str = "rows") -> tuple[OutcomeTable, ...]:
    """Return the tables of an experiment that has a single one."""
    return (OutcomeTable(name=name, rows=tuple(rows)),)


def told(outcome: ExperimentOutcome) -> dict[str, Any]:
    """Return an outcome as ``experiment --json`` prints it: one list of rows."""
    return {
        "title": outcome.title,
        "rows": [
            {"label": row.label, "values": [_value_told(value) for value in row.values]}
            for row in outcome.rows
        ],
        "findings": outcome.findings,
        "notes": outcome.notes,
    }


def _value_told(value: Value) -> dict[str, Any]:
    names = ("name", "unit", "measured", "published", "put_in", "spread")
    return {name: getattr(value, name) for name in names} | {"off": missed(value)}


@cache
def published() -> dict[str, Any]:
    """Return the paper's figures, by experiment."""
    text = files("retailsim.analysis.data").joinpath("published.toml").read_text("utf-8")
    return tomllib.loads(text)


def as_published(seat: str, known: Iterable[str]) -> str | None:
    """Return which published name a seat or model goes by, if any.

    ``like-NAME`` stands in for NAME (`sim/data/stand-ins.toml`); else the last part of a model's
    name counts, in upper or lower case.
    """
    short = seat.removeprefix("like-").replace(":", "/").rpartition("/")[2].lower()
    return next((name for name in known if name.lower() == short), None)


def decided_of(projection: Projection) -> pl.DataFrame:
    """Return the episodes of a run whose decision is known, however they ended."""
    return estimates.decided(projection.episodes)


def only_one(arms: Arms) -> pl.DataFrame:
    """Return the episodes of an experiment of a single run whose decision is known."""
    [projection] = arms.values()
    return decided_of(projection)


def ones(part: pl.DataFrame) -> pl.Series:
    """Return a one for each row."""
    return pl.repeat(1, part.height, dtype=pl.Int64, eager=True)


def bought_of(part: pl.DataFrame) -> tuple[pl.Series, pl.Series, pl.Series]:
    """Return purchases, episodes and clusters, as rates take them."""
    return (part["orders"] > 0).cast(pl.Int64), ones(part), part["cluster"]


def share_of(part: pl.DataFrame) -> Estimate:
    """Return the share of episodes with a purchase."""
    return rate(*bought_of(part))


def estimate_of(test: Test) -> Estimate:
    """Return what a test estimates, as a row of a table takes it."""
    return Estimate(value=test.estimate, n=test.n, interval=test.interval, note=test.note)


def times(one: Estimate, factor: float) -> Estimate:
    """Return an estimate and its interval times a factor that is known: a mean as a sum."""
    interval = one.interval and Interval(
        one.interval.low * factor, one.interval.high * factor, one.interval.method
    )
    value = None if one.value is None else one.value * factor
    return msgspec.structs.replace(one, value=value, interval=interval)


def with_holm(findings: Sequence[JudgedClaim]) -> tuple[JudgedClaim, ...]:
    """Adjust the p values of planned contrasts; one-tailed ones are left as they are."""
    values = holm([None if finding.one_tailed else finding.test.p for finding in findings])
    return tuple(
        msgspec.structs.replace(finding, adjusted_p=p)
        for finding, p in zip(findings, values, strict=True)
    )
