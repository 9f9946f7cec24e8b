"""The table of measures: every measure, once.

``replay`` and the export read all rows; the terminal, ``compare``, the experiments and the report
those that they show. To add a measure, add a row (and, if it needs what no column says yet, a
column in `analysis.projection.columns`): it then stands in every view that the row names.

The order of the rows is the order of the keys in ``replay --json`` and of the export's columns.

Each measure counts the episodes that reached its stage, however they ended: a buyer whose episode
fails behind its decision has decided, and had it bought, its order, what is known to have been
refunded and the reviews it wrote are in every sum. A rate that leaves out what failed has bounds
beside it (``_low``, ``_high``): the rate, had all that failed gone one way or the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from retailsim.analysis.measures.measure import (
    BOUGHT,
    CLOSED,
    DECIDED,
    EVERY_VIEW,
    SETTLED,
    Measure,
    Unit,
    View,
)
from retailsim.events.messages import ASPECTS

PROFIT = (
    "sales minus refunds, goods that were not resold, what carriers cost beyond what buyers pay, "
    "payment fees and tax, over the products with a unit cost"
)
"""What profit is, in a sentence."""

SENTIMENTS = ("Positive", "Neutral", "Negative")

_ONE = pl.lit(1)
_FAILED = pl.col("status") == "failed"
_LOST = _FAILED & ~DECIDED
_ENDED = DECIDED | _FAILED
_SOLD = BOUGHT & (SETTLED | _FAILED)
"""Orders whose outcome is known, or could have been."""
_REFUNDED = pl.col("units_refunded")
_RETURNED_LOST = -(
    pl.col("unit_cost_cents") * pl.col("units")
    + 2 * pl.col("carrier_cents")
    + pl.col("payment_fee_cents")
)
"""What an order earns that is paid back with its shipping, comes back, and cannot be resold."""


def _count(name: str, label: str, counts: pl.Expr) -> Measure:
    return Measure(name=name, label=label, unit="count", numerator=_ONE, counts=counts)


def _total(name: str, label: str, unit: Unit, about: str = "") -> Measure:
    """A sum of a column over all episodes whose decision is known, and so over all orders."""
    return Measure(name=name, label=label, unit=unit, numerator=pl.col(name), about=about)


def _rating(aspect: str) -> Measure:
    return Measure(
        name=f"rating_{aspect}",
        path=("ratings", aspect),
        label=f"Rating of the {_ASPECT_WORDS.get(aspect, aspect)}",
        unit="stars",
        numerator=pl.col(f"rating_{aspect}"),
        denominator=pl.col(f"reviews_{aspect}"),
        counts=BOUGHT,
        about=f"mean stars over the reviews of this aspect ({aspect}) in buying episodes",
    )


_ASPECT_WORDS = {"pre_inquiry": "inquiry", "post_inquiry": "support"}


def _sentiment(mood: str) -> Measure:
    return Measure(
        name=f"sentiment_{mood.lower()}",
        path=("sentiments", mood),
        label=f"{mood} decisions",
        unit="count",
        numerator=_ONE,
        counts=pl.col("sentiment") == mood,
        about=f"decisions that were {mood.lower()}",
    )


_STARS = pl.sum_horizontal(pl.col(f"rating_{aspect}").fill_null(0) for aspect in ASPECTS)

_ALL = (
    Measure(
        name="episodes",
        label="Episodes",
        unit="count",
        numerator=_ONE,
        counts=CLOSED,
        about="closed episodes",
        views=("terminal", "report"),
        place=1,
    ),
    _count("failed", "Failed", _FAILED),
    _count("open", "Open", pl.col("status") == "open"),
    Measure(
        name="decided",
        label="Decided",
        unit="count",
        numerator=_ONE,
        about="episodes whose decision is known, however they ended",
        views=("terminal", "report"),
        place=1,
    ),
    _count("undecided", "Failed before deciding", _LOST),
    _count("unsettled", "Orders whose outcome failed", BOUGHT & _FAILED & ~SETTLED),
    _total("orders", "Orders", "count"),
    _total("units", "Units", "count", "units sold"),
    _total("units_refunded", "Units refunded", "count"),
    Measure(
        name="conversion_rate",
        label="Conversion",
        unit="share",
        numerator=BOUGHT,
        denominator=_ONE,
        about="episodes with an order / episodes whose decision is known",
        views=EVERY_VIEW,
        place=2,
        tag="bought",
    ),
    Measure(
        name="conversion_rate_low",
        label="Conversion, had none bought that failed before deciding",
        unit="share",
        numerator=BOUGHT,
        denominator=_ONE,
        counts=_ENDED,
        about="episodes with an order / episodes that decided or failed before",
    ),
    Measure(
        name="conversion_rate_high",
        label="Conversion, had all bought that failed before deciding",
        unit="share",
        numerator=_LOST | BOUGHT,
        denominator=_ONE,
        counts=_ENDED,
        about="episodes with an order or that failed before deciding / the same episodes",
    ),
    Measure(
        name="refund_rate",
        label="Refund rate",
        unit="share",
        numerator=_REFUNDED,
        denominator=pl.col("units"),
        counts=SETTLED,
        about="units refunded / units sold, of the orders whose outcome is known",
        views=EVERY_VIEW,
        place=4,
        tag="refunded",
    ),
    Measure(
        name="refund_rate_low",
        label="Refund rate, had nothing gone back where the outcome failed",
        unit="share",
        numerator=_REFUNDED,
        denominator=pl.col("units"),
        counts=_SOLD,
        about="units refunded / units sold, of the orders whose outcome is known or failed",
    ),
    Measure(
        name="refund_rate_high",
        label="Refund rate, had all gone back where the outcome failed",
        unit="share",
        numerator=pl.when(SETTLED).then(_REFUNDED).otherwise(pl.col("units")),
        denominator=pl.col("units"),
        counts=_SOLD,
        about="units refunded, and all units where the outcome failed / the same units",
    ),
    Measure(
        name="average_quantity",
        label="Units per order",
        unit="units",
        numerator=pl.col("units"),
        denominator=pl.col("orders"),
        counts=BOUGHT,
        about="units sold / orders",
        views=EVERY_VIEW,
        place=5,
        tag="quantity",
    ),
    Measure(
        name="average_rating",
        label="Rating",
        unit="stars",
        numerator=_STARS,
        denominator=pl.col("reviews"),
        counts=BOUGHT,
        about="mean stars over all reviews of buying episodes",
        views=EVERY_VIEW,
        place=6,
        tag="rating",
    ),
    *map(_rating, ASPECTS),
    Measure(
        name="reviews",
        label="Reviews",
        unit="count",
        numerator=pl.col("reviews"),
        counts=BOUGHT,
        about="reviews of buying episodes",
    ),
    Measure(
        name="recommend_rate",
        label="Would recommend",
        unit="share",
        numerator=pl.col("would_recommend"),
        denominator=_ONE,
        counts=BOUGHT & pl.col("would_recommend").is_not_null(),
        about="buyers who would recommend the product / buyers who said whether they would",
    ),
    *map(_sentiment, SENTIMENTS),
    _total("gross_revenue_cents", "Gross revenue", "cents", "price times quantity of the orders"),
    _total("refunded_cents", "Refunds", "cents", "what was paid back for goods"),
    Measure(
        name="net_revenue_cents",
        label="Net revenue",
        unit="cents",
        numerator=pl.col("net_revenue_cents"),
        about="gross revenue minus the refunds of goods that are known",
        views=EVERY_VIEW,
        place=3,
        tag="net revenue",
        least="net_revenue_cents_low",
    ),
    Measure(
        name="net_revenue_cents_low",
        label="Net revenue, had all been paid back where the outcome failed",
        unit="cents",
        numerator=pl.when(SETTLED | ~_FAILED).then(pl.col("net_revenue_cents")).otherwise(0),
        about="net revenue, but nothing from orders whose outcome failed",
    ),
    _total("shipping_cents", "Shipping", "cents", "what buyers paid for shipping, in no revenue"),
    Measure(
        name="profit_cents",
        label="Profit",
        unit="cents",
        numerator=pl.col("profit_cents"),
        where_known=True,
        signed=True,
        about=PROFIT,
        views=EVERY_VIEW,
        place=1,
        tag="profit",
        least="profit_cents_low",
    ),
    Measure(
        name="profit_cents_low",
        label="Profit, had all been paid back and lost where the outcome failed",
        unit="cents",
        numerator=pl.when(SETTLED | ~_FAILED | ~BOUGHT)
        .then(pl.col("profit_cents"))
        .otherwise(pl.min_horizontal("profit_cents", _RETURNED_LOST)),
        where_known=True,
        signed=True,
        about="profit, but orders whose outcome failed are paid back, come back and are lost",
    ),
    Measure(
        name="profit_episodes",
        label="Episodes with a known cost",
        unit="count",
        numerator=_ONE,
        counts=DECIDED & pl.col("profit_cents").is_not_null(),
        about="decided episodes whose product has a unit cost: what profit is over",
    ),
    Measure(
        name="normalized_revenue_cents",
        label="Net revenue of each pair minus the mean of all pairs",
        unit="cents",
        numerator=pl.col("net_revenue_cents"),
        centred=True,
        groups=("pair",),
        about="the pair's net revenue minus the mean over the pairs with a decision",
    ),
)

MEASURES: dict[str, Measure] = {one.name: one for one in _ALL}
"""Every measure by its name."""


def measure(name: str) -> Measure:
    """Return the measure of that name."""
    return MEASURES[name]


def shown_in(
    view: View,
    own: Iterable[Measure] = (),
    *,
    unended: bool = False,
    costs_known: bool = True,
) -> tuple[Measure, ...]:
    """Return what a view shows, from the left.

    Parameters
    ----------
    own : iterable of Measure
        Those of the run's protocol.
    unended : bool
        Whether episodes decided and did not close: then the view shows how many decided, which is
        what its rates are of, instead of how many closed.
    costs_known : bool
        Whether the cost of any product is. Without, no view shows a profit; with it, the terminal,
        which has no room for both, leaves out the units of an order.
    """
    left_out = {"episodes" if unended else "decided"}
    if not costs_known:
        left_out.add("profit_cents")
    elif view == "terminal":
        left_out.add("average_quantity")
    shown = (one for one in with_own(own) if view in one.views and one.name not in left_out)
    return tuple(sorted(shown, key=lambda one: one.place))


def with_own(own: Iterable[Measure]) -> tuple[Measure, ...]:
    """Return the shared measures, and behind them those of a run's protocol."""
    return (*MEASURES.values(), *own)


def columns_read(some: Iterable[Measure]) -> frozenset[str]:
    """Return the columns of the episodes table that measures read."""
    parts = (part for one in some for part in (one.numerator, one.denominator, one.counts))
    return frozenset(name for part in parts if part is not None for name in part.meta.root_names())


_KEYS = frozenset(("seller", "buyer", "category", "group", "partial"))
"""What a row is about: nothing that is measured may be called so."""


def collisions(own: Iterable[Measure]) -> Iterator[str]:
    """Say which of a protocol's measures have a name, or a key in JSON, that is taken."""
    taken = _KEYS | MEASURES.keys() | {one.keys[0] for one in MEASURES.values()}
    for one in own:
        for name in sorted({one.name, one.keys[0]} & taken):
            yield f"there already is a measure or key {name!r}"
        taken |= {one.name, one.keys[0]}
