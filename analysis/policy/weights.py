"""Importance weights: how much likelier another policy was to go the way that was gone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Floats, Whole


@dataclass(frozen=True, slots=True)
class Weights:
    """Products of ratios target / logged, turn by turn.

    Parameters
    ----------
    now : (D,)
        Up to and with each decision.
    whole : (E,)
        Of whole episodes.
    step : (D,)
        Number of each decision in its episode, from 0.
    """

    now: Floats
    whole: Floats
    step: Whole

    @property
    def horizon(self) -> int:
        """Decisions of the longest episode."""
        return int(self.step.max()) + 1

    def at(self, step: int) -> Floats:
        """Return each episode's weight up to and with a step, (E,).

        One that has ended keeps its last weight: whatever comes after it is the same for all.
        """
        found = self.whole.copy()
        here = self.step == step
        found[self._episode[here]] = self.now[here]
        return found

    @property
    def _episode(self) -> Whole:
        return np.cumsum(self.step == 0) - 1


def importance_weights(decisions: Decisions, target: Floats) -> Weights:
    """Return the weights of a target policy; all propensities have to be known.

    Parameters
    ----------
    decisions : Decisions
    target : (D, K)
        Its probability of each option, rows summing to 1.
    """
    rows = np.arange(len(decisions))
    ratios = target[rows, decisions.chosen] / decisions.propensities[rows, decisions.chosen]
    starts = decisions.starts
    step = rows - starts[decisions.episode]
    now: Floats = ratios.copy()
    for number in range(1, int(step.max()) + 1):
        here = np.flatnonzero(step == number)
        now[here] *= now[here - 1]
    last = np.append(starts[1:], len(rows)) - 1
    return Weights(now=now, whole=now[last], step=step)
