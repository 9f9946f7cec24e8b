"""Limits on what a policy leads to, held by prices: dual ascent.

A learner that is to earn as much as it can while a cost stays below a limit is paid the reward
minus a price times the cost. While the cost is above its limit the price rises, below it falls, and
where it settles the limit is just held. Single steps follow the luck of single episodes, so what is
used in the end is the mean of the last ones.

Reference: Altman, Constrained Markov Decision Processes, 1999; the ascent is that of Arrow, Hurwicz
and Uzawa, Studies in Linear and Non-Linear Programming, 1958.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
STEP = 0.06
"""First step of a price, where an excess is one standard deviation of the cost, in standard
deviations of the reward."""
SLOWER = 100
"""After so many episodes steps are smaller by the root of 2, later by the root of their number."""


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """What an episode may come to on average, in one term of its reward.

    Parameters
    ----------
    term : str
    bound : float
        Per episode, in the unit of the term.
    least : bool
        Whether it is to be at least the bound, rather than at most.
    """

    term: str
    bound: float
    least: bool = False

    @property
    def sign(self) -> float:
        """What the term is multiplied with to be a cost that must not exceed its bound."""
        return -1.0 if self.least else 1.0

    def excess(self, value: float) -> float:
        """Return by how much a value breaks the limit; below 0 where it does not."""
        return self.sign * (value - self.bound)

    @property
    def words(self) -> str:
        """What is asked, to be read."""
        return f"{self.term} at {'least' if self.least else 'most'} {self.bound:.4g}"


class Prices:
    """What a unit of each cost is worth in reward; learnt by dual ascent, from 0.

    Parameters
    ----------
    count : int
        How many costs there are.

    Attributes
    ----------
    path : list of (count,) arrays
        The prices after each episode.
    """

    def __init__(self, count: int) -> None:
        self._multipliers: Floats = np.zeros(count)
        self.path: list[Floats] = []

    def now(self, spreads: Sequence[float] | Floats) -> Floats:
        """Return the prices in the units of reward and costs.

        Parameters
        ----------
        spreads : (1 + count,)
            Standard deviations of the reward and of each cost.
        """
        units = np.asarray(spreads, np.float64)
        found: Floats = self._multipliers * units[0] / units[1:]
        return found

    def step(self, excesses: Sequence[float], spreads: Sequence[float] | Floats) -> None:
        """Move after an episode.

        Parameters
        ----------
        excesses : (count,)
            By how much it was above each limit.
        spreads : (1 + count,)
            As for `now`.
        """
        size = STEP / (1.0 + len(self.path) / SLOWER) ** 0.5
        moved = np.asarray(excesses, np.float64) / np.asarray(spreads, np.float64)[1:]
        self._multipliers = np.maximum(0.0, self._multipliers + size * moved)
        self.path.append(self.now(spreads))

    def tail(self, share: float = 0.5, since: int = 0) -> Floats:
        """Return the mean of the last prices: a share of those from an episode on."""
        part = self.path[since:]
        if not part:
            return np.zeros_like(self._multipliers)
        found: Floats = np.mean(part[int(len(part) * (1.0 - share)) :], axis=0)
        return found
