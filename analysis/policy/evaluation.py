"""What a policy would have earned, by every estimator, beside what was earned, or a refusal."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from threadpoolctl import threadpool_limits

from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.analysis.policy.diagnostics import (
    Diagnostics,
    Refusal,
    diagnosed,
    refusals,
)
from retailsim.analysis.policy.estimators import (
    ESTIMATORS,
    NO_INTERVAL,
    Problem,
    mean_of,
)
from retailsim.analysis.policy.fitted_q import fitted_worth
from retailsim.analysis.policy.weights import importance_weights
from retailsim.analysis.statistics.bootstrap import DRAWS, ratio_sums
from retailsim.analysis.statistics.values import Interval

RECOMMENDED = "WDR"


@dataclass(frozen=True, slots=True)
class Value:
    """An estimate of a policy's mean return.

    Parameters
    ----------
    name : str
        The estimator's.
    value : float
    interval : Interval or None
        None where it would say nothing.
    gain : float
        How much more than the log's own mean.
    gain_interval : Interval or None
    """

    name: str
    value: float
    interval: Interval | None
    gain: float
    gain_interval: Interval | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a log says of a policy.

    Parameters
    ----------
    diagnostics : Diagnostics
    refused : sequence of Refusal
        Why nothing of `values` is to be relied on; empty if it is.
    logged : Value
        What the log itself earned; its gain is 0.
    values : sequence of Value
        By estimator, those to go by first; empty where there are no weights.
    """

    diagnostics: Diagnostics
    refused: Sequence[Refusal]
    logged: Value
    values: Sequence[Value]

    @property
    def recommended(self) -> Value:
        """The estimate to go by."""
        return next(one for one in self.values if one.name == RECOMMENDED)

    @property
    def better(self) -> bool:
        """Whether the policy earns more than the log for sure: the gain's lower end is above 0."""
        if self.refused or not self.values:
            return False
        interval = self.recommended.gain_interval
        return interval is not None and interval.low > 0.0


def evaluated(
    decisions: Decisions, target: Floats, *, seed: int = 1, draws: int = DRAWS
) -> Evaluation:
    """Estimate a target policy's mean return, whether or not it is to be relied on.

    Parameters
    ----------
    decisions : Decisions
    target : (D, K)
        The target's probability of each option; rows sum to 1.
    seed : int
        Of folds and bootstrap draws.
    draws : int
        Of the bootstrap.
    """
    found = diagnosed(decisions, target, seed=seed)
    own = log_value(decisions, seed=seed, draws=draws)
    values = [] if found.unknown else estimates(decisions, target, seed=seed, draws=draws)
    return Evaluation(found, refusals(found), own, values)


def log_value(decisions: Decisions, *, seed: int = 1, draws: int = DRAWS) -> Value:
    """Return what a log earned, whoever decided; parameters as of `evaluated`."""
    own = mean_of(decisions, decisions.returns)
    [interval] = ratio_sums([own], seed=seed, draws=draws)
    return Value("log", own.value, interval, 0.0, None)


def estimates(
    decisions: Decisions,
    target: Floats,
    *,
    seed: int = 1,
    draws: int = DRAWS,
    names: Collection[str] = tuple(ESTIMATORS),
    every_interval: bool = False,
) -> list[Value]:
    """Return what estimators say; all propensities have to be known, and draws are shared.

    Parameters
    ----------
    decisions, target, seed, draws : as of `evaluated`
    names : collection of str
        Of `ESTIMATORS`.
    every_interval : bool
        Whether to give an interval to the one whose interval says nothing, too.
    """
    with threadpool_limits(1):  # products so small take longer in several threads
        worth = fitted_worth(decisions, target, seed=seed)
        problem = Problem(decisions, importance_weights(decisions, target), worth)
        own = problem.mean(decisions.returns)
        parts = [ESTIMATORS[name](problem) for name in names]
        gains = [part + -own for part in parts]
        intervals = ratio_sums([*parts, *gains], seed=seed, draws=draws)
    found = []
    for number, (name, part, gain) in enumerate(zip(names, parts, gains, strict=True)):
        sure = every_interval or name != NO_INTERVAL
        found.append(
            Value(
                name=name,
                value=part.value,
                interval=intervals[number] if sure else None,
                gain=gain.value,
                gain_interval=intervals[len(parts) + number] if sure else None,
            )
        )
    return found
