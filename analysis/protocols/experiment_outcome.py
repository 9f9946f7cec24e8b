"""An experiment's table from its runs, whatever their protocol."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from retailsim.analysis.experiments.outcomes import ExperimentOutcome
from retailsim.analysis.projection.errors import AnalysisError
from retailsim.analysis.protocol import analysis_of


class NoSuchExperiment(AnalysisError):
    """The protocol that was played has no experiment of this name."""

    def __init__(self, name: str, run: Path) -> None:
        super().__init__(f"{run}: its protocol has no experiment {name!r}")


def outcome_of(name: str, runs: Mapping[str, Path], features: str = "tfidf") -> ExperimentOutcome:
    """Return an experiment's table from its runs, by the labels of its arms.

    Parameters
    ----------
    features : str
        Of texts, for ``latent-persona``.

    Raises
    ------
    NoSuchExperiment
        If the protocol of the runs has none of this name.
    AnalysisError
        What `analysis.projection.loader.load` raises.
    """
    run = next(iter(runs.values()))
    known = analysis_of(run).experiments()
    if name not in known:
        raise NoSuchExperiment(name, run)
    return known[name](runs, features)
