"""How far estimates are from the truth on one very problem, where a simulator holds the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from retailsim.analysis.policy.decisions import Decisions
from retailsim.analysis.policy.evaluation import Value

MOST_OF_A_LOG = 400
"""Episodes of a new log; errors of larger ones are smaller in proportion to the root."""
LEAST_LOGS = 20


@dataclass(frozen=True, slots=True)
class Audited:
    """One estimator, over many independent logs of one size.

    Parameters
    ----------
    name : str
    bias, rmse : float
        Mean error, and root of the mean squared error.
    width : float
        Mean width of its intervals.
    covered : float
        Share of the logs whose interval holds the truth.
    gain_covered : float
        Share of the logs whose interval of the gain holds the true gain.
    """

    name: str
    bias: float
    rmse: float
    width: float
    covered: float
    gain_covered: float


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditPlan:
    """What an audit plays.

    Parameters
    ----------
    logs : int
        Independent logs of the log's own seller.
    clusters, each : int
        Profiles that each of them draws, and conversations with each.
    rounds : int
        Conversations with every profile of the run, of the policy and of the seller, for the truth.
    """

    logs: int
    clusters: int
    each: int
    rounds: int

    @property
    def size(self) -> int:
        """Conversations of a log."""
        return self.clusters * self.each

    @classmethod
    def of(cls, decisions: Decisions, profiles: int, conversations: int) -> AuditPlan:
        """Return the plan for a log, with about so many conversations in all.

        Half of them are for the truth, which has to be surer than what is compared with it; logs
        have the clusters of the one that is audited, as far as they go.
        """
        size = min(len(decisions.ids), MOST_OF_A_LOG)
        clusters = min(len(decisions.clusters), size)
        each = max(1, size // clusters)
        rounds = max(2, round(0.25 * conversations / profiles))
        left = conversations - 2 * rounds * profiles
        return cls(
            logs=max(LEAST_LOGS, left // (clusters * each)),
            clusters=clusters,
            each=each,
            rounds=rounds,
        )

    def total(self, profiles: int) -> int:
        """Return how many conversations are played."""
        return self.logs * self.size + 2 * self.rounds * profiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    plan : AuditPlan
    truth, truth_error : float
        The policy's mean return over the run's profiles, and its standard error.
    gain, gain_error : float
        How much more than the seller of the log, likewise.
    refused : int
        Of the new logs, those that a gate refuses.
    ess_share : float
        Mean effective sample size of the new logs, over their size.
    estimators : sequence of Audited
    """

    plan: AuditPlan
    truth: float
    truth_error: float
    gain: float
    gain_error: float
    refused: int
    ess_share: float
    estimators: Sequence[Audited]


def audited(logs: Sequence[Sequence[Value]], truth: float, true_gain: float) -> Sequence[Audited]:
    """Compare what logs say with the truth.

    Parameters
    ----------
    logs : sequence of sequences of Value
        For each log what each estimator says, each with its intervals.
    truth : float
        The target's mean return.
    true_gain : float
        How much more that is than the logger's.
    """
    return [_one(found, truth, true_gain) for found in zip(*logs, strict=True)]


def _one(found: Sequence[Value], truth: float, true_gain: float) -> Audited:
    errors = np.array([one.value for one in found]) - truth
    ends = np.array([(one.interval.low, one.interval.high) for one in found if one.interval])
    gains = np.array(
        [(one.gain_interval.low, one.gain_interval.high) for one in found if one.gain_interval]
    )
    return Audited(
        name=found[0].name,
        bias=float(errors.mean()),
        rmse=float(np.sqrt((errors**2).mean())),
        width=float((ends[:, 1] - ends[:, 0]).mean()),
        covered=_share(ends, truth),
        gain_covered=_share(gains, true_gain),
    )


def _share(ends: np.ndarray, truth: float) -> float:
    return float(((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean())
