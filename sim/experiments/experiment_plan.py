"""What an experiment takes: its episodes, which difference they can tell, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from retailsim.market.core.money import dollars
from retailsim.sim.budget.estimate import CostEstimate, counted, duration, estimate
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.run.launch import Options, chosen_products, read_scenario
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.terminal import Quiet, Terminal

if TYPE_CHECKING:
    from retailsim.sim.scenario.design import Design

DESIGN_EFFECT = 4.7
"""What clustering costs in the published trajectories: assumed before anything is run."""

_BASE = 0.6
"""The rate that differences are told from: about what is published."""


class ArmPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of an experiment takes.

    Parameters
    ----------
    detectable : float or None
        The smallest rise above `_BASE` that two halves of the episodes can tell; None if none.
    estimate : CostEstimate or None
        Of what the models cost; None where none takes part.
    """

    episodes: int
    detectable: float | None
    estimate: CostEstimate | None


def show_experiment_plan(name: str, arms: Mapping[str, Options], terminal: Terminal) -> int:
    """Print it; returns the exit status."""
    from retailsim.analysis.statistics.power import episodes_per_arm

    plans = {label: _plan(_design(options)) for label, options in arms.items()}
    total = sum(one.episodes for one in plans.values())
    needed = {
        points: episodes_per_arm(_BASE, _BASE + points / 100, design_effect=DESIGN_EFFECT)
        for points in (2, 5, 10)
    }
    if terminal.json:
        told = {"experiment": name, "episodes": total, "design_effect": DESIGN_EFFECT}
        terminal.out_json({**told, "needed": needed, "runs": plans})
        return 0
    terminal.out(f"{name}: {counted(len(arms), 'run')}, {counted(total, 'episode')}")
    for label, one in plans.items():
        terminal.out(
            f"{label}: {counted(one.episodes, 'episode')}; two halves of it can tell {_tells(one)} "
            f"from 60 % (power 80 %, design effect {DESIGN_EFFECT}); {_cost(one)}"
        )
    said = ", ".join(f"{points} points: {n:,}" for points, n in needed.items())
    terminal.out(f"episodes needed in each of two groups to tell a difference of {said}")
    return 0


def _plan(one: Design) -> ArmPlan:
    from retailsim.analysis.statistics.power import detectable

    rise = detectable(_BASE, one.episodes // 2, design_effect=DESIGN_EFFECT)
    return ArmPlan(episodes=one.episodes, detectable=rise, estimate=estimate(one))


def _design(options: Options) -> Design:
    scenario, folder = read_scenario(options)
    products = chosen_products(scenario, folder, Quiet())
    design = new_design(scenario, folder, products, options.scenario)
    # Whoever cannot take a seat says so.
    Cast(with_inputs(scenario, Path()), design.protocol, design.seed, folder, options.scenario)
    return design


def _tells(one: ArmPlan) -> str:
    if one.detectable is None:
        return "no difference"
    return f"a difference of {100 * one.detectable:.1f} points"


def _cost(one: ArmPlan) -> str:
    found = one.estimate
    if found is None:
        return "nothing is spent"
    time = duration(found.seconds)
    if found.dollars is None:
        return f"a model has no price, so what it costs is not known (models.NAME.price); {time}"
    return f"{dollars(100 * found.dollars)} expected, {time}"
