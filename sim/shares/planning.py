"""``launch --shares``: make the folder of a run that is played in shares, and play nothing yet."""

from __future__ import annotations

import shlex

from retailsim.events.object_store import Objects, is_address
from retailsim.sim.budget.estimate import extent, show_plan
from retailsim.sim.run.launch import make, prepare
from retailsim.sim.run.launch_options import Options
from retailsim.sim.shares.errors import NotPut
from retailsim.sim.shares.kept_in_store import put_run
from retailsim.sim.terminal.program_name import program_name
from retailsim.sim.terminal.terminal import Terminal


def plan_shares(options: Options, terminal: Terminal) -> int:
    """Plan a run in shares, and say how they are played; returns the exit status.

    Raises
    ------
    BadShares, NotPut
        If it cannot be divided into so many, or put where it is to be. What `launch` raises before
        it plays.
    """
    prepared = prepare(options, terminal)
    assert prepared.plan is not None
    objects = free_address(options.store) if options.store else None
    if options.dry_run:
        return show_plan(prepared.design, options.budget, terminal, prepared.behavioral)
    run, shares = make(prepared), prepared.plan.shares
    if objects is not None:
        put_run(objects, run)
    terminal.say(f"{prepared.scenario.run.name}: {extent(prepared.design)}, in {shares:,} shares")
    if terminal.json:
        terminal.out_json({"run": str(run.path), "shares": shares})
        return 0
    program, place = program_name(), shlex.quote(str(run.path))
    terminal.out(f"planned: {run.path}")
    if objects is not None:
        place = shlex.quote(objects.address)
        terminal.out(f"in the store: {objects.address}")
    terminal.out(f"play each of its shares, anywhere: {program} shard {place} --share I")
    terminal.out(f"with I from 0 to {shares - 1}; then, once: {program} gather {place}")
    return 0


def free_address(address: str) -> Objects:
    """Return an address in a store under which there is nothing yet, for a run.

    Raises
    ------
    NotPut
        If there is, or the run could not be there.
    """
    if not is_address(address):
        raise NotPut(address, "write an address such as s3://BUCKET/NAME")
    objects = Objects(address)
    if objects.sizes():
        raise NotPut(address, "there is something already; choose another name")
    return objects
