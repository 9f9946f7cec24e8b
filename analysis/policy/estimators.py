"""Estimators of what a policy would have earned, from what another one did.

Each is a sum of ratios of sums over clusters (`Parts`): what is added up, over what it is divided
by. So one bootstrap of whole clusters serves them all, and the normalising sums are drawn along.

With a target's weights ``w_t`` up to and with turn ``t``, rewards ``r_t``, and values Q and V of
the target that were fitted on other clusters:

- DM: mean of V at the first decision. Its interval ignores that V is wrong.
- IPS: mean of ``w G`` with ``G`` an episode's return, ``w`` its last weight.
- SNIPS: the same divided by the mean weight.
- clipped: IPS with no weight above the root of the number of episodes (Ionides 2008).
- PDIS: mean of the sum of ``w_t r_t`` (Precup, Sutton and Singh 2000); WPDIS divides turn by turn
  by the mean of ``w_t``.
- DR: mean of V at the first decision plus the sum of ``w_t (r_t + V_t+1 - Q_t)`` (Jiang and Li
  2016); WDR divides turn by turn by the mean of ``w_t`` (Thomas and Brunskill 2016).
- Switch-DR: DR that trusts the model from the turn on at which ``w_t`` exceeds a limit (Wang,
  Agarwal and Dudik 2017), the one of least estimated squared error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Flags, Floats
from retailsim.analysis.policy.fitted_q import Worth
from retailsim.analysis.policy.weights import Weights
from retailsim.analysis.statistics.bootstrap import Parts
from retailsim.analysis.statistics.clusters import ratio_variance

SWITCHES = (0.5, 0.75, 0.9, 0.95, 0.99)
"""Quantiles of the weights that Switch-DR has as limits, beside none."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A log, seen with the eyes of a target policy.

    Parameters
    ----------
    decisions : Decisions
    weights : Weights
    worth : Worth
    """

    decisions: Decisions
    weights: Weights
    worth: Worth

    def by_cluster(self, values: Floats) -> Floats:
        """Return sums by cluster, (C,), of what each episode has, (E,)."""
        found: Floats = np.zeros(len(self.decisions.clusters))
        np.add.at(found, self.decisions.cluster, values)
        return found

    def by_episode(self, values: Floats) -> Floats:
        """Return sums by episode, (E,), of what each decision has, (D,)."""
        found: Floats = np.zeros(len(self.decisions.ids))
        np.add.at(found, self.decisions.episode, values)
        return found

    @property
    def first(self) -> Floats:
        """V at each episode's first decision, (E,)."""
        found: Floats = self.worth.state[self.decisions.starts]
        return found

    @property
    def corrections(self) -> Floats:
        """What the model did not foresee at each decision, (D,)."""
        return self.decisions.rewards + self.worth.after - self.worth.chosen

    def mean(self, values: Floats) -> Parts:
        """Return the mean of what each episode has, (E,)."""
        return mean_of(self.decisions, values)

    def turn_by_turn(self, values: Floats) -> Parts:
        """Return the sum over turns of weighted means of what each decision has, (D,)."""
        above, below = [], []
        for step in range(self.weights.horizon):
            here = np.where(self.weights.step == step, self.weights.now * values, 0.0)
            above.append(self.by_cluster(self.by_episode(here)))
            below.append(self.by_cluster(self.weights.at(step)))
        return Parts(np.column_stack(above), np.column_stack(below))


def mean_of(decisions: Decisions, values: Floats) -> Parts:
    """Return the mean of what each episode has, (E,)."""
    sums, counts = np.zeros(len(decisions.clusters)), np.zeros(len(decisions.clusters))
    np.add.at(sums, decisions.cluster, values)
    np.add.at(counts, decisions.cluster, 1.0)
    return Parts.of(sums, counts)


def dm(problem: Problem) -> Parts:
    """Return the direct method's estimate."""
    return problem.mean(problem.first)


def ips(problem: Problem) -> Parts:
    """Return the estimate by inverse propensities."""
    return problem.mean(problem.weights.whole * problem.decisions.returns)


def snips(problem: Problem) -> Parts:
    """Return the self-normalised estimate by inverse propensities."""
    weights = problem.weights.whole
    above = problem.by_cluster(weights * problem.decisions.returns)
    return Parts.of(above, problem.by_cluster(weights))


def clipped(problem: Problem) -> Parts:
    """Return the estimate by inverse propensities, with its weights truncated."""
    limit = len(problem.decisions.ids) ** 0.5
    return problem.mean(np.minimum(problem.weights.whole, limit) * problem.decisions.returns)


def pdis(problem: Problem) -> Parts:
    """Return the estimate by inverse propensities, decision by decision."""
    return problem.mean(problem.by_episode(problem.weights.now * problem.decisions.rewards))


def wpdis(problem: Problem) -> Parts:
    """Return the same, self-normalised turn by turn."""
    return problem.turn_by_turn(problem.decisions.rewards)


def dr(problem: Problem) -> Parts:
    """Return the doubly robust estimate."""
    return _switched(problem, np.ones(len(problem.decisions), np.bool_))


def wdr(problem: Problem) -> Parts:
    """Return the weighted doubly robust estimate."""
    return dm(problem) + problem.turn_by_turn(problem.corrections)


def switch_dr(problem: Problem) -> Parts:
    """Return the doubly robust estimate that trusts the model where weights are large."""
    weights = problem.weights
    highest = weights.now.copy()
    for step in range(1, weights.horizon):
        here = np.flatnonzero(weights.step == step)
        highest[here] = np.maximum(highest[here], highest[here - 1])
    whole = dr(problem)
    tried = [whole]
    for limit in np.quantile(weights.whole, SWITCHES):
        tried.append(_switched(problem, highest <= limit))
    return min(tried, key=lambda one: _squared_error(one, whole))


def _switched(problem: Problem, kept: Flags) -> Parts:
    corrected = np.where(kept, problem.weights.now * problem.corrections, 0.0)
    return problem.mean(problem.first + problem.by_episode(corrected))


def _squared_error(tried: Parts, whole: Parts) -> float:
    """Estimate it: variance between clusters, and how far off the unbiased estimate it is."""
    variance = ratio_variance(tried.above[:, 0], tried.below[:, 0])
    return variance + (tried.value - whole.value) ** 2


ESTIMATORS: Mapping[str, Callable[[Problem], Parts]] = MappingProxyType(
    {
        "WDR": wdr,
        "DR": dr,
        "Switch-DR": switch_dr,
        "WPDIS": wpdis,
        "PDIS": pdis,
        "SNIPS": snips,
        "IPS": ips,
        "clipped IPS": clipped,
        "DM": dm,
    }
)
"""By name, those to go by first."""
NO_INTERVAL = "DM"
"""The one whose interval would say nothing."""
