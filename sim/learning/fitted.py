"""Fitted Q iteration: what the best that can still be done is worth, from decisions of any log.

Backwards from the end: what an option is worth is what it was paid at once and what the best option
of the next state is worth, by the regression of the sweep before. It needs no propensities, only
states, options, rewards and what came next; but it is no better than its linear regression, and
where the log hardly tried an option, than its guess; and whoever takes the best of guesses takes
the most overrated. So options share weights from which each departs only as far as the log makes
it, each is taken for `DOUBT` standard errors less than its estimate, and nothing for more than the
best episode was. What is learnt in this way is still to be judged before it is believed.

Costs with limits are learnt beside the reward, under the same policy; their prices rise and fall
between sweeps (`limits.Prices`).

References: Ernst, Geurts and Wehenkel, "Tree-based batch mode reinforcement learning", JMLR 2005;
Jin, Yang and Wang, "Is pessimism provably efficient for offline RL?", ICML 2021 (the doubt);
with one linear regression here, penalised.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retailsim.analysis.policy.arrow import Arrow
from retailsim.sim.learning.learners import FIRST
from retailsim.sim.learning.limits import Limit, Prices

Floats = NDArray[np.float64]
SWEEPS = 30
"""More than a conversation has turns, so that what comes last reaches back to what comes first."""
MORE_SWEEPS = 200
"""Where prices have to settle."""
DOUBT = 2.0
"""How many standard errors an option's estimate is taken for less than it is."""
SHARED, OWN = 0.1, 10.0
"""Penalties of the squared weights that all options share, and of each option's departures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """D decisions of whole episodes, one behind the other.

    Parameters
    ----------
    features : (D, F)
    mask : (D, K)
        Which options were legal.
    chosen : (D,)
    episode : (D,)
        Equal for the decisions of an episode, which stand together.
    targets : (D, T)
        What followed before the next decision: the reward, then costs.
    """

    features: Floats
    mask: NDArray[np.bool_]
    chosen: NDArray[np.int64]
    episode: NDArray[np.int64]
    targets: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class FittedQ:
    """What was learnt.

    Parameters
    ----------
    weights : (K, F)
        At the final prices.
    bias : (K,)
    tried : (K,)
        Whether the log has an option often enough; others are never to be taken.
    worth : (T,)
        What an episode is estimated to come to under it: reward, then costs. Optimistic, as it is
        the best of estimates.
    prices : (T - 1,)
        Final ones, of the costs.
    path : list of (T - 1,) arrays
        After each sweep.
    """

    weights: Floats
    bias: Floats
    tried: NDArray[np.bool_]
    worth: Floats
    prices: Floats
    path: list[Floats]


def fitted_q(steps: Steps, limits: Sequence[Limit] = ()) -> FittedQ:
    """Learn from decisions what to do.

    Parameters
    ----------
    steps : Steps
    limits : sequence of Limit
        One for each cost, in their order; or none, and costs cost nothing.
    """
    sweeping = _Sweeping(steps)
    prices = Prices(steps.targets.shape[1] - 1)
    sweeps = MORE_SWEEPS if limits else SWEEPS
    for number in range(sweeps):
        sweeping.sweep(prices.now(sweeping.spreads))
        if limits and number >= SWEEPS:
            costs = zip(limits, sweeping.worth()[1:], strict=True)
            excesses = [one.excess(one.sign * cost) for one, cost in costs]
            prices.step(excesses, sweeping.spreads)
    final = prices.tail()
    for _ in range(SWEEPS):  # what is kept goes by the final prices alone
        sweeping.sweep(final)
    priced = sweeping.cautious(final)
    return FittedQ(
        weights=priced[:, :-1],
        bias=priced[:, -1],
        tried=sweeping.tried,
        worth=sweeping.worth(),
        prices=final,
        path=prices.path,
    )


def _counted(prices: Floats) -> Floats:
    return np.concatenate([[1.0], -prices])


class _Sweeping:
    """A regression of all decisions, refitted sweep by sweep; its matrix stays the same.

    Its columns are the features once for all options, and once more for each option alone.
    """

    def __init__(self, steps: Steps) -> None:
        self._rows: Floats = np.c_[steps.features, np.ones(len(steps.features))]
        options = steps.mask.shape[1]
        self.tried = np.bincount(steps.chosen, minlength=options) >= FIRST
        self._legal = steps.mask & self.tried
        self._legal[~self._legal.any(axis=1)] = (
            self.tried
        )  # nothing known is legal: no matter which
        self._targets = steps.targets
        breaks = steps.episode[1:] != steps.episode[:-1]
        self._ends, self._starts = np.append(breaks, True), np.append(True, breaks)
        self._of = [np.flatnonzero(steps.chosen == option) for option in range(options)]
        grams = [self._rows[rows].T @ self._rows[rows] for rows in self._of]
        self._arrow = Arrow(grams, shared=SHARED, own=OWN)
        self._doubt = np.stack([self._errors(option) for option in range(options)], axis=1)
        self.weights: Floats = np.zeros((steps.targets.shape[1], options, self._rows.shape[1]))
        self._values: Floats = np.zeros_like(steps.targets)
        sums = np.add.reduceat(steps.targets, np.flatnonzero(self._starts))
        self._range = sums.min(axis=0), sums.max(axis=0)
        spreads = [float(column.std()) or 1.0 for column in sums.T]
        self.spreads: Floats = np.array(spreads)
        self._covariance: Floats = np.atleast_2d(np.cov(sums.T, bias=True))

    def _errors(self, option: int) -> Floats:
        """Return the standard error of an option's estimate in every state, (D,); in spreads."""
        spread = self._arrow.covariance(option)
        found: Floats = np.sqrt(((self._rows @ spread) * self._rows).sum(axis=1))
        return found

    def sweep(self, prices: Floats) -> None:
        """Refit every option to what followed at once and the best of what comes next."""
        after = np.append(self._values[1:], np.zeros_like(self._values[:1]), axis=0)
        after[self._ends] = 0.0
        wanted = self._targets + after
        sums = [self._rows[rows].T @ wanted[rows] for rows in self._of]
        shared, own = self._arrow.solve(sums)
        self.weights = np.stack([(shared + one).T for one in own], axis=1)
        table = np.einsum("df,tkf->dkt", self._rows, self.weights)
        counted = _counted(prices)
        unit = float(np.sqrt(counted @ self._covariance @ counted))
        scores = np.where(self._legal, table @ counted - DOUBT * unit * self._doubt, -np.inf)
        best = table[np.arange(len(table)), scores.argmax(axis=1)]
        self._values = np.clip(best, *self._range)

    def cautious(self, prices: Floats) -> Floats:
        """Return each option's weights at these prices, less what it is doubted: (K, F + 1).

        Doubt is no linear thing; what is taken off is its regression on the log's states.
        """
        counted = _counted(prices)
        unit = float(np.sqrt(counted @ self._covariance @ counted))
        size = self._rows.shape[1]
        gram = self._rows.T @ self._rows + SHARED * np.eye(size)
        doubt = np.linalg.solve(gram, self._rows.T @ self._doubt)
        found: Floats = np.tensordot(counted, self.weights, 1) - DOUBT * unit * doubt.T
        return found

    def worth(self) -> Floats:
        """Return what an episode is estimated to come to, in each target."""
        found: Floats = self._values[self._starts].mean(axis=0)
        return found
