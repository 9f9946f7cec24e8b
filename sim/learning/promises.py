"""Prices at which a limit holds for others: a one-sided bound, and the lowest price that keeps it.

That a cost is below its limit with those that were met says little of others. So policies are tried
with buyers that did not teach them (`held_back`), at prices somewhat below and above one another:
what the cost comes to at a price is a straight line in its logarithm, fitted to all trials at once,
with an error between profiles (Liang and Zeger, Biometrika 1986). Only trials that a price moves
can tell what prices do: where the highest and the lowest lead to the same choices all the way, so
do all between them, and the trial went as it would have gone at any.

From the highest price down, each is asked whether its one-sided bound keeps the limits, until one
does not; the last that did is taken. Whoever looked at all and took the lowest that keeps them
would take what luck made look best of many. In this order a limit is promised by mistake only if
the first price that breaks it passes its own test, which happens as seldom as one bound errs. If
even the highest does not keep a limit, that one is taken, and the limit is no promise.

Reference: Angelopoulos et al., "Learn then test: calibrating predictive algorithms to achieve risk
control", 2021 (a choice among policies by bounds from others than those that taught; fixed sequence
testing).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import takewhile

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from retailsim.analysis.statistics.proportions import wilson
from retailsim.market.core.money import dollars
from retailsim.sim.learning.limits import Limit

Floats = NDArray[np.float64]
SURE = 0.95
"""How sure a bound is on its one side, unless something else is asked for."""
STEPS = np.linspace(-0.22, 0.22, 5)
"""Logarithms of what prices are multiplied with where they are tried: from a fifth below."""
GRID = np.linspace(STEPS[-1], STEPS[0], 45)
"""Those that are chosen among, from the strictest."""
REVENUE = "revenue"


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """An episode with someone who did not teach what was played.

    Parameters
    ----------
    name : str
        Profile or product.
    step : float
        Logarithm of what the prices were multiplied with.
    terms : mapping of term to number
        What it came to.
    moved : bool
        Whether somewhere on its way the highest price would have chosen otherwise than the lowest.
        It is as likely at one step as at another: up to there all prices choose alike.
    """

    name: str
    step: float
    terms: dict[str, float]
    moved: bool = True


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a limit for others.

    Parameters
    ----------
    limit : Limit
    value : float
        What an episode is expected to come to with others, in the term of the limit.
    bound : float
        It is not beyond that, as sure as was asked for; infinite where fewer than two were met.
    """

    limit: Limit
    value: float
    bound: float

    @property
    def kept(self) -> bool:
        """Whether the limit holds for others, as far as one can be sure."""
        return self.limit.excess(self.bound) <= 0.0


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Prices that were chosen, and what they do.

    Parameters
    ----------
    step : float
        Logarithm of what the tried prices are multiplied with.
    sure : float
        How sure the bounds are.
    trials, met : int
        Episodes that were tried, and with how many profiles or products.
    promises : tuple of Promise
        One for each limit.
    margin_cost : float
        Net revenue an episode, in dollars, that keeping away from the limits costs: at the price
        that holds them just on average it would be so much higher. An estimate without interval.
    """

    step: float
    sure: float
    trials: int
    met: int
    promises: tuple[Promise, ...]
    margin_cost: float


class Trend:
    """A straight line through values by steps, with an error between clusters.

    Parameters
    ----------
    steps, values : (N,)
    moved : (N,)
        1 for values that would be others at other steps, 0 for those that would not.
    clusters : (N,)
        Equal for values that belong together.
    sure : float
        How sure bounds are.
    """

    def __init__(
        self,
        steps: Floats,
        values: Floats,
        moved: Floats,
        clusters: NDArray[np.int64],
        *,
        sure: float,
    ) -> None:
        rows = np.stack([np.ones_like(steps), steps * moved], axis=1)
        self._sure, self._moved = sure, float(moved.mean())
        self._inverse: Floats = np.asarray(np.linalg.pinv(rows.T @ rows), np.float64)
        self.weights: Floats = self._inverse @ (rows.T @ values)
        self.count = int(clusters.max()) + 1
        scores: Floats = np.zeros((self.count, 2))
        np.add.at(scores, clusters, rows * (values - rows @ self.weights)[:, None])
        apart: Floats = np.zeros(self.count)
        np.add.at(apart, clusters, (moved - self._moved) / len(moved))
        # What each cluster adds to level and slope, and by how much more of it is moved.
        self._parts: Floats = scores @ self._inverse
        self._apart: Floats = apart * float(self.weights[1])
        self._mean = float(values.mean())
        self._share = bool(np.isin(values, (0.0, 1.0)).all())

    def _row(self, step: float) -> Floats:
        return np.array([1.0, step * self._moved])

    def _variance(self, step: float) -> float:
        """Return the squared error of `at`, between clusters."""
        parts = self._parts @ self._row(step) + step * self._apart
        return self.count / max(1, self.count - 1) * float(parts @ parts)

    def at(self, step: float) -> float:
        """Return what is expected at a step; a share is between 0 and 1."""
        found = float(self._row(step) @ self.weights)
        return min(1.0, max(0.0, found)) if self._share else found

    def bound(self, step: float, sign: float) -> float:
        """Return what it is not beyond, on the side of a sign.

        Of shares by Wilson's interval at the effective number: no case among few is no proof that
        there are none. By Student's t otherwise.
        """
        if self.count < 2:
            return sign * math.inf
        value = self.at(step)
        quantile = float(student.ppf(self._sure, self.count - 1))
        if self._share:
            size = self._size(step)
            ends = wilson(value * size, size, quantile=quantile)
            return ends.high if sign > 0.0 else ends.low
        return value + sign * quantile * math.sqrt(self._variance(step))

    def _size(self, step: float) -> float:
        """Return how many independent values would say as much of a share, by their mean.

        Clusters are never worth more than their values, were these independent. Where all values
        are alike nothing tells how far apart clusters are, and each counts once.
        """
        row, variance = self._row(step), self._variance(step)
        if variance <= 0.0 or not 0.0 < self._mean < 1.0:
            return float(self.count)
        independent = 1.0 / float(row @ self._inverse @ row)
        return min(independent, self._mean * (1.0 - self._mean) / variance)

    def aim(self, limit: Limit) -> float:
        """Return where the mean has to be, so that the bound is the limit."""
        if self.count < 2:
            return limit.bound
        variance = self._variance(0.0)
        quantile = float(student.ppf(self._sure, self.count - 1))
        if self._share and 0.0 <= limit.bound <= 1.0:  # as Wilson's interval has it
            size = self._size(0.0)
            variance = limit.bound * (1.0 - limit.bound) / size
        aim = limit.bound - limit.sign * quantile * math.sqrt(variance)
        return min(1.0, max(0.0, aim)) if self._share else aim


def aims(limits: Sequence[Limit], met: Sequence[Trial], *, sure: float = SURE) -> tuple[Limit, ...]:
    """Return limits moved by what those met cannot tell of others, to be aimed at.

    Parameters
    ----------
    limits : sequence of Limit
    met : sequence of Trial
        Their steps do not count.
    sure : float
    """
    level = [msgspec.structs.replace(one, moved=False) for one in met]
    lines = _lines(level, [limit.term for limit in limits], sure=sure)
    return tuple(
        msgspec.structs.replace(limit, bound=line.aim(limit))
        for limit, line in zip(limits, lines, strict=True)
    )


def choose(limits: Sequence[Limit], trials: Sequence[Trial], *, sure: float = SURE) -> Chosen:
    """Return the lowest prices down to which all bounds keep the limits, or the highest tried.

    Parameters
    ----------
    limits : sequence of Limit
    trials : sequence of Trial
        At least one.
    sure : float
        How sure bounds are, from one half: at that the limits are kept just on average.
    """
    lines = _lines(trials, [limit.term for limit in limits], sure=sure)
    [earned] = _lines(trials, [REVENUE], sure=sure)

    def promises(step: float) -> tuple[Promise, ...]:
        return tuple(
            Promise(limit=limit, value=line.at(step), bound=line.bound(step, limit.sign))
            for limit, line in zip(limits, lines, strict=True)
        )

    keep = list(takewhile(lambda step: all(one.kept for one in promises(step)), GRID))
    hold = [
        step
        for step in GRID
        if all(
            limit.excess(line.at(step)) <= 0.0 for limit, line in zip(limits, lines, strict=True)
        )
    ]
    step = float(keep[-1] if keep else GRID[0])
    loosest = float(hold[-1]) if hold else step
    return Chosen(
        step=step,
        sure=sure,
        trials=len(trials),
        met=lines[0].count,
        promises=promises(step),
        margin_cost=max(0.0, earned.at(loosest) - earned.at(step)),
    )


def _lines(trials: Sequence[Trial], terms: Sequence[str], *, sure: float) -> list[Trend]:
    steps = np.array([one.step for one in trials])
    moved = np.array([one.moved for one in trials], np.float64)
    _, clusters = np.unique([one.name for one in trials], return_inverse=True)
    return [
        Trend(steps, np.array([one.terms[term] for one in trials]), moved, clusters, sure=sure)
        for term in terms
    ]


def promised(chosen: Chosen | None, limits: Sequence[Limit], whom: str) -> Iterator[str]:
    """Yield, limit by limit, whether it is a promise, and what that costs; nothing without any.

    Parameters
    ----------
    chosen : Chosen or None
        None where nothing was tried.
    limits : sequence of Limit
        Those that were asked for.
    whom : str
        What is met, such as profiles.
    """
    if chosen is None:
        for limit in limits:
            yield (
                f"{limit.words}: cannot promise it for other {whom}: no conversation was left to "
                "try it in with those that did not teach; learn from more (--conversations)"
            )
        return
    tried = (
        f"{chosen.trials:,} conversations with {chosen.met} {whom}, none of which taught what "
        "it met"
    )
    for one in chosen.promises:
        side = "at least" if one.limit.least else "at most"
        end = f"{side} {one.bound:.4g} ({chosen.sure:.0%} sure)"
        if one.kept:
            said = f"promised for other {whom} like these, {end}"
        elif one.limit.excess(one.value) > 0.0:
            said = f"not held for other {whom}, not even at the highest price tried; {end}"
        else:
            said = f"cannot promise it for other {whom}: too few {whom} ({chosen.met}); {end}"
        yield f"{one.limit.words}: {said}; {one.value:.4g} expected, by {tried}"
    if chosen.sure <= 0.5:
        return
    yield (
        "to keep it with others, and not just on average, the policy earns about "
        f"{dollars(100 * chosen.margin_cost)} less a conversation"
    )
