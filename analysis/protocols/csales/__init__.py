"""Sales conversations in analysis: their tables, measures and section of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retailsim.analysis.projection.projection import Projection
from retailsim.analysis.protocol import ExperimentTable, Learning, ProtocolAnalysis
from retailsim.analysis.protocols.claims import CLAIMS_PER_EPISODE, claims_warning
from retailsim.analysis.protocols.claims import TABLES as CLAIM_TABLES
from retailsim.analysis.protocols.csales.conversations import COLUMNS, READ, TABLES
from retailsim.analysis.protocols.csales.told import CHAT, EXAMPLES, REMARKS

if TYPE_CHECKING:
    from retailsim.analysis.exhibits.beside import Beside
    from retailsim.analysis.exhibits.parts import Section
    from retailsim.analysis.experiments.outcomes import ExperimentOutcome
    from retailsim.analysis.policy.moves import Moves

__all__ = ["ANALYSIS"]


def _section(projection: Projection) -> Section:
    from retailsim.analysis.protocols.csales.report import sales_section

    return sales_section(projection)


def _thoughts(events: Sequence[Mapping[str, Any]]) -> Beside | None:
    from retailsim.analysis.protocols.csales.thoughts import thoughts

    return thoughts(events)


def _compared(runs: Mapping[str, Path], features: str) -> ExperimentOutcome:
    from retailsim.analysis.projection.loader import load
    from retailsim.analysis.protocols.csales.seller_table import table

    return table(load(runs["all"]))


def _ablated(runs: Mapping[str, Path], features: str) -> ExperimentOutcome:
    from retailsim.analysis.projection.loader import load
    from retailsim.analysis.protocols.csales.ablation_table import table

    return table(load(runs["all"]))


def _experiments() -> Mapping[str, ExperimentTable]:
    return {"csales": _compared, "csales-ablation": _ablated}


def _moves(projections: Mapping[str, Projection], learning: Learning) -> Moves:
    from retailsim.analysis.protocols.csales.moves import moves

    return moves(projections, learning)


ANALYSIS = ProtocolAnalysis(
    columns=COLUMNS,
    tables={**TABLES, **CLAIM_TABLES},
    measures=(CLAIMS_PER_EPISODE,),
    cautions=claims_warning("buyers, who have the sheets before them, trust such a seller less."),
    section=_section,
    examples=EXAMPLES,
    chat=CHAT,
    remarks=REMARKS,
    beside=_thoughts,
    experiments=_experiments,
    moves=_moves,
    reads=READ,
    listed={"profile": "Profile", "selected": "Chose"},
)
