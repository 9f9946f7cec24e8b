"""What a learner goes through: episodes with simulated partners, one after another."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from retailsim.agents.policy.linear import Learnt, LearntLimit, LinearPolicy
from retailsim.agents.policy.table import PolicyTable
from retailsim.sim.environments.episodes import SeatEpisodes
from retailsim.sim.environments.seat_episode import SeatEpisode
from retailsim.sim.environments.side import Side
from retailsim.sim.environments.stepping import SteppedMarket
from retailsim.sim.learning.held_back import HeldBack
from retailsim.sim.learning.learners import LEARNERS, Floats, Learner, best_of
from retailsim.sim.learning.limits import Limit, Prices
from retailsim.sim.learning.promises import STEPS, SURE, Chosen, Trial, aims, choose
from retailsim.sim.run.launch import PreparedRun

SETTLING = 4
"""Where there are limits, the last of so many parts of the episodes settles their prices: half of
it finds about where they have to be, half of it tries prices around that."""
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
    sure : float
        How sure it has to be that they hold for others, from one half.
    """

    learner: str
    conversations: int
    seed: int
    reward: Mapping[str, float]
    limits: tuple[Limit, ...] = ()
    sure: float = SURE


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
    trials : list of Trial
        Those of the last half of these, without those that failed.

    Notes
    -----
    Each decision is credited with all that followed it in its episode, and an episode is learnt
    from once it is over. Where there are limits, what it costs is learnt beside what it earns, and
    each cost has a price that dual ascent finds (`limits.Prices`).

    Limits are to hold for others than those that teach. So in the last episodes nothing is explored
    or learnt any more, and everyone meets what was learnt without them (`held_back.HeldBack`). In
    half of these the ascent goes on, to limits lowered by what so many cannot tell of others; in
    the other half prices around those that it found are tried, and the lowest are taken whose
    bounds keep the limits (`promises.choose`).

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
        self._others = HeldBack(
            map(self.met, episodes.first), len(table.options), len(table.features), targets
        )
        self._aims = lessons.limits
        self.settling = lessons.conversations // SETTLING if lessons.limits else 0
        self.failed = 0
        self.held: list[dict[str, float]] = []
        self._taught: list[Trial] = []
        self.trials: list[Trial] = []

    @property
    def currency(self) -> str | None:
        """The ISO 4217 code of what amounts are in; None: dollars."""
        return self._run.scenario.products.currency

    @abstractmethod
    def side(self, market: SteppedMarket) -> Side:
        """Return the learner's side of a market that was opened."""

    @abstractmethod
    def met(self, spec: Any) -> str:
        """Return whom or what a market meets: profile or product, one of `profiles`."""

    @abstractmethod
    def digest(self, run: PreparedRun) -> str:
        """Return the SHA-256 of what is met, whatever the files are called it comes from."""

    def run(self) -> Iterator[int]:
        """Hold the episodes, and yield after each how many there were."""
        learning = self.lessons.conversations - self.settling
        trying = self.lessons.conversations - self.settling // 2
        for number in range(self.lessons.conversations):
            if number < learning:
                self._teach(self.next())
            elif number < trying:
                self._settle(self.next())
            else:
                self._try(self.next(), float(STEPS[number % len(STEPS)]))
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

    def chosen(self) -> Chosen | None:
        """Return which prices keep the limits for others; None where nothing was tried."""
        if not self.trials:
            return None
        return choose(self.lessons.limits, self.trials, sure=self.lessons.sure)

    def _teach(self, episode: SeatEpisode) -> None:
        """Hold an episode and learn from it."""
        self._learner.prices = self._signed(self._prices.now(self._learner.spreads))
        steps, rewards = self._hold(episode, self._learner.choose)
        if episode.failed:
            return
        name = self.met(episode.market.spec)
        for number, (state, option) in enumerate(steps):
            targets = self._targets(episode, rewards, number)
            self._learner.add(state, option, targets)
            if self.lessons.limits:
                self._others.add(name, option, state, np.array(targets))
        self._taught.append(Trial(name=name, step=0.0, terms=episode.terms))
        self._step(episode.terms)

    def _settle(self, episode: SeatEpisode) -> None:
        """Hold an episode with what others taught, and move the prices only."""
        if self._taught:
            recent = self._taught[len(self._taught) // 2 :]
            self._aims = aims(self.lessons.limits, recent, sure=self.lessons.sure)
            self._taught = []
        prices = self._prices.now(self._learner.spreads)
        scores = self._held_back(self.met(episode.market.spec), prices)
        self._hold(episode, lambda state, mask: best_of(scores, state, mask))
        if not episode.failed:
            self._step(episode.terms)

    def _try(self, episode: SeatEpisode, step: float) -> None:
        """Hold an episode with what others taught, at prices around those that were found."""
        name, centre = self.met(episode.market.spec), self._centre()
        low, scores, high = (
            self._held_back(name, centre * math.exp(at)) for at in (STEPS[0], step, STEPS[-1])
        )
        moved = False

        def option(state: list[float], mask: list[int]) -> int:
            nonlocal moved
            moved = moved or best_of(low, state, mask) != best_of(high, state, mask)
            return best_of(scores, state, mask)

        self._hold(episode, option)
        if not episode.failed:
            self.trials.append(Trial(name=name, step=step, terms=episode.terms, moved=moved))

    def _held_back(self, name: str, prices: Floats) -> Floats:
        """Return what others than someone taught, at these prices, (options, features + 1)."""
        found: Floats = np.tensordot(self._signed(prices), self._others.weights(name), 1)
        return found

    def _hold(
        self, episode: SeatEpisode, choose: Callable[[list[float], list[int]], int]
    ) -> tuple[list[tuple[list[float], int]], list[float]]:
        """Hold an episode; returns states with the options taken in them, and their rewards."""
        steps: list[tuple[list[float], int]] = []
        rewards: list[float] = []
        while not episode.over:
            state, mask = episode.state()
            option = choose(state, mask)
            rewards.append(episode.take(option))
            steps.append((state, option))
        if episode.failed:
            self.failed += 1
        else:
            self.held.append(episode.terms)
        return steps, rewards

    def _targets(self, episode: SeatEpisode, rewards: Sequence[float], number: int) -> list[float]:
        """Return what followed a decision: the reward, then the costs."""
        costs = (
            limit.sign * math.fsum(step[limit.term] for step in episode.steps[number:])
            for limit in self.lessons.limits
        )
        return [math.fsum(rewards[number:]), *costs]

    def _step(self, terms: Mapping[str, float]) -> None:
        excesses = [limit.excess(terms[limit.term]) for limit in self._aims]
        if excesses:
            self._prices.step(excesses, self._learner.spreads)

    def _centre(self) -> Floats:
        """Return the prices around which others are tried: the mean of the last that settled."""
        settled = self.settling - self.settling // 2
        return self._prices.tail(since=max(0, len(self._prices.path) - settled))

    def _final(self) -> Floats:
        """Return the prices that the policy goes by."""
        chosen = self.chosen()
        return self._centre() * math.exp(chosen.step if chosen else 0.0)

    def _learnt_limits(self) -> tuple[LearntLimit, ...]:
        path, final, chosen = self._prices.path, self._final(), self.chosen()
        spaced = [path[round(at)] for at in np.linspace(0, len(path) - 1, KEPT)] if path else []
        return tuple(
            LearntLimit(
                term=limit.term,
                bound=limit.bound,
                least=limit.least,
                price=round(float(final[number]), 6),
                path=tuple(round(float(prices[number]), 6) for prices in spaced),
                promised=None if chosen is None else chosen.promises[number].kept,
            )
            for number, limit in enumerate(self.lessons.limits)
        )

    @staticmethod
    def _signed(prices: Floats) -> Floats:
        """Return what each target counts: the reward for itself, the costs against it."""
        return np.concatenate([[1.0], -prices])
