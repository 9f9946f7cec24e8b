"""Profit as a statement: what was sold, what went off it, what is left, and over what.

How profit is defined, `analysis.projection.money_columns` says; here it is put into words and sums,
so that the definition stands beside the number.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import polars as pl

from retailsim.analysis.measures.rows import Episodes
from retailsim.analysis.measures.table import PROFIT, measure
from retailsim.analysis.measures.value_text import written
from retailsim.analysis.statistics.values import Estimate

LOST = "Goods that came back count as lost but for policy.salvage; were all resold at cost,"
"""What is said of the returns of which nobody says what they bring, before what that would make."""
NO_COSTS = "No profit: no unit cost is known (in a catalogue: the column unit_cost)."
"""Stands where there is no profit."""

_SUMS = {
    "sales_cents": pl.col("gross_revenue_cents"),
    "refunds_cents": pl.col("refunded_cents"),
    "shipping_cents": pl.col("shipping_cents") - pl.col("shipping_refund_cents"),
    "delivery_cents": pl.col("delivery_cost_cents"),
    "goods_cents": pl.col("goods_cost_cents"),
    "lost_returns_cents": pl.col("returned_cost_cents").fill_null(0) - pl.col("salvage_cents"),
    "salvage_cents": pl.col("salvage_cents"),
    "payment_fees_cents": pl.col("payment_fee_cents"),
    "taxes_cents": pl.col("tax_cents"),
    "profit_cents": pl.col("profit_cents"),
}

READS = frozenset(("product", *(name for one in _SUMS.values() for name in one.meta.root_names())))
"""Columns of the episodes that a statement is made of."""


class ProfitStatement(msgspec.Struct, frozen=True, kw_only=True):
    """What was earned over the decided episodes whose product has a unit cost.

    ``profit = sales - refunds + shipping - delivery - goods - payment fees - taxes``, to the cent.

    Parameters
    ----------
    definition : str
        The same in a sentence.
    episodes, decided : int
        Episodes that it is over, and all whose decision is known.
    products_with_cost, products : int
        Products of either; 0 where buyers come without one.
    per_episode : Estimate or None
        With its interval; None before `with_interval`.
    sales_cents, refunds_cents : int
        Of goods.
    shipping_cents, delivery_cents : int
        What buyers paid for it and did not get back, and what carriers cost.
    goods_cents : int
        What the goods cost that were not resold; ``lost_returns_cents`` of it are those that came
        back and brought nothing. ``salvage_cents``, what they did bring, is taken off already.
    payment_fees_cents, taxes_cents : int
    profit_cents : int
        What is left.
    """

    definition: str = PROFIT
    episodes: int
    decided: int
    products_with_cost: int
    products: int
    per_episode: Estimate | None = None
    sales_cents: int
    refunds_cents: int
    shipping_cents: int
    delivery_cents: int
    goods_cents: int
    lost_returns_cents: int
    salvage_cents: int
    payment_fees_cents: int
    taxes_cents: int
    profit_cents: int

    @property
    def lines(self) -> tuple[tuple[str, int], ...]:
        """From sales to profit, what each line adds in cents; what adds nothing is left out."""
        rows = (
            ("Sales", self.sales_cents),
            ("Refunds", -self.refunds_cents),
            ("Shipping paid by buyers", self.shipping_cents),
            ("Carriers", -self.delivery_cents),
            ("Goods kept by buyers", -(self.goods_cents - self.lost_returns_cents)),
            ("Goods that came back, lost", -self.lost_returns_cents),
            ("Payment fees", -self.payment_fees_cents),
            ("Tax", -self.taxes_cents),
        )
        return (rows[0], *(row for row in rows[1:] if row[1]), ("Profit", self.profit_cents))


def profit_statement(episodes: Episodes) -> ProfitStatement | None:
    """Return what was earned; None where no cost is known.

    Parameters
    ----------
    episodes : polars.DataFrame or polars.LazyFrame
        As `analysis.measures.rows.counted` gives them, with the columns `READS`.
    """
    known = pl.col("profit_cents").is_not_null()
    sums = {name: pl.when(known).then(one).sum() for name, one in _SUMS.items()}
    decided = episodes.lazy().filter("decided").group_by("product")
    products = decided.agg(pl.len(), known.sum().alias("known"), **sums).collect(engine="streaming")
    over = int(products["known"].sum())
    if not over:
        return None
    named = products.drop_nulls("product")
    return ProfitStatement(
        episodes=over,
        decided=int(products["len"].sum()),
        products_with_cost=named.filter(pl.col("known") > 0).height,
        products=named.height,
        **products.select(pl.col(list(sums)).sum()).row(0, named=True),
    )


def with_interval(found: ProfitStatement | None, episodes: Episodes) -> ProfitStatement | None:
    """Add what an episode earned with its interval, if the packages for that are installed."""
    if found is None:
        return None
    try:
        from retailsim.analysis.measures.estimates import deciding, estimate
    except ModuleNotFoundError:
        return found
    per_episode = estimate(measure("profit_cents"), deciding(episodes))
    return msgspec.structs.replace(found, per_episode=per_episode)


def profit_told(found: ProfitStatement | None) -> Iterator[str]:
    """Say what was earned, of what it is made, and over what: a line each."""
    if found is None:
        yield NO_COSTS
        return
    yield f"Profit: {_per(found)}{written('cents', found.profit_cents)} in all{_over(found)}."
    yield f"That is {_sum(found)}."
    yield from returns_told(found)


def returns_told(found: ProfitStatement) -> Iterator[str]:
    """Say what profit would be at the other end of what is assumed of returns."""
    if found.lost_returns_cents:
        resold = (found.profit_cents + found.lost_returns_cents) / found.episodes
        yield f"{LOST} an episode would earn {written('cents', resold)}."


def _per(found: ProfitStatement) -> str:
    one = found.per_episode
    if one is None or one.value is None:
        return ""
    between = ""
    if one.interval is not None:
        low, high = (written("cents", end) for end in (one.interval.low, one.interval.high))
        between = f" ({low} to {high})"
    return f"{written('cents', one.value)} per episode{between}, "


def _over(found: ProfitStatement) -> str:
    """Say what has a cost, where something has none."""
    if found.episodes == found.decided:
        return ""
    of = f"{found.episodes:,} of {found.decided:,} episodes"
    if found.products:
        of += f": {found.products_with_cost:,} of {found.products:,} products have a unit cost"
    return f", over {of}"


def _sum(found: ProfitStatement) -> str:
    """The statement on one line."""
    (first, sales), *others, _ = found.lines
    parts = [f"{first.lower()} {written('cents', sales)}"]
    for label, cents in others:
        sign = "-" if cents < 0 else "+"
        parts.append(f"{sign} {label.lower()} {written('cents', abs(cents))}")
    return " ".join(parts)
