"""Solving an anchor: the level of buying, price slope and rate of issues that give its figures."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from retailsim.agents.retail.behavioral.chances import Prospect
from retailsim.agents.retail.behavioral.levels import Level
from retailsim.market.catalogue.product import Category

Floats = NDArray[np.float64]

STEP = 0.1
"""Elasticities are taken between prices so far below and above the scenario's own."""
DOUBLINGS = 6
"""So often the price slopes are doubled, or halved, at most."""
_FURTHEST = 60.0
_PRECISE = 1e-7


class OutOfReach(Exception):
    """A figure that no level, slope or rate gives.

    Parameters
    ----------
    figure : str
        The key of the anchor.
    why : str
        What is reached at most, for people.
    """

    def __init__(self, figure: str, why: str) -> None:
        super().__init__(f"{figure}: {why}")
        self.figure, self.why = figure, why


class Demand:
    """How likely the decisions of a sample end in purchases, at other levels, slopes and prices.

    Parameters
    ----------
    prospects : sequence of Prospect
    own : mapping of str to set of str
        By buyer, the fields of a `Level` that do not move it, since it has its own.
    """

    def __init__(
        self, prospects: Sequence[Prospect], own: Mapping[str, Collection[str]] | None = None
    ) -> None:
        kept = own or {}
        self._prospects = prospects
        self._sloped = ["price" not in kept.get(one.buyer, ()) for one in prospects]
        moved = ["inclination" not in kept.get(one.buyer, ()) for one in prospects]
        self._moved: Floats = np.array(moved, dtype=float)
        self._known: dict[tuple[float, float], Floats] = {}

    @property
    def size(self) -> int:
        """How many decisions there are."""
        return len(self._prospects)

    def chances(self, level: Level, price: float = 1.0) -> Floats:
        """Return each decision's chance of a purchase."""
        key = level.price, price
        if key not in self._known:
            each = zip(self._prospects, self._sloped, strict=True)
            found = [one.utility(level.price if sloped else 1.0, price) for one, sloped in each]
            self._known[key] = np.array(found)
        chances: Floats = expit(self._known[key] + level.inclination * self._moved)
        return chances

    def conversion(self, level: Level, price: float = 1.0) -> float:
        """Return their mean."""
        return float(self.chances(level, price).mean())

    def deviation(self, level: Level) -> float:
        """Return the standard deviation that the errors of the decisions give their mean.

        Decisions of one unit share their error: of two, both buy as often as the less likely one.
        """
        by_unit: dict[str, list[float]] = defaultdict(list)
        for one, chance in zip(self._prospects, self.chances(level), strict=True):
            by_unit[one.unit].append(float(chance))
        variance = 0.0
        for each in by_unit.values():
            ranked = enumerate(sorted(each, reverse=True))
            variance += sum((2 * rank + 1) * chance for rank, chance in ranked) - sum(each) ** 2
        return math.sqrt(max(0.0, variance)) / len(self._prospects)

    def elasticity(self, level: Level) -> float:
        """Return the arc elasticity of the conversion between `STEP` below and above."""
        return _arc(self.conversion(level, 1.0 - STEP), self.conversion(level, 1.0 + STEP))

    def elasticity_of_units(self, level: Level) -> float:
        """Return that of the units sold, which has what a purchase holds on top."""
        return _arc(self._sold(level, 1.0 - STEP), self._sold(level, 1.0 + STEP))

    def _sold(self, level: Level, price: float) -> float:
        each = zip(self._prospects, self._sloped, strict=True)
        units = [one.units(level.price if sloped else 1.0, price) for one, sloped in each]
        return float(self.chances(level, price) @ np.array(units))


def _arc(low: float, high: float) -> float:
    return math.log(high / low) / math.log((1.0 + STEP) / (1.0 - STEP))


def solved_level(demand: Demand, conversion: float | None, elasticity: float | None) -> Level:
    """Return what gives a conversion and an elasticity; where one is None, it is left as it is.

    A conversion that is left as it is stays the same whatever the slope.

    Raises
    ------
    OutOfReach
        If no level gives the conversion, which can be where some buyers have their own, or no
        slope the elasticity at this conversion.
    """
    kept = demand.conversion(Level()) if conversion is None else conversion
    slope = 1.0 if elasticity is None else _slope(demand, kept, elasticity)
    _check_reach(demand, kept, slope)
    return _rounded(_at_slope(demand, slope, kept))


def _at_slope(demand: Demand, slope: float, conversion: float) -> Level:
    return Level(inclination=_shift(demand, slope, conversion), price=slope)


def _slope(demand: Demand, conversion: float, elasticity: float) -> float:
    """Return the factor on the slopes that is nearest to 1 of those that give the elasticity.

    With few buyers, steeper slopes need not make it steeper everywhere: at the steepest nobody
    is left whom a tenth of the price would move.
    """

    def at(doublings: float) -> float:
        return demand.elasticity(_at_slope(demand, 2.0**doublings, conversion))

    def over(doublings: float) -> float:
        return elasticity - at(doublings)

    way = 1 if over(0.0) < 0.0 else -1
    for near in range(DOUBLINGS):
        far = near + 1
        if way * over(way * far) >= 0.0:
            return float(2.0 ** _root(over, *sorted((float(way * near), float(way * far)))))
    ends = [at(doublings) for doublings in range(-DOUBLINGS, DOUBLINGS + 1)]
    why = (
        f"{elasticity:g} cannot be reached at a conversion of {conversion:.3g}: only from "
        f"{max(ends):.2f} to {min(ends):.2f}"
    )
    raise OutOfReach("elasticity", why)


