"""`policy learn`: a seller's policy, learnt in conversations with simulated buyers or from runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.agents.policy.linear import LearntLimit, LinearPolicy
from retailsim.market.core.money import dollars, in_currency
from retailsim.sim.environments.csales.rewards import RANGES, TERMS
from retailsim.sim.errors import BadScenario
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.learning.asked_terms import asked_limit, paid
from retailsim.sim.learning.course import Lessons
from retailsim.sim.learning.csales.asked_reward import asked_reward
from retailsim.sim.learning.csales.course import Course
from retailsim.sim.learning.csales.offline import from_logs
from retailsim.sim.learning.csales.own_rates import of_logs, with_bounds
from retailsim.sim.learning.errors import NotOffline, UnknownLearner
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.learners import LEARNERS
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.offline import LEARNER, check_offline, runs_of
from retailsim.sim.learning.policy_file import check_new, write
from retailsim.sim.learning.promises import promised
from retailsim.sim.play.progress import Progress
from retailsim.sim.protocols.csales.design import action_table
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Terminal

BY_HAND = "show-first"
"""The name of the baseline that learns nothing."""
REWARD: Mapping[str, float] = {"revenue_share": 1.0}
"""Unless another is asked for: dollars would let the few rich buyers decide what is learnt."""
EVERY = 50
"""Conversations between two looks at the progress."""
TRAINING = ("profiles.half=1", "products.half=1")
"""What is learnt on; the other halves are to judge by."""


def learn(terminal: Terminal, sources: Sequence[str], **options: Any) -> int:
    """Learn a policy and write its file; returns the exit status.

    Parameters
    ----------
    sources : sequence of str
        A scenario, or the folders of runs.
    **options
        Other fields of `LearnOptions`; None where nothing was said.

    Raises
    ------
    SimError
        If something that it was told does not go; nothing is written then.
    """
    said = {name: value for name, value in options.items() if value is not None}
    told = LearnOptions(scenario=sources[0], **said)
    if runs := runs_of(sources):
        with in_currency_of(*runs):
            return _from_runs(runs, told, said, terminal)
    return _in_conversations(told, terminal)


def _in_conversations(told: LearnOptions, terminal: Terminal) -> int:
    if told.seller is not None:
        raise NotOffline("--seller")
    _check(told)
    if told.learner == BY_HAND:
        scenario, _ = read_scenario(_asked(told))
        write(show_first(action_table(scenario)), told.out)
        terminal.out(f"policy: {told.out}, made by hand")
        return 0
    course = course_of(told, terminal)
    terminal.say(
        f"{told.learner} learns from {told.conversations:,} conversations with buyers of "
        f"{course.profiles:,} profiles, paid in {paid(course.lessons.reward)}"
    )
    with terminal.progress(told.conversations) as update:
        for done in course.run():
            if done % EVERY == 0 or done == told.conversations:
                update(Progress(markets=done, episodes=done, failed=course.failed))
    policy = course.policy()
    write(policy, told.out)
    with in_currency(course.currency):
        _conclude(course, policy, told, terminal)
    return 0


def _from_runs(
    runs: Sequence[Path], told: LearnOptions, said: Mapping[str, object], terminal: Terminal
) -> int:
    """Learn from logs, write the policy, and say what they say of it."""
    check_offline(told, said)
    reward, asked = asked_reward(told.reward, REWARD), _limits_asked(told)
    limits = of_logs(asked, runs, told.seller, terminal)
    found = from_logs(runs, reward=reward, limits=limits, seller=told.seller, seed=told.seed)
    write(found.policy, told.out)
    teachers, judges = found.profiles
    terminal.out(
        f"{LEARNER}: learnt from {found.taught:,} conversations with buyers of {teachers:,} "
        f"profiles, paid in {paid(reward)}"
    )
    kept = () if found.policy.learnt is None else found.policy.learnt.limits
    for limit, learnt in zip(limits, kept, strict=True):
        terminal.out(f"{limit.words}: {_path(learnt)}; no promise, play it with others to see")
    terminal.out(f"{found.judged:,} conversations of {judges:,} others: {found.verdict}")
    terminal.out(f"policy: {told.out}")
    return 0


def course_of(told: LearnOptions, terminal: Terminal) -> Course:
    """Return the course that a command asks for, its limits measured where they have no number.

    Raises
    ------
    SimError
        If something that it was told does not go.
    """
    meeting, limits = _asked(told), _limits_asked(told)
    scenario, _ = read_scenario(meeting)
    reward = asked_reward(told.reward, scenario.reward or REWARD)
    lessons = Lessons(
        learner=told.learner,
        conversations=told.conversations,
        seed=told.seed,
        reward=reward,
        limits=with_bounds(limits, meeting, terminal),
        sure=told.sure,
    )
    return Course(lessons, meeting)


def _limits_asked(told: LearnOptions) -> list[tuple[str, float | None, bool]]:
    asked = (*((text, False) for text in told.limit), *((text, True) for text in told.floor))
    alone = "what csi comes to"
    return [asked_limit(text, TERMS, RANGES, least=least, alone=alone) for text, least in asked]


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
    check_new(told.out)


def _conclude(course: Course, policy: LinearPolicy, told: LearnOptions, terminal: Terminal) -> None:
    if course.failed:
        terminal.say(f"{course.failed:,} conversations failed; nothing was learnt from them")
    tenth = max(1, len(course.held) // 10)
    for name, part in (("first", course.held[:tenth]), ("last", course.held[-tenth:])):
        terminal.out(f"{name} {len(part):,} conversations: {_came_to(part)}")
    for limit in () if policy.learnt is None else policy.learnt.limits:
        terminal.out(f"{_words(limit)}: {_path(limit)}")
    for line in promised(course.chosen(), course.lessons.limits, "profiles", "conversation"):
        terminal.out(line)
    terminal.out(f"policy: {told.out}")


def _words(limit: LearntLimit) -> str:
    return Limit(term=limit.term, bound=limit.bound, least=limit.least).words


def _path(limit: LearntLimit) -> str:
    shown = ", ".join(f"{price:.3g}" for price in limit.path[:: len(limit.path) // 8 or 1])
    return f"its price in reward: {shown}; in the end {limit.price:.3g}"


def _came_to(held: Sequence[Mapping[str, float]]) -> str:
    def mean(name: str) -> float:
        return math.fsum(one[name] for one in held) / max(1, len(held))

    return (
        f"{mean('sale'):.1%} end in a purchase, {mean('over_budget'):.1%} above the budget, "
        f"{dollars(100 * mean('revenue'))} net revenue, "
        f"{dollars(100 * mean('surplus'))} of surplus to the buyer, "
        f"{mean('turn'):.1f} turns"
    )
