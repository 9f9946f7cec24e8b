"""What a measure is: one definition, one label, one unit, and the views that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

Unit = Literal["share", "cents", "units", "stars", "count"]
View = Literal["terminal", "report", "compare"]
Group = Literal["overall", "seller", "buyer", "category", "pair"]

EVERY_VIEW: tuple[View, ...] = ("terminal", "report", "compare")
EVERY_GROUP: tuple[Group, ...] = ("overall", "seller", "buyer", "category", "pair")

CLOSED = pl.col("status") == "closed"
DECIDED = pl.col("decided")
"""It is known whether the buyer bought, whatever failed later."""
SETTLED = pl.col("settled")
"""There is an order, and it is known what became of it."""
BOUGHT = pl.col("orders") > 0
ONE_TITLE = pl.col("title").min()
"""The title of episodes of one product. A product may have several, and episodes, and groups of
them, any order: the least is the same whatever that is."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measure:
    """One measure: a sum of integers over some episodes, or a ratio of two such sums.

    Sums are divided at the end, so a measure is the same to the last bit whatever the order of
    the log. The rows of ``replay --json`` and of the export hold every measure; tables for people
    those that name their view.

    Parameters
    ----------
    name : str
        The column of the export, and the key of ``replay --json`` unless `path` says otherwise.
    label : str
        What people read, wherever the measure is shown; by default the name as words.
    unit : {"share", "cents", "units", "stars", "count"}
        How it is written, and how it is estimated: a ``share`` lies between 0 and 1.
    numerator : polars.Expr
        Of an episode: an integer or a boolean; null is passed over.
    denominator : polars.Expr or None
        Likewise, and the weight of an episode in an estimate. None: the measure is a total, and
        what is estimated is that total per episode.
    counts : polars.Expr
        Which episodes count: those that reached its stage. Default: those whose decision is known.
    about : str
        How it is defined, for people.
    views : tuple of {"terminal", "report", "compare"}
        The tables that show it.
    place : int
        Its place among the columns of these tables, from the left.
    path : tuple of str
        Where it stands in a row of ``replay --json``; default: under its name.
    groups : tuple of {"overall", "seller", "buyer", "category", "pair"}
        The rows that have it.
    where_known : bool
        Whether it is over those of the episodes that count whose numerator is known; without any
        it is null.
    signed : bool
        Whether it may be negative: then no interval ends at 0.
    centred : bool
        Whether the mean over the rows of the group that have an episode is taken off.
    tag : str
        Its name in ``experiment --json``, where that is fixed.
    least : str
        The measure that says how low it may be in truth, where a failure left something open.
    """

    name: str
    label: str = ""
    unit: Unit
    numerator: pl.Expr
    denominator: pl.Expr | None = None
    counts: pl.Expr = DECIDED
    about: str = ""
    views: tuple[View, ...] = ()
    place: int = 100
    path: tuple[str, ...] = ()
    groups: tuple[Group, ...] = EVERY_GROUP
    where_known: bool = False
    signed: bool = False
    centred: bool = False
    tag: str = ""
    least: str = ""

    def __post_init__(self) -> None:
        """Make a label of the name where none is given."""
        if not self.label:
            object.__setattr__(self, "label", self.name.replace("_", " ").capitalize())

    @property
    def is_total(self) -> bool:
        """Whether it is a sum; else it is a ratio."""
        return self.denominator is None

    @property
    def weighs_alike(self) -> bool:
        """Whether every episode that counts weighs the same."""
        return self.denominator is None or not self.denominator.meta.root_names()

    @property
    def of_each(self) -> bool:
        """Whether every decided episode has a value of its own, and weighs the same."""
        return self.weighs_alike and self.counts is DECIDED

    @property
    def is_float(self) -> bool:
        """Whether its values are floats; else they are integers."""
        return self.centred or not self.is_total

    @property
    def estimate_label(self) -> str:
        """What people read where the estimate is shown: a total's is per episode."""
        return f"{self.label} per episode" if self.is_total else self.label

    @property
    def counted(self) -> pl.Expr:
        """Which episodes count, and have a known numerator where that is asked for."""
        return self.counts & self.numerator.is_not_null() if self.where_known else self.counts

    @property
    def keys(self) -> tuple[str, ...]:
        """Where it stands in a row."""
        return self.path or (self.name,)

    def of(self, row: Mapping[str, Any]) -> Any:
        """Return its value in a row; None where the row does not have it."""
        found: Any = row
        for key in self.keys:
            found = None if found is None else found.get(key)
        return found

    def least_of(self, row: Mapping[str, Any]) -> Any:
        """Return how low it may be in a row; None where failures left nothing of it open."""
        least = row.get(self.least) if self.least else None
        return least if least != self.of(row) else None

    def above(self) -> pl.Expr:
        """What an episode adds to the numerator."""
        return self.numerator.cast(pl.Int64)

    def below(self) -> pl.Expr:
        """What an episode adds to the denominator: a total counts episodes."""
        return (pl.lit(1) if self.denominator is None else self.denominator).cast(pl.Int64)
