"""Judging a policy by somebody else's log: what it would have earned, or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import msgspec
import numpy as np

from retailsim.analysis.policy.audit import Audit, AuditPlan
from retailsim.analysis.policy.decisions import Decisions, Floats
from retailsim.analysis.policy.evaluation import (
    RECOMMENDED,
    estimates,
    evaluated,
    log_value,
)
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.learning.asked_terms import asked_weights
from retailsim.sim.learning.audit import SeatAuditor
from retailsim.sim.learning.errors import NoAudit, OnlyForAudit
from retailsim.sim.learning.evaluation_text import Term, Told, audit_shown, shown
from retailsim.sim.learning.logged import LogReader
from retailsim.sim.learning.targets import Target
from retailsim.sim.play.progress import Progress
from retailsim.sim.scenario.scenario import AgentTable
from retailsim.sim.terminal.terminal import Terminal

REWARD: Mapping[str, float] = {"revenue": 1.0}
"""What a policy is judged by unless it is asked for otherwise: dollars."""
REFUSED = 4
"""Exit status where the log cannot tell."""
PLAYED = 20_000
"""About how many conversations an audit plays, unless it is told."""
EVERY = 50
"""Conversations between two looks at the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What a protocol is to those who judge its policies.

    Parameters
    ----------
    terms : mapping of term to text
        Of its rewards.
    weights : callable
        ``weights -> weights``: checks them.
    logs : LogReader
    target : callable
        ``(policy, settings) -> Target``: what a command names.
    auditor : callable
        ``(run, file, seat, reward, seed) -> SeatAuditor``.
    hint : str
        What would make a better log.
    """

    terms: Mapping[str, str]
    weights: Callable[[Mapping[str, object]], dict[str, float]]
    logs: LogReader
    target: Callable[[str, Sequence[str]], Target]
    auditor: Callable[[Path, RunFile, AgentTable, Mapping[str, float], int], SeatAuditor]
    hint: str = ""


class EvaluateOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    policy: str
    log: tuple[Path, ...]
    settings: tuple[str, ...] = ()
    seller: str | None = None
    reward: tuple[str, ...] = ()
    seed: int = 1
    audit: bool = False
    conversations: int | None = None


def judge(told: EvaluateOptions, bench: Bench, terminal: Terminal) -> int:
    """Judge a policy by logs, and say so; returns the exit status.

    Raises
    ------
    RetailSimError
        If there is no such policy, or no log.
    """
    if told.conversations is not None and not told.audit:
        raise OnlyForAudit("--conversations")
    target = bench.target(told.policy, told.settings)
    reward = bench.weights(asked_weights(told.reward, bench.terms) or dict(REWARD))
    others = [target.weighing]
    logged = bench.logs.read(told.log, reward=reward, seller=told.seller, others=others)
    decisions, [weighed] = logged.decisions, logged.others
    found = evaluated(decisions, weighed, seed=told.seed)
    beside = [] if found.refused else list(_beside(decisions, weighed, told.seed))
    about = _told(target, decisions, reward, bench.hint)
    if not terminal.json:
        terminal.show(*shown(about, found, beside))
    audit = _audited(told, bench, target, decisions, reward, terminal) if told.audit else None
    if terminal.json:
        said = {"told": about, "evaluation": found, "better": found.better, "terms": beside}
        terminal.out_json({**said, "audit": audit})
    elif audit is not None:
        terminal.show(*audit_shown(audit, found))
    return REFUSED if found.refused else 0


def _audited(
    told: EvaluateOptions,
    bench: Bench,
    target: Target,
    decisions: Decisions,
    reward: Mapping[str, float],
    terminal: Terminal,
) -> Audit:
    """Play the target and the log's seller, and say before what that costs."""
    run, file, seat = _logger(told.log, decisions)
    if target.seat is None:
        raise NoAudit(run, f"{target.name} has no seat of its own, so it cannot be played")
    if not decisions.known.all():
        raise NoAudit(run, "its seller states no propensities, so no estimate can be compared")
    auditor = bench.auditor(run, file, seat, reward, told.seed)
    plan = AuditPlan.of(decisions, auditor.profiles, told.conversations or PLAYED)
    total = plan.total(auditor.profiles)
    terminal.say(
        f"the audit plays {total:,} conversations, {plan.logs} logs of {plan.size} and the rest "
        f"for the truth: about {auditor.seconds() * total:,.0f} CPU seconds"
    )
    played = count(1)
    with terminal.progress(total) as update:

        def done() -> None:
            number = next(played)
            if number % EVERY == 0 or number == total:
                update(Progress(markets=number, episodes=number))

        return auditor.held(target, plan, done)


def _logger(runs: Sequence[Path], decisions: Decisions) -> tuple[Path, RunFile, AgentTable]:
    """Return the seat that decided in the logs, from the first run that has it."""
    sellers = np.unique(decisions.seller)
    if len(sellers) > 1:
        names = ", ".join(map(str, sellers))
        raise NoAudit(runs[0], f"{names} sold; choose one of them with --seller")
    for run in runs:
        file = RunFolder(run).read()
        for seat in file.scenario.sellers:
            if seat.id == sellers[0]:
                return run, file, seat
    raise NoAudit(runs[0], f"no seller is called {sellers[0]}")


def _told(target: Target, decisions: Decisions, reward: Mapping[str, float], hint: str) -> Told:
    return Told(
        policy=target.name,
        sellers=tuple(map(str, np.unique(decisions.seller))),
        reward=dict(reward),
        left_out=decisions.failed + decisions.unfinished,
        shared=decisions.shared,
        hint=hint,
    )


def _beside(decisions: Decisions, target: Floats, seed: int) -> Iterator[Term]:
    """Yield what the log says of each term: what is earned is not all that a policy does."""
    for name, values in decisions.parts.items():
        if name != "illegal" and values.any():
            paid = replace(decisions, rewards=values)
            [policy] = estimates(paid, target, seed=seed, names=(RECOMMENDED,))
            yield Term(name, log_value(paid, seed=seed), policy)
