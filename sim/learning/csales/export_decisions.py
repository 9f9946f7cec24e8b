"""`export RUN decisions`: what a run's sellers decided, as a Minari dataset."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retailsim.analysis.export.minari_dataset import write_minari
from retailsim.events.named_file import check_outside
from retailsim.market.protocols.csales.action_table import DEFAULT_TABLE
from retailsim.sim.errors import CannotWrite
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.learning.csales.asked_reward import asked_reward
from retailsim.sim.learning.csales.logged import read_logged
from retailsim.sim.scenario.protocol import environments
from retailsim.sim.terminal.terminal import Terminal

ENVIRONMENT = "retailsim/CSales-v0"


def export_decisions(
    terminal: Terminal, *, run: Path, out: Path, reward: Sequence[str] = ()
) -> int:
    """Write the dataset; returns the exit status.

    Parameters
    ----------
    run : Path
    out : Path
        A new folder, not among what the run is made of.
    reward : sequence of str
        Each TERM=WEIGHT; none: the revenue in dollars.

    Raises
    ------
    InsideRun, BadReward, CannotWrite
    BadDatasetName, FolderExists, MinariMissing
        As `analysis.export.minari_dataset.write_minari`.
    NotARunFolder, LogDamaged, BadLog, NoDecisions
        As `sim.learning.csales.logged.read_logged`.
    """
    check_outside(out)
    logged = read_logged([run], reward=asked_reward(reward, {"revenue": 1.0}))
    found, file = logged.decisions, RunFolder(run).read()
    about = {"run": file.run.id, "scenario": file.scenario.run.name}
    usual = found.names == DEFAULT_TABLE.names
    environment = (ENVIRONMENT, environments()[ENVIRONMENT]) if usual else None
    try:
        write_minari(found, logged.ends, out, about=about, environment=environment)
    except OSError as error:
        raise CannotWrite(out, error, "name another folder with --out") from None
    terminal.out(f"decisions: {out}")
    left = found.failed + found.unfinished
    if left:
        terminal.say(f"{left:,} conversations are left out: they failed or are not at their end")
    if not found.known.all():
        terminal.say("how likely a choice was is not known everywhere: propensities are NaN there")
    return 0
