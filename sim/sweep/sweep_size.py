"""What a sweep takes: its arms, their episodes, and what the models cost together."""

from __future__ import annotations

from retailsim.market.core.money import us_dollars
from retailsim.sim.budget.estimate import counted, duration, estimate
from retailsim.sim.run.launch import prepare
from retailsim.sim.sweep.sweep_arms import Sweep
from retailsim.sim.terminal.terminal import Quiet, Terminal


def show_size(found: Sweep, budget: float | None, terminal: Terminal) -> int:
    """Check every arm as a launch would, and print the size of all together; returns 0."""
    import msgspec

    designs = {
        label: prepare(msgspec.structs.replace(options, dry_run=True), Quiet()).design
        for label, options in found.runs.items()
    }
    estimates = [one for one in map(estimate, designs.values()) if one is not None]
    costs = [one.dollars for one in estimates if one.dollars is not None]
    known = len(costs) == len(estimates)
    episodes = sum(design.episodes for design in designs.values())
    if terminal.json:
        each = {label: design.episodes for label, design in designs.items()}
        terminal.out_json(
            {"episodes": episodes, "arms": each, "dollars": sum(costs) if known else None}
        )
        return 0
    terminal.out(f"{found.named}: {counted(len(designs), 'run')}, {counted(episodes, 'episode')}")
    if not estimates:
        terminal.out("nothing is spent: no language model takes part")
    elif known:
        seconds = duration(sum(one.seconds for one in estimates))
        terminal.out(f"{us_dollars(100 * sum(costs))} expected, {seconds}")
    else:
        terminal.out("a model has no price, so what it costs is not known (models.NAME.price)")
    return 0
