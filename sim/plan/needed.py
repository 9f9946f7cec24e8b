"""What a difference takes: products, replications and episodes, by the spread that a pilot saw."""

from __future__ import annotations

import math

import msgspec

from retailsim.analysis.statistics.planning import (
    ALPHA,
    Spread,
    clusters_needed,
    difference_told,
)

MOST_REPLICATIONS = 1_000


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told, and from what.

    Parameters
    ----------
    difference : float
        In the unit of the measure; not 0.
    power : float
        How often it is to be told, from 0 to 1.
    alpha : float
        How often a difference may be told where there is none.
    arms : int
        Runs that are compared.
    products : int
        That the catalogue has.
    replications : int
        That the scenario has.
    """

    difference: float
    power: float
    alpha: float = ALPHA
    arms: int = 2
    products: int
    replications: int = 1


class Needed(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes.

    Parameters
    ----------
    products : int or None
        In each run; None: more than ten million.
    replications : int
        As the scenario has them, or more where the catalogue has too few products.
    episodes : int or None
        In each run.
    enough : bool
        Whether the catalogue has that many products.
    told : float
        The smallest difference that all products of the catalogue tell, with the replications of
        the scenario.
    told_at_best : float
        The same with replications without end.
    dollars : float or None
        What models cost in all runs together; None where a price is unknown.
    """

    products: int | None
    replications: int
    episodes: int | None
    enough: bool
    told: float
    told_at_best: float
    dollars: float | None = 0.0


def needed(asked: Asked, spread: Spread, episodes_each: float, *, paired: bool) -> Needed:
    """Return what a difference takes.

    Parameters
    ----------
    spread : Spread
        Of the difference by product; unpaired, of the means of both arms together.
    episodes_each : float
        Of a product, in one replication.
    paired : bool
        Whether all runs have the same products.
    """
    there = asked.products if paired else asked.products // asked.arms
    replications = asked.replications

    def wanted(number: int) -> int | None:
        return clusters_needed(
            asked.difference,
            spread.variance(number),
            paired=paired,
            power=asked.power,
            alpha=asked.alpha,
        )

    def told(variance: float) -> float:
        if there < 2:
            return math.inf
        return difference_told(variance, there, paired=paired, power=asked.power, alpha=asked.alpha)

    products = wanted(replications)
    if products is None or products > there:
        more = _replications(asked, spread, told(spread.variance(replications)))
        if more is not None and (found := wanted(more)) is not None and found <= there:
            products, replications = found, more
    return Needed(
        products=products,
        replications=replications,
        episodes=None if products is None else round(products * episodes_each * replications),
        enough=products is not None and products <= there,
        told=told(spread.variance(asked.replications)),
        told_at_best=told(spread.between),
    )


def _replications(asked: Asked, spread: Spread, told: float) -> int | None:
    """How many replications make all products of the catalogue enough; None if none do."""
    if math.isinf(told) or told == 0.0:
        return None
    # What is told goes with the root of the variance.
    allowed = spread.variance(asked.replications) * (asked.difference / told) ** 2
    if allowed <= spread.between:
        return None
    number = math.ceil(spread.within / (allowed - spread.between) + 1e-9)
    return max(asked.replications, number) if number <= MOST_REPLICATIONS else None
