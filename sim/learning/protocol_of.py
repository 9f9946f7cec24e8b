"""Which protocol a policy is learnt for: that of the scenario it is to be learnt in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options


def protocol_of(source: str, settings: Sequence[str]) -> str:
    """Return the name of a protocol.

    Parameters
    ----------
    source : str
        A scenario, built-in or a file, or the folder of a run.
    settings : sequence of str
        What is laid over a scenario, as KEY=VALUE.

    Raises
    ------
    RetailSimError
        If there is no such scenario, or it cannot be read.
    """
    if (Path(source) / "run.toml").is_file():
        return RunFolder(Path(source)).read().scenario.design.protocol
    scenario, _ = read_scenario(Options(scenario=source, settings=tuple(settings)))
    return scenario.design.protocol
