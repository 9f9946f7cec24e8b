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
from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.statistics.clusters import rate
from retailsim.analysis.statistics.multiplicity import holm
from retailsim.analysis.statistics.values import Estimate, Interval, Test

Arms = Mapping[str, Projection]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number with the published one beside it, in the same unit."""

    name: str
    unit: str
    measured: Estimate
    published: float | None = None


NEAR = 0.05
"""A share is near the published one within so much."""


def missed(value: Value) -> bool:
    """Whether a value is not what was published: a share off by more than `NEAR`, a number whose
    interval leaves the published one out. Money and tokens are of other products and texts.
    """
    found, figure = value.measured, value.published
    if found.value is None or figure is None:
        return False
    if value.unit == "share":
        return abs(found.value - figure) > NEAR
    interval = found.interval
    if value.unit != "number" or interval is None:
        return False
    return not interval.low <= figure <= interval.high


class OutcomeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the table."""

    label: str
    values: tuple[Value, ...]


class JudgedClaim(msgspec.Struct, frozen=True, kw_only=True):
    """What a table says, with the test behind it, beside what the paper says.

    Parameters
    ----------
    unit : str
        Of the test's estimate: ``share``, ``cents`` or ``number``.
    verdict : str
        Whether a published regularity shows here; empty where none is judged.
    """

    claim: str
    test: Test
    unit: str = "number"
    adjusted_p: float | None = None
    published: str = ""
    verdict: str = ""


class ExperimentOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """An experiment's table."""

    title: str
    rows: tuple[OutcomeRow, ...]
    findings: tuple[JudgedClaim, ...] = ()
    notes: tuple[str, ...] = ()


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


def closed_of(projection: Projection) -> pl.DataFrame:
    """Return the closed episodes of a run."""
    return estimates.closed(projection.episodes)


def only_one(arms: Arms) -> pl.DataFrame:
    """Return the closed episodes of an experiment of a single run."""
    [projection] = arms.values()
    return closed_of(projection)


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
    """Adjust the p values of planned contrasts."""
    values = holm([finding.test.p for finding in findings])
    return tuple(
        msgspec.structs.replace(finding, adjusted_p=p)
        for finding, p in zip(findings, values, strict=True)
    )
