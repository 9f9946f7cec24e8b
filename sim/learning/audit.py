"""Audited evaluation: the policy is played for its true value, and its log again many times.

Everything is played in memory, under other seeds than the log's. Each of the new logs draws its
clusters anew, with replacement, from those that the run has, such as its buyers' profiles: so they
are independent of each other, and their intervals have to allow for what they happened to get.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from retailsim.analysis.policy.audit import Audit, AuditPlan, audited
from retailsim.analysis.policy.decisions import Decisions, Flags, Floats, Whole
from retailsim.analysis.policy.diagnostics import diagnosed, refusals
from retailsim.analysis.policy.evaluation import estimates
from retailsim.events.messages import Event
from retailsim.sim.folder.run_folder import RunFile
from retailsim.sim.learning.decision_rows import Rows
from retailsim.sim.learning.stage import Stage
from retailsim.sim.learning.targets import Target
from retailsim.sim.scenario.scenario import AgentTable

DRAWS = 400
"""Of the bootstrap of each."""
Done = Callable[[], None]
_TRIED = 20
"""Conversations that are played to tell how long all will take."""


class SeatAuditor(ABC):
    """Plays for the audit of a target by a log.

    Parameters
    ----------
    run : Path
        Folder of the log's run.
    file : RunFile
    seller : AgentTable
        Who decided in the log.
    reward : mapping of term to weight
    seed : int

    Raises
    ------
    NoAudit
        If not all of the run's seats can be played here.
    """

    def __init__(
        self, run: Path, file: RunFile, seller: AgentTable, reward: Mapping[str, float], seed: int
    ) -> None:
        self.run, self.file, self._reward = run, file, reward
        self._seller, self._seed = seller, seed
        self.logging = self.stage(seller, self._seed_of("logs"))
        self.profiles = len(self.logging.clusters)

    @abstractmethod
    def stage(self, seat: AgentTable, seed: int) -> Stage:
        """Return where the run's buyers meet a seller."""

    @abstractmethod
    def rows(self, reward: Mapping[str, float], others: Sequence[Any]) -> Rows:
        """Return what takes the episodes that are played."""

    def seconds(self) -> float:
        """Return the CPU seconds that a conversation takes here, by playing some."""
        begin = time.process_time()
        for number in range(_TRIED):
            self.logging.play(self.logging.clusters[number % self.profiles], 10**6 + number)
        return (time.process_time() - begin) / _TRIED

    def held(self, target: Target, plan: AuditPlan, done: Done = lambda: None) -> Audit:
        """Play, estimate and compare.

        Parameters
        ----------
        target : Target
            With a seat.
        plan : AuditPlan
        done : callable
            Told after each conversation.
        """
        truth, gain = self.truth(target, plan.rounds, done)
        found, checked = [], []
        for log, [weighed] in self.logs([target], plan, done):
            found.append(estimates(log, weighed, draws=DRAWS, every_interval=True))
            checked.append(diagnosed(log, weighed, seed=1))
        return Audit(
            plan=plan,
            truth=truth[0],
            truth_error=truth[1],
            gain=gain[0],
            gain_error=gain[1],
            refused=sum(bool(refusals(one)) for one in checked),
            ess_share=float(np.mean([one.ess_share for one in checked])),
            estimators=audited(found, truth[0], gain[0]),
        )

    def truth(
        self, target: Target, rounds: int, done: Done = lambda: None
    ) -> tuple[tuple[float, float], tuple[float, float]]:
        """Return a target's mean return with its standard error, and how much more that is than
        the seller's, likewise; both meet the same buyers with the same words.
        """
        mine = self._paid(self.played(target, rounds, done))
        theirs = self._paid(self.played(None, rounds, done))
        return over_profiles(mine), over_profiles(mine - theirs)

    def logs(
        self, targets: Sequence[Target], plan: AuditPlan, done: Done = lambda: None
    ) -> Iterator[tuple[Decisions, Sequence[Floats]]]:
        """Play the independent logs, and yield each with what the targets would have done."""
        random = np.random.default_rng(self._seed)
        drawn = random.integers(self.profiles, size=(plan.logs, plan.clusters))
        before = np.zeros(self.profiles, np.int64)
        place: dict[str, tuple[int, int]] = {}

        def conversations() -> Iterator[list[Event]]:
            for log, cluster in np.ndindex(*drawn.shape):
                profile = int(drawn[log, cluster])
                for _ in range(plan.each):
                    before[profile] += 1
                    played = self.logging.play(self.logging.clusters[profile], int(before[profile]))
                    place[played[0].market] = (log, cluster)
                    yield played
                    done()

        rows = self._rows(conversations(), targets)
        pool, others = rows.decisions(), list(rows.weighed())
        where = np.array([place[name] for name in pool.ids])
        for log in range(plan.logs):
            wanted = where[:, 0] == log
            kept = wanted[pool.episode]
            yield _cut(pool, wanted, where[:, 1]), [one[kept] for one in others]

    def played(
        self, target: Target | None, rounds: int, done: Done = lambda: None
    ) -> Mapping[str, Floats]:
        """Return each term of conversations of a target, or of the seller, (profiles, rounds)."""
        seat = self._seller
        if target is not None and target.seat is not None:
            seat = msgspec.structs.replace(target.seat, stream=seat.stream or seat.id)
        stage = self.stage(seat, self._seed_of("truth"))
        names: list[str] = []

        def conversations() -> Iterator[list[Event]]:
            for profile in stage.clusters:
                for number in range(rounds):
                    events = stage.play(profile, number + 1)
                    names.append(events[0].market)
                    yield events
                    done()

        found = self._rows(conversations(), ()).decisions()
        row = {name: number for number, name in enumerate(found.ids)}
        order = [row[name] for name in names]
        return {
            name: values[order].reshape(self.profiles, rounds)
            for name, values in found.terms.items()
        }

    def _paid(self, played: Mapping[str, Floats]) -> Floats:
        terms = np.stack([weight * played[name] for name, weight in self._reward.items()])
        found: Floats = terms.sum(axis=0)
        return found

    def _rows(self, conversations: Iterable[Sequence[Event]], targets: Sequence[Target]) -> Rows:
        rows = self.rows(self._reward, [target.weighing for target in targets])
        for events in conversations:
            rows.add(events)
        return rows

    def _seed_of(self, use: str) -> int:
        """Return a seed that is neither the log's nor another use's."""
        named = f"audit {use} {self._seed} {self.file.scenario.run.seed}"
        return int.from_bytes(sha256(named.encode()).digest()[:4])


def _cut(pool: Decisions, wanted: Flags, clusters: Whole) -> Decisions:
    """Return one log of the pool; each draw of a profile is a cluster of its own."""
    kept, cluster = np.unique(clusters[wanted], return_inverse=True)
    return replace(
        pool.of_episodes(wanted),
        cluster=cluster.astype(np.int64),
        clusters=tuple(map(str, kept)),
    )


def over_profiles(values: Floats) -> tuple[float, float]:
    """Return the mean over all profiles, and its standard error: the profiles are given."""
    spread = values.var(axis=1, ddof=1) / values.shape[1]
    return float(values.mean()), float(np.sqrt(spread.sum()) / len(values))
