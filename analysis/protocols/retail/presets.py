"""Every experiment's table, by its name.

Rates are shares from 0 to 1, money is cents. Whatever the agents are, a row that was published for
other agents (the models of Table 4) is printed on its own, for nobody here played that part.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from retailsim.analysis.experiments.demand import elasticity, price_demand
from retailsim.analysis.experiments.demographic import demographic
from retailsim.analysis.experiments.economics import economics
from retailsim.analysis.experiments.episode_cost import simulation_cost
from retailsim.analysis.experiments.guidance import guidance
from retailsim.analysis.experiments.outcomes import Arms, ExperimentOutcome
from retailsim.analysis.experiments.personas import persona_effects
from retailsim.analysis.experiments.sellers import category_fit, pairwise
from retailsim.analysis.projection.loader import load
from retailsim.analysis.protocol import ExperimentTable
from retailsim.analysis.protocols.retail.fidelity import fidelity

PROJECTED: Mapping[str, Callable[[Arms], ExperimentOutcome]] = MappingProxyType(
    {
        "pairwise": pairwise,
        "demographic": demographic,
        "price-demand": price_demand,
        "elasticity": elasticity,
        "persona-effects": persona_effects,
        "guidance": guidance,
        "category-fit": category_fit,
        "cost": simulation_cost,
        "economics": economics,
    }
)
"""Experiment -> its table, from the projections of its arms."""


def _projected(table: Callable[[Arms], ExperimentOutcome]) -> ExperimentTable:
    def outcome(runs: Mapping[str, Path], features: str) -> ExperimentOutcome:
        return table({label: load(run) for label, run in runs.items()})

    return outcome


def _latent_persona(runs: Mapping[str, Path], features: str) -> ExperimentOutcome:
    from retailsim.analysis.experiments.latent import latent_persona  # imports scikit-learn

    return latent_persona(runs["labelled"], runs["unlabelled"], features)


def _unrated(runs: Mapping[str, Path], features: str) -> ExperimentOutcome:
    return fidelity(None)


EXPERIMENTS: Mapping[str, ExperimentTable] = MappingProxyType(
    {
        **{name: _projected(table) for name, table in PROJECTED.items()},
        "latent-persona": _latent_persona,
        "fidelity": _unrated,
    }
)
"""Experiment -> its table, from the folders of its arms."""
