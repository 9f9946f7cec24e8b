"""An experiment's table from its runs, whatever their protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from retailsim.analysis.experiments.outcomes import ExperimentOutcome, Spread
from retailsim.analysis.experiments.verdicts import AS_SHIPPED, NO_SPREADS, judged
from retailsim.analysis.measures.failures import failures_told
from retailsim.analysis.measures.scope import illustration, scope
from retailsim.analysis.measures.table import PROFIT, measure
from retailsim.analysis.projection.errors import AnalysisError
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocol import analysis_of
from retailsim.analysis.replay.replay import replay


class NoSuchExperiment(AnalysisError):
    """The protocol that was played has no experiment of this name."""

    def __init__(self, name: str, run: Path) -> None:
        super().__init__(f"{run}: its protocol has no experiment {name!r}")


def outcome_of(
    name: str,
    runs: Mapping[str, Path],
    features: str = "tfidf",
    changed: Mapping[str, str] = AS_SHIPPED,
    spreads: Mapping[str, Spread] = NO_SPREADS,
) -> ExperimentOutcome:
    """Return an experiment's table from its runs, by the labels of its arms, with its verdicts.

    Where episodes failed, a note for each arm says how many and what that leaves open.

    Parameters
    ----------
    features : str
        Of texts, for ``latent-persona``.
    changed : mapping of str to str
        Dotted keys of parameters and options that the runs' behavioral agents have other than as
        shipped, such as ``buyer.choice.price`` -> who set them: what hangs on these was not put in
        by the fit.
    spreads : mapping of str to Spread
        What other seeds show of the cells that were put in, where that is known.

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
    outcome = judged(known[name](runs, features), changed, spreads)
    played = [load(folder).episodes for folder in runs.values()]
    about = (str(scope(played[0])), *_of_profit(outcome), *illustration(*played))
    notes = (*outcome.notes, *_failures(runs))
    return msgspec.structs.replace(outcome, notes=notes, about=about)


def _of_profit(outcome: ExperimentOutcome) -> Iterator[str]:
    """Say what profit is where a column has it."""
    values = (value for row in outcome.rows for value in row.values)
    if any(value.name.startswith(measure("profit_cents").tag) for value in values):
        yield f"Profit is {PROFIT}."


def _failures(runs: Mapping[str, Path]) -> Iterator[str]:
    for label, run in runs.items():
        found = replay(run)
        told = failures_told(found.episodes.failed, found.overall)
        if told:
            yield f"{label}: {told}" if len(runs) > 1 else told
