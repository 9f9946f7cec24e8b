"""How a run ends for the person: the tables, where it lies, and the exit status."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from sim.run_folder import RunFolder
from sim.runner import Outcome
from sim.terminal import Terminal


def conclude(run: RunFolder, outcome: Outcome, terminal: Terminal) -> int:
    """Show what came out of a run; returns the exit status."""
    if not outcome.finished:
        terminal.say(f"stopped; everything done is kept: python -m sim resume {run.path}")
    status = show_replay(run, terminal)
    return status if outcome.finished else 3


def show_replay(run: RunFolder, terminal: Terminal) -> int:
    """Replay a run and print its tables or its JSON; returns 1 if no episode closed."""
    from analysis.replay import replay

    result = replay(run.path)
    if terminal.json:
        terminal.out(msgspec.json.encode(result).decode())
    else:
        from analysis.tables import heatmap, measure_table

        terminal.show(measure_table(result), heatmap(result))
        terminal.out(f"run: {run.path}")
    return 0 if result.episodes.closed else 1


def show_replays(runs: Sequence[Path], terminal: Terminal) -> int:
    """Replay one or several runs; returns 0."""
    if len(runs) > 1 and terminal.json:
        from analysis.replay import replay

        results = {"runs": [replay(run) for run in runs]}
        terminal.out(msgspec.json.encode(results).decode())
        return 0
    for run in runs:
        show_replay(RunFolder(run), terminal)
    return 0
