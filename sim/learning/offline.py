"""`policy learn RUN...`: a policy learnt from logs, whoever talked in them, and a first judgement.

Half of the buyers' profiles teach, the other half judge: what the policy would have earned there is
estimated from their logs, as `policy evaluate` does, and unless it is more than the log's own for
sure, the old policy is kept. Learning needs no propensities; that estimate does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from retailsim.agents.policy.linear import Learnt, LearntLimit, LinearPolicy
from retailsim.agents.policy.table import PolicyTable
from retailsim.analysis.policy.decisions import Decisions
from retailsim.analysis.policy.evaluation import Evaluation, evaluated
from retailsim.sim.learning.errors import (
    NotBoth,
    NotOffline,
    TooFewProfiles,
    UnknownLearner,
)
from retailsim.sim.learning.fitted import FittedQ, Steps, fitted_q
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.logged import LogReader
from retailsim.sim.learning.policy_file import check_new

Floats = NDArray[np.float64]
LEARNER = "fitted-q"
NEVER = -1e6
"""What an option scores that the log hardly ever tried."""
LEAST_PROFILES = 4
"""Two to learn from and two to judge by."""


class FromLogs(msgspec.Struct, frozen=True, kw_only=True):
    """What logs taught.

    Parameters
    ----------
    policy : LinearPolicy
    fitted : FittedQ
    taught, judged : int
        Conversations of the profiles that taught, and of those that judge.
    profiles : tuple of int
        How many profiles each of them are.
    evaluation : Evaluation
        What those that judge say of the policy.
    unknown : float
        Share of their decisions of which nobody knows how likely they were.
    """

    policy: LinearPolicy
    fitted: FittedQ
    taught: int
    judged: int
    profiles: tuple[int, int]
    evaluation: Evaluation
    unknown: float

    @property
    def verdict(self) -> str:
        """Whether to take the policy instead of who talked in the logs, and why."""
        found = self.evaluation
        if self.unknown:
            return (
                f"keep the old one: {self.unknown:.0%} of the decisions have no propensities, as "
                "those of models and people have none. Learning needs none, but without them no "
                "log says what another policy would have earned; play both and compare"
            )
        if found.refused:
            reasons = "; ".join(one.reason for one in found.refused)
            return f"keep the old one: the logs cannot tell what the new one earns: {reasons}"
        gain, interval = found.recommended.gain, found.recommended.gain_interval
        ends = f" ({interval.low:+.4g} to {interval.high:+.4g})" if interval is not None else ""
        if found.better:
            return f"take the new one: it earns more for sure, by {gain:+.4g}{ends}"
        return f"keep the old one: the gain is not above 0 for sure, {gain:+.4g}{ends}"


def from_logs(
    logs: LogReader,
    version: str,
    runs: Sequence[Path],
    *,
    reward: Mapping[str, float],
    limits: Sequence[Limit] = (),
    seller: str | None = None,
    seed: int = 1,
) -> FromLogs:
    """Learn a policy from finished runs by fitted Q iteration.

    Parameters
    ----------
    logs, version : LogReader, str
        Of the protocol, and of its features.
    runs : sequence of Path
        Folders of runs; their decisions' propensities may be unknown.
    reward : mapping of term to weight
    limits : sequence of Limit
    seller : str, optional
        Only this seller's conversations.
    seed : int
        Of the judgement's folds and draws; learning draws nothing.

    Raises
    ------
    SimError, AnalysisError
        If the runs cannot be read, or there is nothing to learn from.
    """
    decisions = logs.read(runs, reward=reward, seller=seller).decisions
    costs = [
        limit.sign * logs.read(runs, reward={limit.term: 1.0}, seller=seller).decisions.rewards
        for limit in limits
    ]
    if len(decisions.clusters) < LEAST_PROFILES:
        raise TooFewProfiles(runs, f"{len(decisions.clusters)} {decisions.shared}", LEAST_PROFILES)
    teaches = _teaching(decisions)
    teachers, judges = decisions.of_episodes(teaches), decisions.of_episodes(~teaches)
    targets = np.stack([decisions.rewards, *costs], axis=1)[teaches[decisions.episode]]
    fitted = fitted_q(
        Steps(
            features=teachers.features,
            mask=teachers.mask,
            chosen=teachers.chosen,
            episode=teachers.episode,
            targets=targets,
        ),
        limits,
    )
    policy = _policy(fitted, version, teachers, reward, limits, seed)
    return FromLogs(
        policy=policy,
        fitted=fitted,
        taught=len(teachers.ids),
        judged=len(judges.ids),
        profiles=(len(teachers.clusters), len(judges.clusters)),
        evaluation=evaluated(judges, _choices(policy, judges), seed=seed),
        unknown=float(1.0 - judges.known.mean()),
    )


def _teaching(decisions: Decisions) -> NDArray[np.bool_]:
    """Return which episodes teach, (E,): every second profile in the order of their hashes."""
    order = sorted(decisions.clusters, key=lambda name: sha256(f"teach:{name}".encode()).digest())
    teachers = {name for position, name in enumerate(order) if position % 2 == 0}
    of_cluster = np.array([name in teachers for name in decisions.clusters])
    found: NDArray[np.bool_] = of_cluster[decisions.cluster]
    return found


def _policy(
    fitted: FittedQ,
    version: str,
    teachers: Decisions,
    reward: Mapping[str, float],
    limits: Sequence[Limit],
    seed: int,
) -> LinearPolicy:
    table = PolicyTable(version=version, features=teachers.feature_names, options=teachers.names)
    bias = np.where(fitted.tried, fitted.bias, NEVER)
    learnt = Learnt(
        learner=LEARNER,
        scenario=_digest(teachers),
        seed=seed,
        conversations=len(teachers.ids),
        profiles=len(teachers.clusters),
        reward=dict(reward),
        limits=tuple(
            LearntLimit(
                term=limit.term,
                bound=limit.bound,
                least=limit.least,
                price=round(float(fitted.prices[number]), 6),
                path=tuple(round(float(one[number]), 6) for one in fitted.path[::5]),
            )
            for number, limit in enumerate(limits)
        ),
    )
    return LinearPolicy.of(table, fitted.weights.tolist(), bias.tolist(), learnt)


def _digest(decisions: Decisions) -> str:
    """Return the SHA-256 of the decisions that taught, wherever their runs lie."""
    known = (decisions.features, decisions.chosen, decisions.rewards)
    held = b"".join(np.ascontiguousarray(one).tobytes() for one in known)
    return sha256("\n".join(decisions.ids).encode() + held).hexdigest()


def _choices(policy: LinearPolicy, decisions: Decisions) -> Floats:
    """Return what the policy would have done in each state, (D, K)."""
    found: Floats = np.zeros(decisions.mask.shape)
    for row, (state, mask) in enumerate(zip(decisions.features, decisions.mask, strict=True)):
        found[row, policy.choose(state.tolist(), mask.tolist())] = 1.0
    return found


def runs_of(sources: Sequence[str]) -> list[Path]:
    """Return the runs that a command names to learn from; none where it names a scenario.

    Raises
    ------
    NotBoth
        If it names both, or several scenarios.
    """
    runs = [Path(source) for source in sources if (Path(source) / "run.toml").is_file()]
    if len(runs) not in (0, len(sources)) or (not runs and len(sources) > 1):
        raise NotBoth(next(source for source in sources if Path(source) not in runs))
    return runs


def check_offline(told: LearnOptions, said: Mapping[str, object]) -> None:
    """Refuse what says how episodes are played: runs are learnt from as they are.

    Raises
    ------
    UnknownLearner, NotOffline, PolicyExists, CannotWrite
    """
    if said.get("learner", LEARNER) != LEARNER:
        raise UnknownLearner(told.learner, [LEARNER])
    for name in ("conversations", "sure", "buyers", "catalog", "profiles", "settings"):
        if said.get(name):
            raise NotOffline("--set" if name == "settings" else f"--{name}")
    check_new(told.out)
