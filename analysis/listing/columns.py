"""What a list of episodes shows of each: what all protocols share, and the protocol's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from retailsim.analysis.measures.measure import BOUGHT, DECIDED
from retailsim.analysis.measures.steps import STEPS
from retailsim.analysis.projection.errors import BadTables
from retailsim.events.messages import ASPECTS

ColumnUnit = Literal["text", "cents", "count", "stars", "yes"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ListColumn:
    """One column of a list of episodes.

    Parameters
    ----------
    name : str
        What a filter calls it, in ``sort``.
    field : str
        Its key in a row; carries the unit.
    label : str
        What people read.
    unit : {"text", "cents", "count", "stars", "yes"}
        ``yes`` is a boolean.
    value : polars.Expr
        From a row of a projection's ``episodes``; null where it is not known.
    """

    name: str
    field: str
    label: str
    unit: ColumnUnit
    value: pl.Expr

    @property
    def is_number(self) -> bool:
        """Whether it is shown with the highest first when first sorted by."""
        return self.unit != "text"


def _text(name: str, label: str, column: str = "") -> ListColumn:
    value = pl.col(column or name)
    return ListColumn(name=name, field=name, label=label, unit="text", value=value)


def _cents(name: str, label: str, column: str) -> ListColumn:
    return ListColumn(name=name, field=column, label=label, unit="cents", value=pl.col(column))


def _known(value: pl.Expr) -> pl.Expr:
    """What is only known of an episode whose decision is."""
    return pl.when(DECIDED).then(value)


_REVIEWS = pl.sum_horizontal(pl.col(f"reviews_{aspect}") for aspect in ASPECTS)
_STARS = pl.sum_horizontal(pl.col(f"rating_{aspect}").fill_null(0) for aspect in ASPECTS)
_TURNS = ("pre_exchanges", "post_exchanges", "sales_exchanges")

SHARED: tuple[ListColumn, ...] = (
    _text("episode", "Episode"),
    _text("title", "Product"),
    _text("product", "Product's id"),
    _text("buyer", "Buyer"),
    _text("seller", "Seller"),
    _text("category", "Category"),
    _text("condition", "Condition"),
    _cents("price", "Price", "price_cents"),
    ListColumn(name="bought", field="bought", label="Bought", unit="yes", value=_known(BOUGHT)),
    ListColumn(
        name="units", field="units", label="Bought", unit="count", value=_known(pl.col("units"))
    ),
    _cents("net", "Net", "net_revenue_cents"),
    _cents("profit", "Profit", "profit_cents"),
    ListColumn(
        name="stars",
        field="stars",
        label="Stars",
        unit="stars",
        value=pl.when(_REVIEWS > 0).then(_STARS / _REVIEWS),
    ),
    _text("outcome", "Outcome"),
    ListColumn(
        name="turns",
        field="turns",
        label="Turns",
        unit="count",
        value=pl.sum_horizontal(_TURNS),
    ),
    _text("status", "Status"),
    _text("stage", "Failed at", "failed_stage"),
    _text("reason", "Why it failed", "failed_reason"),
)
"""What every protocol's episodes have, from the left to the right.

``bought`` and ``units`` are null where it is not known whether the buyer bought; ``stars`` is the
mean over all reviews of an episode, from 1 to 5; ``turns`` counts the buyer's messages.
"""


def columns_with(own: Mapping[str, str], protocol: str = "") -> tuple[ListColumn, ...]:
    """Return the shared columns and the protocol's own.

    Parameters
    ----------
    own : mapping of str to str
        Columns of the episodes table that hold texts, with what people read.
    protocol : str
        Its name, for errors.

    Raises
    ------
    BadTables
        If the list already has a column of that name.
    """
    taken = {name for one in SHARED for name in (one.name, one.field)}
    for name in own:
        if name in taken:
            raise BadTables(protocol, f"the list of episodes already has a column {name!r}")
    return (*SHARED, *(_text(name, label) for name, label in own.items()))


CAME: tuple[pl.Expr, ...] = tuple(
    (DECIDED & step.came).fill_null(value=False).alias(f"came_{step.key}") for step in STEPS
)
"""Whether an episode came to each step of the funnel: nothing is shown of it, but filtered."""


def read_for(columns: Sequence[ListColumn]) -> frozenset[str]:
    """Return the columns of the episodes table that a list is made of."""
    values = (*(one.value for one in columns), *CAME)
    roots = {name for value in values for name in value.meta.root_names()}
    return frozenset((*roots, "status", "superseded"))
