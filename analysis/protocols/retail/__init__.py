"""Retail in analysis: its experiments, and what raters say of it.

Its tables and measures are those that all protocols share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retailsim.analysis.protocol import ExperimentTable, ProtocolAnalysis

if TYPE_CHECKING:
    from retailsim.analysis.annotation.scores import Scores
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome

__all__ = ["ANALYSIS"]


def _experiments() -> Mapping[str, ExperimentTable]:
    from retailsim.analysis.protocols.retail.presets import EXPERIMENTS

    return EXPERIMENTS


def _fidelity(scores: Scores | None) -> ExperimentOutcome:
    from retailsim.analysis.protocols.retail.fidelity import fidelity

    return fidelity(scores)


ANALYSIS = ProtocolAnalysis(fidelity=_fidelity, experiments=_experiments)
