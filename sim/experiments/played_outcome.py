"""An experiment's outcome from its runs, with what was put into them told apart."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from retailsim.sim.experiments.presets import arms_of
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.run.launch import read_scenario
from retailsim.sim.run.launch_options import Options
from retailsim.sim.scenario.protocol import run_of, scenario_protocol

if TYPE_CHECKING:
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome


def played_outcome(
    name: str, runs: Mapping[str, Path], features: str = "tfidf"
) -> ExperimentOutcome:
    """Return an experiment's table, with its verdicts.

    Parameters
    ----------
    runs : mapping of str to Path
        The folders of its runs, by the labels of its arms.
    features : str
        Of texts, for ``latent-persona``.

    Raises
    ------
    AnalysisError
        If a run cannot be read, or says too little for the table.
    """
    from retailsim.analysis.protocols.experiment_outcome import outcome_of

    shipped = {arm.label: arm.scenario for arm in arms_of(name)}
    changed: dict[str, str] = {}
    for label, run in runs.items():
        changed |= changed_in(run, shipped[label])
    return outcome_of(name, runs, features, changed)


def changed_in(run: Path, shipped: str) -> Mapping[str, str]:
    """Return dotted keys of what a run's behavioral agents have not as shipped -> who set it."""
    folder = RunFolder(run)
    scenario = folder.read().scenario
    protocol = scenario_protocol(scenario, folder.inputs)
    ours, _ = read_scenario(Options(scenario=shipped))
    return run_of(protocol).changed(scenario, folder.inputs, ours)
