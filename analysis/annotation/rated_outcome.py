"""What raters said of a run beside what was published, as its protocol has it."""

from __future__ import annotations

from pathlib import Path

from retailsim.analysis.annotation.errors import NOT_FOR_RATERS, NothingToRate
from retailsim.analysis.annotation.scores import Scores
from retailsim.analysis.experiments.outcomes import ExperimentOutcome
from retailsim.analysis.protocol import analysis_of


def rated_outcome(run: Path, scores: Scores) -> ExperimentOutcome:
    """Return what raters said of a run beside what was published.

    Raises
    ------
    NothingToRate
        If conversations of its protocol are not for raters.
    """
    fidelity = analysis_of(run).fidelity
    if fidelity is None:
        raise NothingToRate(str(run), NOT_FOR_RATERS)
    return fidelity(scores)
