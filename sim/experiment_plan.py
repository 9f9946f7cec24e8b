"""What an experiment takes: its episodes, which difference they can tell, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from events.streams import Seed
from sim.design import design_of
from sim.estimate import counted, duration, estimate
from sim.launch import Options, chosen_products, chosen_profiles, read_scenario
from sim.terminal import Quiet, Terminal

if TYPE_CHECKING:
    from sim.design import Design

DESIGN_EFFECT = 4.7
"""What clustering costs in the published trajectories: assumed before anything is run."""

_BASE = 0.6
"""The rate that differences are told from: about what is published."""


def show_experiment_plan(name: str, arms: Mapping[str, Options], terminal: Terminal) -> int:
    """Print it; returns the exit status."""
    from analysis.statistics.power import episodes_per_arm

    designs = {label: _design(options) for label, options in arms.items()}
    total = sum(one.episodes for one in designs.values())
    terminal.out(f"{name}: {counted(len(arms), 'run')}, {counted(total, 'episode')}")
    for label, one in designs.items():
        terminal.out(
            f"{label}: {counted(one.episodes, 'episode')}; two halves of it can tell {_tells(one)} "
            f"from 60 % (power 80 %, design effect {DESIGN_EFFECT}); {_cost(one)}"
        )
    needed = {
        points: episodes_per_arm(_BASE, _BASE + points / 100, design_effect=DESIGN_EFFECT)
        for points in (2, 5, 10)
    }
    said = ", ".join(f"{points} points: {n:,}" for points, n in needed.items())
    terminal.out(f"episodes needed in each of two groups to tell a difference of {said}")
    return 0


def _design(options: Options) -> Design:
    scenario, folder = read_scenario(options)
    products = chosen_products(scenario, folder, Quiet())
    profiles = chosen_profiles(scenario, folder)
    return design_of(scenario, products, profiles, Seed(scenario.run.seed))


def _tells(one: Design) -> str:
    from analysis.statistics.power import detectable

    rise = detectable(_BASE, one.episodes // 2, design_effect=DESIGN_EFFECT)
    return "no difference" if rise is None else f"a difference of {100 * rise:.1f} points"


def _cost(one: Design) -> str:
    found = estimate(one)
    if found is None:
        return "nothing is spent"
    dollars = "an unknown price" if found.dollars is None else f"${found.dollars:,.2f}"
    return f"{dollars} expected, {duration(found.seconds)}"
