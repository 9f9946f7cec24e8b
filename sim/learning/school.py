"""`policy learn`: a seller's policy, learnt from simulated episodes or from runs, and its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retailsim.agents.policy.linear import LearntLimit, LinearPolicy
from retailsim.market.core.money import in_currency
from retailsim.sim.folder.currency import in_currency_of
from retailsim.sim.learning.asked_terms import paid
from retailsim.sim.learning.course import SeatCourse
from retailsim.sim.learning.errors import OnlyOfRuns, UnknownLearner
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.learners import LEARNERS
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.offline import LEARNER, FromLogs, check_offline, runs_of
from retailsim.sim.learning.policy_file import check_new, write
from retailsim.sim.learning.promises import promised
from retailsim.sim.play.progress import Progress
from retailsim.sim.terminal.terminal import Terminal

EVERY = 50
"""Episodes between two looks at the progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """What a protocol is to those who learn policies in it.

    Parameters
    ----------
    met, among : str
        What the learner meets, many of them, and the words that lead up to that.
    others : str
        The word that leads up to those that judge what logs taught.
    by_hand : str
        The name of the baseline that learns nothing.
    hand_made : callable
        ``told -> policy``: that baseline.
    course : callable
        ``(told, terminal) -> SeatCourse``: what a command asks for.
    from_logs : callable
        ``(runs, told, terminal) -> (FromLogs, reward, limits)``: what runs teach, for which reward
        and within which limits.
    came_to : callable
        ``episodes -> text``: what episodes came to, each the sums of its terms.
    price_paths : bool
        Whether it is said how the prices of limits moved.
    """

    met: str
    among: str
    others: str
    by_hand: str
    hand_made: Callable[[LearnOptions], LinearPolicy]
    course: Callable[[LearnOptions, Terminal], SeatCourse]
    from_logs: Callable[
        [Sequence[Path], LearnOptions, Terminal],
        tuple[FromLogs, Mapping[str, float], Sequence[Limit]],
    ]
    came_to: Callable[[Sequence[Mapping[str, float]]], str]
    price_paths: bool


def learn_in(
    school: School, terminal: Terminal, sources: Sequence[str], options: Mapping[str, Any]
) -> int:
    """Learn a policy and write its file; returns the exit status.

    Parameters
    ----------
    sources : sequence of str
        A scenario, or the folders of runs.
    options : mapping
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
            check_offline(told, said)
            _from_runs(school, runs, told, terminal)
    else:
        _check(school, told)
        _from_scenario(school, told, terminal)
    return 0


def _check(school: School, told: LearnOptions) -> None:
    if told.seller is not None:
        raise OnlyOfRuns("--seller")
    known = [*LEARNERS, school.by_hand]
    if told.learner not in known:
        raise UnknownLearner(told.learner, known)
    check_new(told.out)


def _from_scenario(school: School, told: LearnOptions, terminal: Terminal) -> None:
    """Learn from episodes that are played, write the policy, and say how it went."""
    if told.learner == school.by_hand:
        write(school.hand_made(told), told.out)
        terminal.out(f"policy: {told.out}, made by hand")
        return
    course = school.course(told, terminal)
    terminal.say(
        f"{told.learner} learns from {told.conversations:,} conversations {school.among} "
        f"{course.profiles:,} {school.met}, paid in {paid(course.lessons.reward)}"
    )
    with terminal.progress(told.conversations) as update:
        for done in course.run():
            if done % EVERY == 0 or done == told.conversations:
                update(Progress(markets=done, episodes=done, failed=course.failed))
    policy = course.policy()
    write(policy, told.out)
    with in_currency(course.currency):
        _conclude(school, course, policy, terminal)
    terminal.out(f"policy: {told.out}")


def _conclude(school: School, course: SeatCourse, policy: LinearPolicy, terminal: Terminal) -> None:
    """Say what the episodes came to, at first and in the end, and what the policy promises."""
    if course.failed:
        terminal.say(f"{course.failed:,} conversations failed; nothing was learnt from them")
    tenth = max(1, len(course.held) // 10)
    for name, part in (("first", course.held[:tenth]), ("last", course.held[-tenth:])):
        terminal.out(f"{name} {len(part):,} conversations: {school.came_to(part)}")
    paths = _paths(school, policy)
    for limit, path in zip(course.lessons.limits if paths else (), paths, strict=True):
        terminal.out(f"{limit.words}: {path}")
    for line in promised(course.chosen(), course.lessons.limits, school.met):
        terminal.out(line)


def _from_runs(
    school: School, runs: Sequence[Path], told: LearnOptions, terminal: Terminal
) -> None:
    """Learn from logs, write the policy, and say what they say of it."""
    found, reward, limits = school.from_logs(runs, told, terminal)
    write(found.policy, told.out)
    teachers, judges = found.profiles
    terminal.out(
        f"{LEARNER}: learnt from {found.taught:,} conversations {school.among} {teachers:,} "
        f"{school.met}, paid in {paid(reward)}"
    )
    paths = _paths(school, found.policy) or [""] * len(limits)
    for limit, path in zip(limits, paths, strict=True):
        moved = f"{path}; " if path else ""
        terminal.out(f"{limit.words}: {moved}no promise, play it with others to see")
    terminal.out(
        f"{found.judged:,} conversations {school.others} {judges:,} others: {found.verdict}"
    )
    terminal.out(f"policy: {told.out}")


def _paths(school: School, policy: LinearPolicy) -> list[str]:
    """Return how the price of each limit moved; nothing where that is not said."""
    if not school.price_paths or policy.learnt is None:
        return []
    return [_path(limit) for limit in policy.learnt.limits]


def _path(limit: LearntLimit) -> str:
    shown = ", ".join(f"{price:.3g}" for price in limit.path[:: len(limit.path) // 8 or 1])
    return f"its price in reward: {shown}; in the end {limit.price:.3g}"