def _check_reach(demand: Demand, conversion: float, slope: float) -> None:
    """Refuse a conversion that is out of reach where some buyers cannot be moved."""
    furthest = _FURTHEST * max(1.0, slope)
    ends = (Level(inclination=end, price=slope) for end in (-furthest, furthest))
    least, most = map(demand.conversion, ends)
    if not least - _PRECISE <= conversion <= most + _PRECISE:
        at = "" if slope == 1.0 else f" with price slopes x{slope:.3g}, as the elasticity needs"
        why = (
            f"{conversion:g} cannot be reached, since some buyers have an inclination of their "
            f"own: only from {least:.3g} to {most:.3g}{at}"
        )
        raise OutOfReach("conversion", why)


def _rounded(level: Level) -> Level:
    """Return it as it is recorded."""
    return Level(inclination=round(level.inclination, 5), price=round(level.price, 5))


def _shift(demand: Demand, slope: float, conversion: float) -> float:
    def above(shift: float) -> float:
        return demand.conversion(Level(inclination=shift, price=slope)) - conversion

    furthest = _FURTHEST * max(1.0, slope)
    if above(furthest) <= 0.0:  # buyers with an inclination of their own may be all that is left
        return furthest
    return -furthest if above(-furthest) >= 0.0 else _root(above, -furthest, furthest)


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    """Return where a function from below 0 to above is 0, by regula falsi (Illinois)."""
    below, beyond = function(low), function(high)
    if below >= 0.0 or beyond <= 0.0:
        return low if below >= 0.0 else high
    side = 0
    for _ in range(200):
        if high - low < _PRECISE:
            break
        middle = (low * beyond - high * below) / (beyond - below)
        if not low < middle < high:
            middle = 0.5 * (low + high)
        found = function(middle)
        if found == 0.0:
            return middle
        if found < 0.0:
            low, below = middle, found
            beyond = 0.5 * beyond if side < 0 else beyond
            side = -1
        else:
            high, beyond = middle, found
            below = 0.5 * below if side > 0 else below
            side = 1
        if abs(found) < _PRECISE:
            return middle
    return 0.5 * (low + high)


class Refunds(msgspec.Struct, frozen=True, kw_only=True):
    """Units of one category that are refunded: if no order has an issue of its own, and if all do.

    With no issue of their own, orders may still be "not as described", where a pitch claims too
    much.

    Parameters
    ----------
    units, least, most : float
        Expected units sold, and refunded of them in either case.
    """

    units: float
    least: float
    most: float


class Returns(NamedTuple):
    """What each possible order of one category holds.

    Parameters
    ----------
    chances : array of float
        That it is placed.
    units, least, most : array of float
        Units, and refunded of them without an issue and with one.
    """

    chances: Floats
    units: Floats
    least: Floats
    most: Floats

    def expected(self) -> Refunds:
        """Return the expected units, each order counted by its chance."""
        units, least, most = (float(self.chances @ of) for of in self[1:])
        return Refunds(units=units, least=least, most=most)


def returns_deviation(
    returns: Mapping[Category, Returns], rates: Mapping[Category, float], return_rate: float
) -> float:
    """Return about by how much draws of purchases and issues move a rate of returns.

    A standard deviation, of the ratio's linear part, as if orders were drawn independently.
    """
    variance = 0.0
    for name, (chances, units, least, most) in returns.items():
        without, with_one = least - return_rate * units, most - return_rate * units
        mean = (1.0 - rates[name]) * without + rates[name] * with_one
        square = (1.0 - rates[name]) * without**2 + rates[name] * with_one**2
        variance += float(chances @ square - (chances * mean) @ (chances * mean))
    sold = sum(one.expected().units for one in returns.values())
    return math.sqrt(max(0.0, variance)) / (sold or 1.0)


def solved_issue_rates(
    refunds: Mapping[Category, Refunds], rates: Mapping[Category, float], return_rate: float
) -> dict[Category, float]:
    """Return shares of orders with an issue that give a return rate: all rates by one factor.

    No share exceeds 1; a category whose orders never have an issue stays so.

    Raises
    ------
    OutOfReach
        If no factor does.
    """

    def scaled(factor: float) -> dict[Category, float]:
        return {name: min(1.0, factor * rates[name]) for name in refunds}

    def returned(factor: float) -> float:
        each = scaled(factor)
        back = sum(one.least + each[name] * (one.most - one.least) for name, one in refunds.items())
        return back / (sum(one.units for one in refunds.values()) or 1.0)

    most = max([1.0, *(1.0 / rates[name] for name in refunds if rates[name] > 0.0)])
    least_rate, most_rate = returned(0.0), returned(most)
    if not least_rate <= return_rate <= most_rate or most_rate <= 0.0:
        why = (
            f"{return_rate:g} cannot be reached by the rate of issues: only from "
            f"{least_rate:.3f} (no order has one; the rest is claims of pitches) to "
            f"{most_rate:.3f} (all have one)"
        )
        raise OutOfReach("return_rate", why)
    if return_rate in (least_rate, most_rate):
        return scaled(0.0 if return_rate == least_rate else most)
    factor = _root(lambda one: returned(one) - return_rate, 0.0, most)
    return {name: round(rate, 5) for name, rate in scaled(factor).items()}
