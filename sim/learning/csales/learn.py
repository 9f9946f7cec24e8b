"""`policy learn`: a seller's policy learnt online, in conversations with simulated buyers."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.agents.csales.policy.features import NAMES, policy_table
from retailsim.agents.policy.linear import Learnt, LinearPolicy
from retailsim.sim.environments.csales.episodes import Episodes
from retailsim.sim.environments.csales.rewards import TERMS, checked_weights
from retailsim.sim.errors import BadScenario, CannotWrite
from retailsim.sim.learning.csales.talk import Talk
from retailsim.sim.learning.errors import BadReward, PolicyExists, UnknownLearner
from retailsim.sim.learning.learners import LEARNERS, Learner
from retailsim.sim.play.progress import Progress
from retailsim.sim.protocols.csales.design import action_table
from retailsim.sim.run.launch import PreparedRun, read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.scenario import PARAMETER_SETS
from retailsim.sim.terminal.terminal import Terminal

BY_HAND = "show-first"
"""The name of the baseline that learns nothing."""
REWARD: Mapping[str, float] = {"revenue_share": 1.0}
"""Unless another is asked for: dollars would let the few rich buyers decide what is learnt."""
EVERY = 50
"""Conversations between two looks at the progress."""
TRAINING = ("profiles.half=1", "products.half=1")
"""What is learnt on; the other halves are to judge by."""


class LearnOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    scenario: str
    out: Path
    learner: str = "linucb"
    conversations: int = 10_000
    seed: int = 1
    reward: tuple[str, ...] = ()
    buyers: str | None = None
    catalog: Path | None = None
    profiles: Path | None = None
    settings: tuple[str, ...] = ()


def learn(terminal: Terminal, **options: Any) -> int:
    """Learn a policy and write its file; returns the exit status.

    Parameters
    ----------
    **options
        The fields of `LearnOptions`.

    Raises
    ------
    SimError
        If something that it was told does not go; nothing is written then.
    """
    told = LearnOptions(**options)
    _check(told)
    if told.learner == BY_HAND:
        scenario, _ = read_scenario(_asked(told))
        _write(show_first(action_table(scenario)), told.out)
        terminal.out(f"policy: {told.out}, made by hand")
        return 0
    course = Course(told)
    terminal.say(
        f"{told.learner} learns from {told.conversations:,} conversations with buyers of "
        f"{course.profiles:,} profiles, paid in {_paid(course.reward)}"
    )
    with terminal.progress(told.conversations) as update:
        for done in course.run():
            if done % EVERY == 0 or done == told.conversations:
                update(Progress(markets=done, episodes=done, failed=course.failed))
    _write(course.policy(), told.out)
    _conclude(course, told, terminal)
    return 0


class Course:
    """What a learner goes through.

    Parameters
    ----------
    told : LearnOptions

    Attributes
    ----------
    profiles : int
        How many profiles the buyers have.
    reward : dict of term to weight
    failed : int
        Conversations that failed; nothing is learnt from them.
    held : list of dict
        What each of the others came to, by term.

    Notes
    -----
    Each decision is credited with all that followed it in its conversation, and a conversation is
    learnt from once it is over. Buyers and words draw from the streams of the seed, as in a run;
    the order of the profiles, and the learner, from a generator of their own.
    """

    def __init__(self, told: LearnOptions) -> None:
        self._told = told
        self.reward = _reward(told.reward)
        self._episodes = Episodes(_asked(told))
        self._actions = self._episodes.design.rules.actions
        self.profiles = len(self._episodes.design.profiles)
        random = np.random.default_rng(told.seed)
        self._run = self._episodes.seeded(told.seed)
        self._order = self._episodes.order(random)
        self._learner: Learner = LEARNERS[told.learner](
            len(self._actions.options), len(NAMES), random
        )
        self.failed = 0
        self.held: list[dict[str, float]] = []

    def run(self) -> Iterator[int]:
        """Hold the conversations, and yield after each how many there were."""
        for number in range(self._told.conversations):
            self._hold(Talk(self._episodes, next(self._order), self._run, self.reward))
            yield number + 1

    def policy(self) -> LinearPolicy:
        """Return what was learnt so far."""
        learnt = Learnt(
            learner=self._told.learner,
            scenario=scenario_digest(self._run),
            seed=self._told.seed,
            conversations=self._told.conversations,
            profiles=self.profiles,
            reward=self.reward,
        )
        weights, bias = self._learner.weights.tolist(), self._learner.bias.tolist()
        return LinearPolicy.of(policy_table(self._actions), weights, bias, learnt)

    def _hold(self, talk: Talk) -> None:
        steps: list[tuple[list[float], int]] = []
        rewards: list[float] = []
        while not talk.over:
            state, mask = talk.state()
            option = self._learner.choose(state, mask)
            rewards.append(talk.take(option))
            steps.append((state, option))
        if talk.failed:
            self.failed += 1
            return
        for number, (state, option) in enumerate(steps):
            self._learner.add(state, option, math.fsum(rewards[number:]))
        self.held.append(talk.terms)


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


def _asked(told: LearnOptions) -> Options:
    asked = Options(
        scenario=told.scenario,
        catalog=told.catalog,
        profiles=told.profiles,
        buyers=told.buyers,
        settings=(*TRAINING, *told.settings),
    )
    # Without the half: scenarios of other protocols have no profiles, and are to be named as such.
    scenario, _ = read_scenario(msgspec.structs.replace(asked, settings=told.settings))
    if scenario.design.protocol != "csales":
        problem = f"its protocol is {scenario.design.protocol}; policies are learnt in csales"
        raise BadScenario(told.scenario, problem)
    if scenario.products.ids is not None:  # they cannot be halved, and are nobody's by chance
        return msgspec.structs.replace(asked, settings=(TRAINING[0], *told.settings))
    return asked


def _check(told: LearnOptions) -> None:
    known = [*LEARNERS, BY_HAND]
    if told.learner not in known:
        raise UnknownLearner(told.learner, known)
    if told.out.exists():
        raise PolicyExists(told.out)


def _reward(asked: Sequence[str]) -> dict[str, float]:
    found: dict[str, object] = {}
    for text in asked:
        name, _, number = text.partition("=")
        try:
            found[name.strip()] = float(number)
        except ValueError:
            raise BadReward(text, list(TERMS)) from None
        if name.strip() not in TERMS or not math.isfinite(float(number)):
            raise BadReward(text, list(TERMS))
    return checked_weights(found or dict(REWARD))


def _paid(reward: Mapping[str, float]) -> str:
    return ", ".join(f"{name} x {weight:g}" for name, weight in reward.items())


def _write(policy: LinearPolicy, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        policy.save(path)
    except OSError as error:
        raise CannotWrite(path, error, "name another file with --out") from None


def _conclude(course: Course, told: LearnOptions, terminal: Terminal) -> None:
    if course.failed:
        terminal.say(f"{course.failed:,} conversations failed; nothing was learnt from them")
    tenth = max(1, len(course.held) // 10)
    for name, part in (("first", course.held[:tenth]), ("last", course.held[-tenth:])):
        terminal.out(f"{name} {len(part):,} conversations: {_came_to(part)}")
    terminal.out(f"policy: {told.out}")


def _came_to(held: Sequence[Mapping[str, float]]) -> str:
    def mean(name: str) -> float:
        return math.fsum(one[name] for one in held) / max(1, len(held))

    return (
        f"{mean('sale'):.1%} end in a purchase, ${mean('revenue'):,.2f} net revenue, "
        f"${mean('surplus'):,.2f} of surplus to the buyer, {mean('turn'):.1f} turns"
    )
