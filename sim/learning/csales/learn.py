"""`policy learn`: a seller's policy, learnt in conversations with simulated buyers or from runs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.csales.policy.by_hand import show_first
from retailsim.agents.policy.linear import LinearPolicy
from retailsim.market.core.money import dollars
from retailsim.sim.environments.csales.rewards import RANGES, TERMS
from retailsim.sim.errors import BadScenario
from retailsim.sim.learning.asked_terms import asked_limit
from retailsim.sim.learning.course import Lessons
from retailsim.sim.learning.csales.asked_reward import asked_reward
from retailsim.sim.learning.csales.course import Course
from retailsim.sim.learning.csales.offline import from_logs
from retailsim.sim.learning.csales.own_rates import of_logs, with_bounds
from retailsim.sim.learning.learn_options import LearnOptions
from retailsim.sim.learning.limits import Limit
from retailsim.sim.learning.offline import FromLogs
from retailsim.sim.learning.school import School, learn_in
from retailsim.sim.protocols.csales.design import action_table
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.terminal import Terminal

REWARD: Mapping[str, float] = {"revenue_share": 1.0}
"""Unless another is asked for: dollars would let the few rich buyers decide what is learnt."""
TRAINING = ("profiles.half=1", "products.half=1")
"""What is learnt on; the other halves are to judge by."""


def learn(terminal: Terminal, sources: Sequence[str], **options: Any) -> int:
    """Learn a policy and write its file; see `sim.learning.school.learn_in`."""
    return learn_in(SCHOOL, terminal, sources, options)


def _by_hand(told: LearnOptions) -> LinearPolicy:
    scenario, _ = read_scenario(_asked(told))
    return show_first(action_table(scenario))


def _from_runs(
    runs: Sequence[Path], told: LearnOptions, terminal: Terminal
) -> tuple[FromLogs, Mapping[str, float], Sequence[Limit]]:
    reward, asked = asked_reward(told.reward, REWARD), _limits_asked(told)
    limits = of_logs(asked, runs, told.seller, terminal)
    found = from_logs(runs, reward=reward, limits=limits, seller=told.seller, seed=told.seed)
    return found, reward, limits


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


def _came_to(held: Sequence[Mapping[str, float]]) -> str:
    def mean(name: str) -> float:
        return math.fsum(one[name] for one in held) / max(1, len(held))

    return (
        f"{mean('sale'):.1%} end in a purchase, {mean('over_budget'):.1%} above the budget, "
        f"{dollars(100 * mean('revenue'))} net revenue, "
        f"{dollars(100 * mean('surplus'))} of surplus to the buyer, "
        f"{mean('turn'):.1f} turns"
    )


SCHOOL = School(
    met="profiles",
    among="with buyers of",
    others="of",
    by_hand="show-first",
    hand_made=_by_hand,
    course=course_of,
    from_logs=_from_runs,
    came_to=_came_to,
    price_paths=True,
)
