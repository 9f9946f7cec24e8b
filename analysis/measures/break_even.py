"""Break-even of a change of price: how much conversion has to change for profit to stay the same.

An episode earns its conversion times what an order earns. With ``a`` what an episode earned before,
``c`` the conversion before and ``m`` what an order earns at the new price, refunds and all, profit
is the same at a conversion of ``a / m``: that is ``a / m - c`` more than before. So the change pays
exactly where more than that was seen; where orders lose money at the new price, where less was.
"""

from __future__ import annotations

import msgspec
import polars as pl

from retailsim.analysis.measures.value_text import change_written, written
from retailsim.analysis.statistics.fieller import fieller
from retailsim.analysis.statistics.values import Interval

_SAME = 5e-4
"""A smaller change of the price is none."""
_ROUNDED = 5e-3
"""How far whole cents may take the prices asked from a discount."""


class BreakEven(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of price asks of conversion, over the episodes whose profit is known.

    Parameters
    ----------
    what : str
        The change, such as ``A discount of 10%``.
    price_change : float
        Of the price asked, as a share.
    conversion : float
        Before.
    order_profit_cents : (float, float)
        What an order earns, before and after.
    needed, seen : float or None, float
        Change of conversion at which profit per episode stays the same, and the one that was seen,
        as shares. None where an order at the new price earns nothing, and, if it loses money, an
        episode did not before: then no conversion makes up. If both lose money, less than `needed`
        has to be seen.
    interval : Interval or None
        Of `needed`, Fieller's, by clusters of products; None where it has no end.
    alone : bool
        Whether the price is all that differs: else what was seen is not of the price alone.
    known, whole : int
        Episodes of both runs whose profit is known, which all of this is over, and all of them.
    """

    what: str
    price_change: float
    conversion: float
    order_profit_cents: tuple[float, float]
    needed: float | None
    seen: float
    interval: Interval | None = None
    alone: bool = True
    known: int = 0
    whole: int = 0

    @property
    def told(self) -> tuple[str, ...]:
        """The answer in words, what it follows from, and of what it is, if not of all episodes."""
        before, after = (written("cents", one) for one in self.order_profit_cents)
        found = f"{self.what} {self._pays}.", f"An order earns {before} before, {after} after."
        if self.known == self.whole:
            return found
        return (
            *found,
            f"This and profit are of the {self.known:,} of {self.whole:,} episodes whose costs are "
            "known; conversion elsewhere is of all.",
        )

    @property
    def _pays(self) -> str:
        seen = f"seen {change_written('share', self.seen)}"
        if not self.alone:
            seen += ", but more than the price differs"
        before, after = self.order_profit_cents
        if after > 0.0:
            return f"{self._gains}; {seen}"
        if before >= 0.0:
            return f"earns nothing on an order, so no conversion makes up for it; {seen}"
        if self.needed is None or self._at(self.needed) >= 1.0:
            return f"pays at any conversion: an order loses less than an episode before; {seen}"
        return f"pays only below {self._points}, for every order loses money; {seen}"

    @property
    def _gains(self) -> str:
        """The answer where an order earns something: the more of them, the better."""
        needed = self.needed or 0.0
        if self._at(needed) <= 0.0:
            return "pays at any conversion, for an episode earned nothing before"
        if self._at(needed) > 1.0:
            room = change_written("share", 1.0 - self.conversion)
            return f"cannot pay: it takes {self._points}, and there is room for {room}"
        return f"pays {'from' if needed >= 0.0 else 'down to'} {self._points}"

    def _at(self, needed: float) -> float:
        return needed + self.conversion

    @property
    def _points(self) -> str:
        points = f"{change_written('share', self.needed or 0.0)} points of conversion"
        if self.interval is None:
            return points
        low, high = self.interval.low, self.interval.high
        return f"{points} ({change_written('share', low)} to {change_written('share', high)})"


def break_even(one: pl.DataFrame, two: pl.DataFrame, *, alike: bool = True) -> BreakEven | None:
    """Return the break-even from one run's prices to another's; None where there is none to tell.

    That is where the prices are the same or not known, no profit is, or nobody bought in one run.

    Parameters
    ----------
    one, two : polars.DataFrame
        Decided episodes with their ``cluster``.
    alike : bool
        Whether both have the same buyers; otherwise there is no interval.
    """
    change = _price_change(one, two)
    before, after = _Side(one), _Side(two)
    if change is None or abs(change) < _SAME or not before.orders or not after.orders:
        return None
    order, conversion = after.profit / after.orders, before.orders / before.n
    earned = before.profit / before.n
    # Where nothing is lost before, no conversion makes up for an order that earns nothing.
    pays = order > 0.0 or (order < 0.0 and earned < 0.0)
    return BreakEven(
        what=_what(one, two, change),
        price_change=change,
        conversion=conversion,
        order_profit_cents=(before.profit / before.orders, order),
        needed=earned / order - conversion if pays else None,
        seen=after.orders / after.n - conversion,
        interval=_interval(before, after) if alike and pays else None,
        known=int(before.n + after.n),
        whole=one.height + two.height,
    )


class _Side:
    """Sums over the episodes of one run whose profit is known, and by cluster."""

    def __init__(self, episodes: pl.DataFrame) -> None:
        known = episodes.filter(pl.col("profit_cents").is_not_null())
        self.by_cluster = known.group_by("cluster").agg(
            n=pl.len().cast(pl.Float64),
            orders=(pl.col("orders") > 0).sum().cast(pl.Float64),
            profit=pl.col("profit_cents").sum().cast(pl.Float64),
        )
        self.n, self.orders, self.profit = (
            float(self.by_cluster[name].sum()) for name in ("n", "orders", "profit")
        )


def _interval(before: _Side, after: _Side) -> Interval | None:
    """Fieller's interval of what is needed: (earned - conversion * order) / order."""
    both = before.by_cluster.join(
        after.by_cluster, on="cluster", how="full", coalesce=True, suffix="_after"
    ).fill_null(0.0)
    column = {name: both[name].to_numpy() for name in both.columns if name != "cluster"}
    earned, order = before.profit / before.n, after.profit / after.orders
    conversion = before.orders / before.n
    of_earned = (column["profit"] - earned * column["n"]) / before.n
    of_conversion = (column["orders"] - conversion * column["n"]) / before.n
    of_order = (column["profit_after"] - order * column["orders_after"]) / after.orders
    return fieller(
        earned - conversion * order,
        order,
        of_earned - order * of_conversion - conversion * of_order,
        of_order,
    )


def _price_change(one: pl.DataFrame, two: pl.DataFrame) -> float | None:
    """How much the price asked differs, over the products that both have."""
    asked = (
        part.drop_nulls("price_cents").group_by("product").agg(pl.col("price_cents").mean())
        for part in (one, two)
    )
    first, second = asked
    both = first.join(second, on="product", suffix="_after")
    total = float(both["price_cents"].sum())
    return float(both["price_cents_after"].sum()) / total - 1.0 if total else None


def _what(one: pl.DataFrame, two: pl.DataFrame, change: float) -> str:
    """Name the change as the design does, where that is a discount alone."""
    terms = [
        (part["discount"].unique().to_list(), sorted(part["price_multiplier"].unique()))
        for part in (one, two)
    ]
    (before, multipliers), (after, others) = terms
    discounted = before == [0.0] and len(after) == 1 and multipliers == others
    # List prices may differ, too, as those of another catalogue do.
    if discounted and after[0] > 0.0 and abs(after[0] + change) < _ROUNDED:
        return f"A discount of {100 * after[0]:.4g}%"
    return f"A price {abs(100 * change):.1f}% {'higher' if change > 0 else 'lower'}"
