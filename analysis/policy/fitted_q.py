"""What an option is worth under another policy: fitted Q evaluation, cross-fitted by cluster.

Linear in the features, with weights that all options share and a departure from them for each
option, both pulled towards 0; so an option that was hardly tried is taken for an ordinary one.
Ernst, Geurts and Wehenkel (2005); Le, Voloshin and Yue (2019).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retailsim.analysis.policy.arrow import Arrow
from retailsim.analysis.policy.decisions import Decisions, Floats, Whole

FOLDS = 5
SHARED, OWN = 0.1, 1.0
"""Ridge penalties of the shared weights and of each option's departure from them."""


@dataclass(frozen=True, slots=True)
class Worth:
    """Values under a policy, of every decision that was logged.

    Parameters
    ----------
    chosen : (D,)
        Q: of the option that was chosen.
    state : (D,)
        V: of the state before it, over what the policy would choose.
    after : (D,)
        V of the state behind it; 0 at an episode's end.
    """

    chosen: Floats
    state: Floats
    after: Floats

    @classmethod
    def of(cls, decisions: Decisions, target: Floats, table: Floats) -> Worth:
        """Return them from a table of Q, (D, K)."""
        state = (target * table).sum(axis=1)
        rows = np.arange(len(decisions))
        return cls(table[rows, decisions.chosen], state, shifted(decisions, state))


def shifted(decisions: Decisions, values: Floats) -> Floats:
    """Return what the next decision of the same episode has; 0 at the end of one."""
    found: Floats = np.append(values[1:], 0.0)
    found[np.append(decisions.episode[1:] != decisions.episode[:-1], True)] = 0.0
    return found


def fitted_worth(decisions: Decisions, target: Floats, *, seed: int) -> Worth:
    """Return values that no decision of the same cluster had a part in.

    Parameters
    ----------
    decisions : Decisions
    target : (D, K)
        The policy's probability of each option.
    seed : int
        Of the folds, which whole clusters are dealt into.
    """
    count = len(decisions.clusters)
    dealt = np.random.default_rng(seed).permutation(count) % min(FOLDS, max(2, count))
    fold = dealt[decisions.cluster[decisions.episode]]
    table = np.zeros(target.shape)
    for number in np.unique(fold):
        held, rest = fold == number, fold != number
        if rest.any():
            table[held] = _fit(decisions, target, rest).values(decisions.features[held])
    return Worth.of(decisions, target, table)


@dataclass(frozen=True, slots=True)
class _Model:
    """Weights (1 + K, F + 1): the shared ones, then the departures."""

    weights: Floats
    low: float
    high: float

    def values(self, features: Floats) -> Floats:
        """Return Q, (D, K): never beyond what was seen to follow."""
        known = _with_constant(features)
        table = known @ (self.weights[0] + self.weights[1:]).T
        found: Floats = np.clip(table, self.low, self.high)
        return found


def _fit(decisions: Decisions, target: Floats, rows: np.ndarray) -> _Model:
    known, chosen = _with_constant(decisions.features[rows]), decisions.chosen[rows]
    of = [known[chosen == option] for option in range(target.shape[1])]
    arrow = Arrow([mine.T @ mine for mine in of], shared=SHARED, own=OWN)
    rewards, policy = decisions.rewards[rows], target[rows]
    # Whole clusters are in or out, so an episode's next decision is the next row.
    ends = np.append(decisions.episode[rows][1:] != decisions.episode[rows][:-1], True)
    follows = _to_go(rewards, ends)
    low, high = float(follows.min()), float(follows.max())
    after = np.zeros(len(rewards))
    for _ in range(_longest(ends)):
        shared, own = arrow.solve(_right(of, chosen, rewards + after))
        model = _Model(np.stack([shared, *own]), low, high)
        state = (policy * model.values(known[:, 1:])).sum(axis=1)
        after = np.where(ends, 0.0, np.append(state[1:], 0.0))
    return model


def _with_constant(features: Floats) -> Floats:
    return np.column_stack([np.ones(len(features)), features])


def _right(of: Sequence[Floats], chosen: Whole, wanted: Floats) -> list[Floats]:
    return [mine.T @ wanted[chosen == option] for option, mine in enumerate(of)]


def _to_go(rewards: Floats, ends: np.ndarray) -> Floats:
    """Return what followed each decision up to its episode's end."""
    total = np.cumsum(rewards[::-1])[::-1]
    behind = np.append(total[1:], 0.0)
    last = np.flatnonzero(ends)
    episode = np.searchsorted(last, np.arange(len(rewards)))
    found: Floats = total - behind[last][episode]
    return found


def _longest(ends: np.ndarray) -> int:
    last = np.flatnonzero(ends)
    return int(np.diff(np.append(-1, last)).max())
