"""What a learner goes through: conversations with simulated buyers, one after another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import msgspec
import numpy as np

from retailsim.agents.csales.policy.features import NAMES, policy_table
from retailsim.agents.policy.linear import Learnt, LearntLimit, LinearPolicy
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.learning.csales.talk import Talk
from retailsim.sim.learning.learners import LEARNERS, Floats, Learner
from retailsim.sim.learning.limits import Limit, Prices
from retailsim.sim.run.launch import PreparedRun
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.scenario import PARAMETER_SETS

SETTLING = 6
"""Where there are limits, the last of so many parts of the conversations settles their prices."""
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


class Course:
    """A learner's way through its conversations.

    Parameters
    ----------
    lessons : Lessons
    meeting : Options or Episodes
        Which scenario, with what laid over it; or its conversations, where there are several
        courses in them.

    Attributes
    ----------
    profiles : int
        How many profiles the buyers have.
    failed : int
        Conversations that failed; nothing is learnt from them.
    held : list of dict
        What each of the others came to, by term.
    settling : int
        How many of the last conversations are for the prices of the limits alone.

    Notes
    -----
    Each decision is credited with all that followed it in its conversation, and a conversation is
    learnt from once it is over. Where there are limits, what it costs is learnt beside what it
    earns, and each cost has a price that dual ascent finds (`limits.Prices`). In the last
    conversations nothing is explored or learnt any more, only the prices go on moving, so that the
    limits hold for what will be played; the policy is that of their mean in the last half of these.

    Buyers and words draw from the streams of the seed, as in a run; the order of the profiles, and
    the learner, from a generator of their own.
    """

    def __init__(self, lessons: Lessons, meeting: Options | Episodes) -> None:
        self.lessons = lessons
        self._episodes = meeting if isinstance(meeting, Episodes) else Episodes(meeting)
        self._actions = self._episodes.design.rules.actions
        self.profiles = len(self._episodes.design.profiles)
        random = np.random.default_rng(lessons.seed)
        self._run = self._episodes.seeded(lessons.seed)
        self._order = self._episodes.order(random)
        targets = 1 + len(lessons.limits)
        of = LEARNERS[lessons.learner]
        self._learner: Learner = of(len(self._actions.options), len(NAMES), random, targets)
        self._prices = Prices(len(lessons.limits))
        self.settling = lessons.conversations // SETTLING if lessons.limits else 0
        self.failed = 0
        self.held: list[dict[str, float]] = []

    def run(self) -> Iterator[int]:
        """Hold the conversations, and yield after each how many there were."""
        learning = self.lessons.conversations - self.settling
        for number in range(self.lessons.conversations):
            talk = Talk(self._episodes, next(self._order), self._run, self.lessons.reward)
            self._hold(talk, settling=number >= learning)
            yield number + 1

    def policy(self) -> LinearPolicy:
        """Return what was learnt so far."""
        self._learner.prices = self._signed(self._final())
        learnt = Learnt(
            learner=self.lessons.learner,
            scenario=scenario_digest(self._run),
            seed=self.lessons.seed,
            conversations=self.lessons.conversations,
            profiles=self.profiles,
            reward=dict(self.lessons.reward),
            limits=self._learnt_limits(),
        )
        weights, bias = self._learner.weights.tolist(), self._learner.bias.tolist()
        return LinearPolicy.of(policy_table(self._actions), weights, bias, learnt)

    def _hold(self, talk: Talk, *, settling: bool) -> None:
        steps: list[tuple[list[float], int]] = []
        choose = self._learner.best if settling else self._learner.choose
        self._learner.prices = self._signed(self._prices.now(self._learner.spreads))
        rewards: list[float] = []
        while not talk.over:
            state, mask = talk.state()
            option = choose(state, mask)
            rewards.append(talk.take(option))
            steps.append((state, option))
        if talk.failed:
            self.failed += 1
            return
        if not settling:
            for number, (state, option) in enumerate(steps):
                self._learner.add(state, option, self._targets(talk, rewards, number))
        self._step(talk.terms)
        self.held.append(talk.terms)

    def _targets(self, talk: Talk, rewards: Sequence[float], number: int) -> list[float]:
        """Return what followed a decision: the reward, then the costs."""
        costs = (
            limit.sign * math.fsum(step[limit.term] for step in talk.steps[number:])
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


def scenario_digest(run: PreparedRun) -> str:
    """Return the SHA-256 of what a learner meets, whatever the files are called it comes from."""
    scenario, design = run.scenario, run.design
    parameters = scenario.behavioral.parameters
    if parameters is not None and parameters not in PARAMETER_SETS:
        parameters = sha256(Path(parameters).read_bytes()).hexdigest()
    met = {
        "design": msgspec.structs.replace(scenario.design, replications=1),
        "actions": scenario.actions,
        "index": scenario.profiles.index,
        "shipping": scenario.shipping,
        "buyers": scenario.buyers,
        "parameters": parameters,
        "products": design.products,
        "files": {name: sha256(held).hexdigest() for name, held in design.files.items()},
    }
    return sha256(msgspec.json.encode(met, order="sorted")).hexdigest()
