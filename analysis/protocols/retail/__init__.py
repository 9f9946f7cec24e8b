"""Retail in analysis: its claims and choices, its experiments, and what raters say of it.

Its other tables and measures are those that all protocols share.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocol import ExperimentTable, Learning, ProtocolAnalysis
from retailsim.analysis.protocols.claims import (
    CLAIMS_PER_EPISODE,
    TABLES,
    claims_warning,
)
from retailsim.analysis.protocols.retail.choices import CHOICES, EXAMPLES, MOVES_READ, REMARKS

if TYPE_CHECKING:
    from retailsim.analysis.annotation.scores import Scores
    from retailsim.analysis.exhibits.parts import Section
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome
    from retailsim.analysis.policy.moves import Moves

__all__ = ["ANALYSIS"]


def _section(projection: Projection) -> Section | None:
    from retailsim.analysis.protocols.claims_report import claims_section

    return claims_section(projection)


def _experiments() -> Mapping[str, ExperimentTable]:
    from retailsim.analysis.protocols.retail.presets import EXPERIMENTS

    return EXPERIMENTS


def _fidelity(scores: Scores | None) -> ExperimentOutcome:
    from retailsim.analysis.protocols.retail.fidelity import fidelity

    return fidelity(scores)


def _moves(projections: Mapping[str, Projection], learning: Learning) -> Moves:
    from retailsim.analysis.protocols.retail.moves import moves

    return moves(projections, learning)


ANALYSIS = ProtocolAnalysis(
    tables={**TABLES, **CHOICES},
    measures=(CLAIMS_PER_EPISODE,),
    section=_section,
    cautions=claims_warning(
        'such claims raise sales and come back as "not as described". See Claims.'
    ),
    examples=EXAMPLES,
    remarks=REMARKS,
    fidelity=_fidelity,
    experiments=_experiments,
    moves=_moves,
    reads=MOVES_READ,
)
