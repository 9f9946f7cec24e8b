"""`policy learn` in the retail protocol: a seller's policy, learnt from simulated buyers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.retail.policy.by_hand import by_the_sheet
from retailsim.agents.retail.policy.features import VERSION
from retailsim.market.core.money import dollars
from retailsim.sim.environments.retail.rewards import RANGES, TERMS, checked_weights
from retailsim.sim.errors import BadScenario
from retailsim.sim.learning.asked_terms import asked_limit, asked_weights
from retailsim.sim.learning.course import Lessons
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.offline import FromLogs, from_logs
from retailsim.sim.learning.retail.course import Course
from retailsim.sim.learning.retail.logged import RetailLogs
from retailsim.sim.learning.school import School, learn_in
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Terminal

REWARD: Mapping[str, float] = {"revenue_share": 1.0, "violations": -0.25}
"""Unless another is asked for: dollars would let the few dear products decide what is learnt, and
revenue alone is made by promising what no sheet carries."""
TRAINING = "products.half=1"
"""What is learnt on; the other half is to judge by."""


def learn(terminal: Terminal, sources: Sequence[str], **options: Any) -> int:
    """Learn a policy and write its file; see `sim.learning.school.learn_in`."""
    return learn_in(SCHOOL, terminal, sources, options)


def _from_runs(
    runs: Sequence[Path], told: LearnOptions, terminal: Terminal
) -> tuple[FromLogs, Mapping[str, float], Sequence[Limit]]:
    reward = checked_weights(asked_weights(told.reward, TERMS) or dict(REWARD))
    limits = _limits(told)
    found = from_logs(
        RetailLogs(), VERSION, runs, reward=reward, limits=limits, seller=told.seller,
        seed=told.seed,
    )  # fmt: skip
    return found, reward, limits


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


def _came_to(held: Sequence[Mapping[str, float]]) -> str:
    def mean(name: str) -> float:
        return math.fsum(one[name] for one in held) / max(1, len(held))

    return (
        f"{mean('sale'):.1%} end in a purchase, {dollars(100 * mean('revenue'))} net revenue, "
        f"{mean('refund'):.1%} in a refund, {mean('violations'):.2f} violations, "
        f"{mean('satisfaction'):+.2f} stars above 3 on average"
    )


SCHOOL = School(
    met="products",
    among="with",
    others="with",
    by_hand="by-the-sheet",
    hand_made=lambda told: by_the_sheet(),
    course=lambda told, terminal: course_of(told),
    from_logs=_from_runs,
    came_to=_came_to,
    price_paths=False,
)
