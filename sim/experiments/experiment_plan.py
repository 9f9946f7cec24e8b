"""What an experiment takes: its episodes, which difference they can tell, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from retailsim.market.core.money import us_dollars
from retailsim.sim.budget.estimate import CostEstimate, counted, duration, estimate
from retailsim.sim.experiments.contrasts import (
    Assumptions,
    Contrast,
    contrasts,
    measured_in,
    shared_unit,
)
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.run.launch import read_scenario, stocked
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.protocol import new_design
from retailsim.sim.seats.cast import Cast
from retailsim.sim.terminal.terminal import Quiet, Terminal


class ArmPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of an experiment takes, and what it can tell.

    Parameters
    ----------
    contrasts : tuple of Contrast
        Its comparisons.
    shared : str
        What its episodes share: ``product`` or ``profile``.
    estimate : CostEstimate or None
        Of what the models cost; None where none takes part.
    """

    episodes: int
    contrasts: tuple[Contrast, ...]
    shared: str
    estimate: CostEstimate | None


def show_experiment_plan(
    name: str, arms: Mapping[str, Options], terminal: Terminal, pilot: Path | None = None
) -> int:
    """Print it; returns the exit status.

    Parameters
    ----------
    pilot : Path or None
        A run that says how alike products are; None: what is published does.
    """
    assumed = Assumptions() if pilot is None else measured_in(pilot)
    plans = {label: _plan(_design(options), assumed) for label, options in arms.items()}
    total = sum(one.episodes for one in plans.values())
    if terminal.json:
        told = {"experiment": name, "episodes": total, "assumed": assumed, "runs": plans}
        terminal.out_json(told)
        return 0
    terminal.out(f"{name}: {counted(len(arms), 'run')}, {counted(total, 'episode')}")
    shown: tuple[Contrast, ...] = ()
    for label, one in plans.items():
        terminal.out(f"{label}: {counted(one.episodes, 'episode')}; {_cost(one)}")
        if one.contrasts != shown:
            terminal.show(_table(one.contrasts, assumed))
        shown = one.contrasts
    for unit in dict.fromkeys(one.shared for one in plans.values()):
        terminal.out(_assumed(assumed, unit))
    return 0


def _plan(one: Design, assumed: Assumptions) -> ArmPlan:
    return ArmPlan(
        episodes=one.episodes,
        contrasts=tuple(contrasts(one, assumed)),
        shared=shared_unit(one),
        estimate=estimate(one),
    )


def _table(rows: Sequence[Contrast], assumed: Assumptions) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("Contrast")
    for heading in ("Episodes\na side", f"Tells from\n{assumed.rate:.0%}", *_needs(rows)):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in rows:
        tells = "-" if one.detectable is None else f"{100 * one.detectable:.1f} points"
        needed = (f"{one.needed[points]:,}" for points in one.needed)
        same = "paired" if one.paired else "unpaired"
        table.add_row(f"{one.between} ({same})", f"{one.episodes:,}", tells, *needed)
    return table


def _needs(rows: Sequence[Contrast]) -> Iterator[str]:
    return (f"needed for\n{points} points" for points in rows[0].needed)


def _assumed(assumed: Assumptions, unit: str) -> str:
    """Say in a line what the numbers rest on."""
    where = "as published; --pilot RUN measures it" if assumed.pilot is None else assumed.pilot
    return (
        f"power 80%, two-sided 5%, episodes a side; purchases of one {unit} correlate by "
        f"{assumed.intraclass:.2f} ({where}). Paired: both sides have the same {unit}s; runs of "
        "one seed share draws besides, and need fewer."
    )


def _design(options: Options) -> Design:
    scenario, folder = read_scenario(options)
    scenario, products = stocked(scenario, folder, Quiet())
    design = new_design(scenario, folder, products, options.scenario)
    # Whoever cannot take a seat says so.
    Cast(with_inputs(scenario, Path()), design.protocol, design.seed, folder, options.scenario)
    return design


def _cost(one: ArmPlan) -> str:
    found = one.estimate
    if found is None:
        return "nothing is spent"
    time = duration(found.seconds)
    if found.dollars is None:
        return f"a model has no price, so what it costs is not known (models.NAME.price); {time}"
    return f"{us_dollars(100 * found.dollars)} expected, {time}"
