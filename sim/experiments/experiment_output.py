"""What an experiment puts out: its tables on a terminal or as JSON, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from retailsim.sim.errors import CannotWrite
from retailsim.sim.terminal.terminal import Terminal

if TYPE_CHECKING:
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome
    from retailsim.sim.experiments.seed_cells import SeedCells


def tell(
    name: str,
    runs: Mapping[str, Path],
    outcome: ExperimentOutcome,
    terminal: Terminal,
    fitted: SeedCells | None = None,
) -> None:
    """Print an experiment's outcome, and its fitted figures with what other seeds show."""
    folders = {label: str(run) for label, run in runs.items()}
    if terminal.json:
        from retailsim.analysis.experiments.outcomes import told

        over_seeds = {"over_seeds": msgspec.to_builtins(fitted)} if fitted is not None else {}
        said = {"experiment": name, "runs": folders, "outcome": told(outcome)}
        terminal.out_json({**said, **over_seeds})
        return
    from retailsim.sim.experiments.experiment_tables import tables
    from retailsim.sim.experiments.seed_cells import seed_table

    terminal.show(*tables(outcome))
    for note in outcome.notes:  # about the tables above, so before the one of the seeds
        terminal.out(note)
    if fitted is not None:
        terminal.show(seed_table(fitted))
    for label, folder in folders.items():
        terminal.out(f"{label}: {folder}")


def draw(
    name: str,
    outcome: ExperimentOutcome,
    folder: Path,
    kind: Literal["png", "svg"],
    terminal: Terminal,
) -> None:
    """Draw an experiment's figures into a folder; raises `CannotWrite`."""
    from retailsim.analysis.experiments.figures import figures
    from retailsim.analysis.report.images import save

    drawn = figures(name, outcome)
    if not drawn:
        terminal.say(f"--charts: {name} has no figures, only its table")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for figure in drawn:
            terminal.say(f"chart: {save(figure, folder, kind)}")
    except OSError as error:
        raise CannotWrite(folder, error, "choose another --out") from None
