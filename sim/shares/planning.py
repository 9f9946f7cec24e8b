"""``launch --shares``: make the folder of a run that is played in shares, and play nothing yet."""

from __future__ import annotations

import shlex

from retailsim.sim.budget.estimate import extent, show_plan
from retailsim.sim.run.launch import make, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal


def plan_shares(options: Options, terminal: Terminal) -> int:
    """Plan a run in shares, and say how they are played; returns the exit status.

    Raises
    ------
    BadShares
        If it cannot be divided into so many. What `launch` raises before it plays.
    """
    prepared = prepare(options, terminal)
    assert prepared.plan is not None
    if options.dry_run:
        return show_plan(prepared.design, options.budget, terminal, prepared.behavioral)
    run, shares = make(prepared), prepared.plan.shares
    terminal.say(f"{prepared.scenario.run.name}: {extent(prepared.design)}, in {shares:,} shares")
    if terminal.json:
        terminal.out_json({"run": str(run.path), "shares": shares})
        return 0
    program, place = program_name(), shlex.quote(str(run.path))
    terminal.out(f"planned: {run.path}")
    terminal.out(f"play each of its shares, anywhere: {program} shard {place} --share I")
    terminal.out(f"with I from 0 to {shares - 1}; then, once: {program} gather {place}")
    return 0
