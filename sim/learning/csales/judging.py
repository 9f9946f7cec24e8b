"""Judging a policy by somebody else's log: what it would have earned, or a refusal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.analysis.policy.evaluation import (
    RECOMMENDED,
    Evaluation,
    estimates,
    evaluated,
    log_value,
)
from retailsim.sim.environments.csales.rewards import TERMS
from retailsim.sim.learning.csales.asked_reward import asked_reward
from retailsim.sim.learning.csales.logged import read_logged
from retailsim.sim.learning.csales.targets import Target, target_of
from retailsim.sim.learning.evaluation_text import Term, Told, shown
from retailsim.sim.terminal.terminal import Terminal

REWARD: Mapping[str, float] = {"revenue": 1.0}
"""What a policy is judged by unless it is asked for otherwise: dollars."""
REFUSED = 4
"""Exit status where the log cannot tell."""
BESIDE = tuple(name for name in TERMS if name != "illegal")
"""Terms that are shown beside the reward: what is earned is not all that a policy does."""


class EvaluateOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    policy: str
    log: tuple[Path, ...]
    settings: tuple[str, ...] = ()
    seller: str | None = None
    reward: tuple[str, ...] = ()
    seed: int = 1


def judge(told: EvaluateOptions, terminal: Terminal) -> int:
    """Judge a policy by logs, and say so; returns the exit status.

    Raises
    ------
    RetailSimError
        If there is no such policy, or no log.
    """
    target = target_of(told.policy, told.settings)
    reward = asked_reward(told.reward, REWARD)
    logged = read_logged(told.log, reward=reward, seller=told.seller, others=[target.weighing])
    found = evaluated(logged.decisions, logged.others[0], seed=told.seed)
    beside = [] if found.refused else list(_beside(logged.decisions, logged.others[0], told.seed))
    _show(terminal, _told(target, logged.decisions, reward), found, beside)
    return REFUSED if found.refused else 0


def _told(target: Target, decisions: Decisions, reward: Mapping[str, float]) -> Told:
    return Told(
        policy=target.name,
        sellers=tuple(map(str, np.unique(decisions.seller))),
        reward=dict(reward),
        left_out=decisions.failed + decisions.unfinished,
    )


def _beside(decisions: Decisions, target: Floats, seed: int) -> Iterator[Term]:
    """Yield what the log says of each term, paid at the end."""
    last = np.append(decisions.starts[1:], len(decisions)) - 1
    for name in BESIDE:
        values = decisions.terms[name]
        if values.any():
            rewards = np.zeros(len(decisions))
            rewards[last] = values
            paid = replace(decisions, rewards=rewards)
            [policy] = estimates(paid, target, seed=seed, names=(RECOMMENDED,))
            yield Term(name, log_value(paid, seed=seed), policy)


def _show(terminal: Terminal, told: Told, found: Evaluation, beside: Sequence[Term]) -> None:
    if terminal.json:
        said = {"told": told, "evaluation": found, "better": found.better, "terms": beside}
        terminal.out_json(said)
    else:
        terminal.show(*shown(told, found, beside))
