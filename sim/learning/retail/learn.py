"""`policy learn` in the retail protocol: a seller's policy, learnt from simulated buyers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.retail.policy.by_hand import by_the_sheet
from retailsim.agents.retail.policy.features import VERSION
from retailsim.market.core.money import dollars, in_currency
from retailsim.sim.environments.retail.rewards import RANGES, TERMS, checked_weights
from retailsim.sim.errors import BadScenario
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.learning.asked_terms import asked_limit, asked_weights, paid
from retailsim.sim.learning.course import Lessons
from retailsim.sim.learning.errors import NotOffline, UnknownLearner
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.learners import LEARNERS
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.offline import LEARNER as FITTED
from retailsim.sim.learning.offline import check_offline, from_logs, runs_of
from retailsim.sim.learning.policy_file import check_new, write
from retailsim.sim.learning.promises import promised
from retailsim.sim.learning.retail.course import Course
from retailsim.sim.learning.retail.logged import RetailLogs
from retailsim.sim.play.progress import Progress
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Terminal

BY_HAND = "by-the-sheet"
"""The name of the baseline that learns nothing."""
REWARD: Mapping[str, float] = {"revenue_share": 1.0, "violations": -0.25}
"""Unless another is asked for: dollars would let the few dear products decide what is learnt, and
revenue alone is made by promising what no sheet carries."""
EVERY = 50
"""Episodes between two looks at the progress."""
TRAINING = "products.half=1"
"""What is learnt on; the other half is to judge by."""


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
    if told.seller is not None:
        raise NotOffline("--seller")
    known = [*LEARNERS, BY_HAND]
    if told.learner not in known:
        raise UnknownLearner(told.learner, known)
    check_new(told.out)
    if told.learner == BY_HAND:
        write(by_the_sheet(), told.out)
        terminal.out(f"policy: {told.out}, made by hand")
        return 0
    course = course_of(told)
    terminal.say(
        f"{told.learner} learns from {told.conversations:,} episodes with {course.profiles:,} "
        f"products, paid in {paid(course.lessons.reward)}"
    )
    with terminal.progress(told.conversations) as update:
        for done in course.run():
            if done % EVERY == 0 or done == told.conversations:
                update(Progress(markets=done, episodes=done, failed=course.failed))
    write(course.policy(), told.out)
    with in_currency(course.currency):
        _conclude(course, told, terminal)
    return 0


def _from_runs(
    runs: Sequence[Path], told: LearnOptions, said: Mapping[str, object], terminal: Terminal
) -> int:
    """Learn from logs, write the policy, and say what they say of it."""
    check_offline(told, said)
    reward = checked_weights(asked_weights(told.reward, TERMS) or dict(REWARD))
    limits = _limits(told)
    found = from_logs(
        RetailLogs(), VERSION, runs, reward=reward, limits=limits, seller=told.seller,
        seed=told.seed,
    )  # fmt: skip
    write(found.policy, told.out)
    teachers, judges = found.profiles
    terminal.out(
        f"{FITTED}: learnt from {found.taught:,} episodes with {teachers:,} products, paid in "
        f"{paid(reward)}"
    )
    for limit in limits:
        terminal.out(f"{limit.words}: no promise, play it with others to see")
    terminal.out(f"{found.judged:,} episodes with {judges:,} others: {found.verdict}")
    terminal.out(f"policy: {told.out}")
    return 0


def course_of(told: LearnOptions) -> Course:
    """Return the course that a command asks for.

    Raises
    ------
    SimError
        If something that it was told does not go.
    """
    meeting = _asked(told)
    scenario, _ = read_scenario(meeting)
    usual = dict(scenario.reward or REWARD)
    lessons = Lessons(
        learner=told.learner,
        conversations=told.conversations,
        seed=told.seed,
        reward=checked_weights(asked_weights(told.reward, TERMS) or usual),
        limits=_limits(told),
        sure=told.sure,
    )
    return Course(lessons, meeting)


def _asked(told: LearnOptions) -> Options:
    if told.profiles is not None:
        raise BadScenario(told.scenario, "its buyers have no profiles; leave --profiles out")
    asked = Options(
        scenario=told.scenario,
        catalog=told.catalog,
        buyers=told.buyers,
        settings=told.settings,
    )
    scenario, _ = read_scenario(asked)
    if scenario.products.ids is not None:  # they cannot be halved, and are nobody's by chance
        return asked
    return msgspec.structs.replace(asked, settings=(TRAINING, *told.settings))


def _limits(told: LearnOptions) -> tuple[Limit, ...]:
    asked = (*((text, False) for text in told.limit), *((text, True) for text in told.floor))
    found = (asked_limit(text, TERMS, RANGES, least=least) for text, least in asked)
    return tuple(
        Limit(term=term, bound=bound, least=least)
        for term, bound, least in found
        if bound is not None  # each has one here
    )


def _conclude(course: Course, told: LearnOptions, terminal: Terminal) -> None:
    if course.failed:
        terminal.say(f"{course.failed:,} episodes failed; nothing was learnt from them")
    tenth = max(1, len(course.held) // 10)
    for name, part in (("first", course.held[:tenth]), ("last", course.held[-tenth:])):
        terminal.out(f"{name} {len(part):,} episodes: {_came_to(part)}")
    for line in promised(course.chosen(), course.lessons.limits, "products", "episode"):
        terminal.out(line)
    terminal.out(f"policy: {told.out}")


def _came_to(held: Sequence[Mapping[str, float]]) -> str:
    def mean(name: str) -> float:
        return math.fsum(one[name] for one in held) / max(1, len(held))

    return (
        f"{mean('sale'):.1%} end in a purchase, {dollars(100 * mean('revenue'))} net revenue, "
        f"{mean('refund'):.1%} in a refund, {mean('violations'):.2f} violations, "
        f"{mean('satisfaction'):+.2f} stars above 3 on average"
    )
