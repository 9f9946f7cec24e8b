"""The experiments: which runs each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from retailsim.sim.errors import BadScenario
from retailsim.sim.terminal.program_name import program_name


class ExperimentArm(msgspec.Struct, frozen=True):
    """One run of an experiment: its label, its scenario and what is set in it."""

    label: str
    scenario: str
    settings: tuple[str, ...] = ()


EXPERIMENTS: Mapping[str, tuple[ExperimentArm, ...]] = MappingProxyType(
    {
        "pairwise": (ExperimentArm("all", "stand-ins"),),
        "demographic": (ExperimentArm("all", "demographic"),),
        "price-demand": (ExperimentArm("all", "price-demand"),),
        "elasticity": (ExperimentArm("all", "elasticity"),),
        "persona-effects": (
            ExperimentArm("buyers", "persona-buyers"),
            ExperimentArm("sellers", "persona-sellers"),
        ),
        "guidance": tuple(
            ExperimentArm(f"{share}", "guidance", (f"design.guidance={share}",))
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ),
        "category-fit": (ExperimentArm("all", "stand-ins"),),
        "cost": (ExperimentArm("all", "pairwise", ("products.per_category=3",)),),
        "economics": tuple(
            ExperimentArm(name, name) for name in ("demographic", "price-demand", "elasticity")
        ),
        "latent-persona": (
            ExperimentArm("labelled", "latent-persona"),
            ExperimentArm("unlabelled", "pairwise", ("products.per_category=6",)),
        ),
        "fidelity": (ExperimentArm("all", "latent-persona", ("products.per_category=3",)),),
        "csales": (ExperimentArm("all", "csales"),),
        "csales-ablation": (ExperimentArm("all", "csales-ablation"),),
    }
)
"""Experiment -> its runs; each scenario is a file that can be copied and changed."""

ABOUT: Mapping[str, str] = MappingProxyType(
    {
        "pairwise": "Table 4: what each seller sells to each buyer.",
        "demographic": "Table 2: who buys what is made for whom.",
        "price-demand": "Table 3: how purchases answer to the price.",
        "elasticity": "Who answers more to the price.",
        "persona-effects": "Table 8: what traits of sellers and buyers do.",
        "guidance": "Table 5: what a strategy is worth to a pitch.",
        "category-fit": "Table 10: which seller is good with which goods.",
        "cost": "Table 7: tokens and dollars of an episode.",
        "economics": "Three regularities of demand: reproduced or not.",
        "latent-persona": "Table 9: which traits show in what is said.",
        "fidelity": "Table 1: forms for raters, and what they said.",
        "csales": "Sellers in conversations over a catalogue.",
        "csales-ablation": "What the best of them is worth in parts.",
        "policy": "Learnt sellers, judged with buyers they never met.",
    }
)
"""Experiment -> what it asks, in a line."""

LOOPS = ("policy",)
"""Experiments that are no runs of scenarios side by side: a protocol's own work."""


def arms_of(name: str) -> tuple[ExperimentArm, ...]:
    """Return the runs of an experiment; raises `BadScenario` where there is none of the name."""
    if name in LOOPS:
        command = f"{program_name()} experiment {name}"
        raise BadScenario("experiment", f"{name} is no set of runs; it is had by {command}")
    if name not in EXPERIMENTS:
        known = ", ".join((*EXPERIMENTS, *LOOPS))
        raise BadScenario("experiment", f"no experiment is called {name!r}; known: {known}")
    return EXPERIMENTS[name]
