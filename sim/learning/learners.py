"""Learners of contextual bandits: a linear model for each option, and a way to explore.

Every option has a ridge regression of what followed on the features of the state it was taken in,
updated a row at a time. Learners differ in which legal option they take while they learn; what
they have learnt is one table of weights for all of them.

What followed may be several things, a reward and costs beside it. All are linear in the same
features, so what they come to together, each at its price, is the same sum of their weights.

References: Li et al., "A contextual-bandit approach to personalized news article recommendation",
WWW 2010 (LinUCB, disjoint models); Agrawal and Goyal, "Thompson sampling for contextual bandits
with linear payoffs", ICML 2013.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
FIRST = 10
"""How often each option is tried before anything is believed of it."""


class Ridge:
    """A ridge regression for each option, with a constant, kept up to date row by row.

    Parameters
    ----------
    options, features : int
    targets : int
        How many things are regressed on the same features.
    penalty : float
        Of the squared weights, above 0.

    Attributes
    ----------
    weights : (targets, options, features + 1) array
        The last column is the constant.
    """

    def __init__(self, options: int, features: int, targets: int = 1, penalty: float = 1.0) -> None:
        size = features + 1
        self.weights: Floats = np.zeros((targets, options, size))
        self._inverses: Floats = np.stack([np.eye(size) / penalty] * options)
        self._sums: Floats = np.zeros((targets, options, size))

    def add(self, option: int, row: Floats, targets: Floats) -> None:
        """Take an observation of an option, by the formula of Sherman and Morrison."""
        inverse = self._inverses[option]
        turned = inverse @ row
        inverse -= np.outer(turned, turned) / (1.0 + row @ turned)
        for number, target in enumerate(targets):
            self._sums[number, option] += target * row
            self.weights[number, option] = inverse @ self._sums[number, option]

    def errors(self, row: Floats) -> Floats:
        """Return the standard error of each estimate, of targets with a variance of 1."""
        variances = (self._inverses @ row) @ row
        found: Floats = np.sqrt(np.maximum(variances, 0.0))
        return found


def best_of(weights: Floats, features: Sequence[float], mask: Sequence[int]) -> int:
    """Return the legal option of the highest score, by weights of (options, features + 1)."""
    legal = np.flatnonzero(mask)
    return int(legal[(weights @ np.array([*features, 1.0]))[legal].argmax()])


class Learner(ABC):
    """Chooses options and learns from what they led to.

    Parameters
    ----------
    options, features : int
    random : numpy.random.Generator
        What its choices are drawn from.
    targets : int
        How many things it is told that an option led to.

    Attributes
    ----------
    prices : (targets,) array
        What a unit of each of them counts, the first one alone unless it is set: whoever knows
        what a cost is worth may change it at any time.
    """

    def __init__(
        self, options: int, features: int, random: np.random.Generator, targets: int = 1
    ) -> None:
        self._ridge = Ridge(options, features, targets)
        self._random = random
        self._taken = np.zeros(options, np.int64)
        self._count = 0
        self._mean: Floats = np.zeros(targets)
        self._products: Floats = np.zeros((targets, targets))
        self.prices: Floats = np.eye(targets)[0]

    def choose(self, features: Sequence[float], mask: Sequence[int]) -> int:
        """Return a legal option to take next; first of all those that are hardly known.

        Parameters
        ----------
        mask : sequence of int
            1 for each option that is legal; at least one.
        """
        legal = np.flatnonzero(mask)
        new = legal[self._taken[legal] < FIRST]
        if len(new):
            return int(self._random.choice(new))
        scores = self._scores(np.array([*features, 1.0]), legal)
        best = legal[scores == scores.max()]
        return int(best[0] if len(best) == 1 else self._random.choice(best))

    def best(self, features: Sequence[float], mask: Sequence[int]) -> int:
        """Return the legal option of the best estimate: what was learnt, without exploring."""
        return best_of(self._priced(), features, mask)

    def add(self, features: Sequence[float], option: int, targets: Sequence[float]) -> None:
        """Learn that an option led to this."""
        found = np.array(targets)
        self._ridge.add(option, np.array([*features, 1.0]), found)
        self._taken[option] += 1
        self._count += 1
        step = found - self._mean
        self._mean += step / self._count
        self._products += np.outer(step, found - self._mean)

    @property
    def weights(self) -> Floats:
        """What was learnt, at the prices: a row an option, a column a feature."""
        return self._priced()[:, :-1]

    @property
    def bias(self) -> Floats:
        """The constant of each option, likewise."""
        return self._priced()[:, -1]

    @property
    def spreads(self) -> Floats:
        """Standard deviation of each target so far, 1 while there is none: their units."""
        squares = np.diag(self._products)
        found: Floats = np.sqrt(np.where(squares > 0.0, squares / max(1, self._count), 1.0))
        return found

    def _priced(self) -> Floats:
        found: Floats = np.tensordot(self.prices, self._ridge.weights, 1)
        return found

    def _estimates(self, row: Floats) -> Floats:
        """Return what each option is estimated to lead to, at the prices."""
        found: Floats = self._priced() @ row
        return found

    def _spread(self) -> float:
        """Return the standard deviation of what the targets came to at the prices."""
        squares = float(self.prices @ self._products @ self.prices)
        return float(np.sqrt(squares / self._count)) if squares > 0.0 else 1.0

    @abstractmethod
    def _scores(self, row: Floats, legal: NDArray[np.intp]) -> Floats:
        """Return a score for each legal option; the highest one is taken."""


class EpsilonGreedy(Learner):
    """Takes the best estimate, and `share` of the time any legal option."""

    share = 0.1

    def _scores(self, row: Floats, legal: NDArray[np.intp]) -> Floats:
        if self._random.random() < self.share:
            return self._random.random(len(legal))
        return self._estimates(row)[legal]


class LinUcb(Learner):
    """Takes the highest upper bound: the estimate plus `width` standard errors."""

    width = 1.0

    def _scores(self, row: Floats, legal: NDArray[np.intp]) -> Floats:
        errors = self.width * self._spread() * self._ridge.errors(row)
        return (self._estimates(row) + errors)[legal]


class Thompson(Learner):
    """Draws each option's worth from what is believed of it, and takes the highest draw."""

    def _scores(self, row: Floats, legal: NDArray[np.intp]) -> Floats:
        errors = self._spread() * self._ridge.errors(row)
        drawn = self._estimates(row) + errors * self._random.standard_normal(len(errors))
        return drawn[legal]


LEARNERS: Mapping[str, type[Learner]] = MappingProxyType(
    {"epsilon-greedy": EpsilonGreedy, "linucb": LinUcb, "thompson": Thompson}
)
"""By the names that the command line knows them by."""
