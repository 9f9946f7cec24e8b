"""What a learner goes through: episodes with simulated partners, one after another."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from retailsim.agents.policy.linear import Learnt, LearntLimit, LinearPolicy
from retailsim.agents.policy.table import PolicyTable
from retailsim.sim.environments.episodes import SeatEpisodes
from retailsim.sim.environments.seat_episode import SeatEpisode
from retailsim.sim.environments.side import Side
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.learning.learners import LEARNERS, Floats, Learner
from retailsim.sim.learning.limits import Limit, Prices
from retailsim.sim.run.launch import PreparedRun

SETTLING = 6
"""Where there are limits, the last of so many parts of the episodes settles their prices."""
KEPT = 40
"""Prices kept of a path, at equal distances."""


class Lessons(msgspec.Struct, frozen=True, kw_only=True):
    """How much of what is learnt.

    Parameters
    ----------
    learner : str
        One of `LEARNERS`.
    conversations, seed : int
    reward : mapping of term to weight
    limits : tuple of Limit
    """

    learner: str
    conversations: int
    seed: int
    reward: Mapping[str, float]
    limits: tuple[Limit, ...] = ()


class SeatCourse(ABC):
    """A learner's way through its episodes.

    Parameters
    ----------
    lessons : Lessons
    episodes : SeatEpisodes
    table : PolicyTable
        What is chosen among, by what.
    profiles : int
        Whom or what it meets: how many profiles the buyers have, or how many products there are.

    Attributes
    ----------
    failed : int
        Episodes that failed; nothing is learnt from them.
    held : list of dict
        What each of the others came to, by term.
    settling : int
        How many of the last episodes are for the prices of the limits alone.

    Notes
    -----
    Each decision is credited with all that followed it in its episode, and an episode is learnt
    from once it is over. Where there are limits, what it costs is learnt beside what it earns, and
    each cost has a price that dual ascent finds (`limits.Prices`). In the last episodes nothing is
    explored or learnt any more, only the prices go on moving, so that the limits hold for what will
    be played; the policy is that of their mean in the last half of these.

    Partners and words draw from the streams of the seed, as in a run; the order of the episodes,
    and the learner, from a generator of their own.
    """

    def __init__(
        self,
        lessons: Lessons,
        episodes: SeatEpisodes[Any, Any],
        table: PolicyTable,
        *,
        profiles: int,
    ) -> None:
        self.lessons, self.profiles = lessons, profiles
        self._episodes, self._table = episodes, table
        random = np.random.default_rng(lessons.seed)
        self._run = episodes.seeded(lessons.seed)
        self._order = episodes.order(random)
        targets = 1 + len(lessons.limits)
        of = LEARNERS[lessons.learner]
        self._learner: Learner = of(len(table.options), len(table.features), random, targets)
        self._prices = Prices(len(lessons.limits))
        self.settling = lessons.conversations // SETTLING if lessons.limits else 0
        self.failed = 0
        self.held: list[dict[str, float]] = []

    @abstractmethod
    def side(self, market: SteppedMarket) -> Side:
        """Return the learner's side of a market that was opened."""

    @abstractmethod
    def digest(self, run: PreparedRun) -> str:
        """Return the SHA-256 of what is met, whatever the files are called it comes from."""

    def run(self) -> Iterator[int]:
        """Hold the episodes, and yield after each how many there were."""
        learning = self.lessons.conversations - self.settling
        for number in range(self.lessons.conversations):
            self._hold(self.next(), settling=number >= learning)
            yield number + 1

    def next(self) -> SeatEpisode:
        """Begin the next episode."""
        market = self._episodes.open(next(self._order), self._run)
        return SeatEpisode(market, self.side(market))

    def policy(self) -> LinearPolicy:
        """Return what was learnt so far."""
        self._learner.prices = self._signed(self._final())
        learnt = Learnt(
            learner=self.lessons.learner,
            scenario=self.digest(self._run),
            seed=self.lessons.seed,
            conversations=self.lessons.conversations,
            profiles=self.profiles,
            reward=dict(self.lessons.reward),
            limits=self._learnt_limits(),
        )
        weights, bias = self._learner.weights.tolist(), self._learner.bias.tolist()
        return LinearPolicy.of(self._table, weights, bias, learnt)

    def _hold(self, episode: SeatEpisode, *, settling: bool) -> None:
        steps: list[tuple[list[float], int]] = []
        choose = self._learner.best if settling else self._learner.choose
        self._learner.prices = self._signed(self._prices.now(self._learner.spreads))
        rewards: list[float] = []
        while not episode.over:
            state, mask = episode.state()
            option = choose(state, mask)
            rewards.append(episode.take(option))
            steps.append((state, option))
        if episode.failed:
            self.failed += 1
            return
        if not settling:
            for number, (state, option) in enumerate(steps):
                self._learner.add(state, option, self._targets(episode, rewards, number))
        self._step(episode.terms)
        self.held.append(episode.terms)

    def _targets(self, episode: SeatEpisode, rewards: Sequence[float], number: int) -> list[float]:
        """Return what followed a decision: the reward, then the costs."""
        costs = (
            limit.sign * math.fsum(step[limit.term] for step in episode.steps[number:])
            for limit in self.lessons.limits
        )
        return [math.fsum(rewards[number:]), *costs]

    def _step(self, terms: Mapping[str, float]) -> None:
        excesses = [limit.excess(terms[limit.term]) for limit in self.lessons.limits]
        if excesses:
            self._prices.step(excesses, self._learner.spreads)

    def _final(self) -> Floats:
        """Return the prices that the policy goes by: the mean of the last ones."""
        return self._prices.tail(since=max(0, len(self._prices.path) - self.settling))

    def _learnt_limits(self) -> tuple[LearntLimit, ...]:
        path = self._prices.path
        spaced = [path[round(at)] for at in np.linspace(0, len(path) - 1, KEPT)] if path else []
        return tuple(
            LearntLimit(
                term=limit.term,
                bound=limit.bound,
                least=limit.least,
                price=round(float(self._final()[number]), 6),
                path=tuple(round(float(prices[number]), 6) for prices in spaced),
            )
            for number, limit in enumerate(self.lessons.limits)
        )

    @staticmethod
    def _signed(prices: Floats) -> Floats:
        """Return what each target counts: the reward for itself, the costs against it."""
        return np.concatenate([[1.0], -prices])
