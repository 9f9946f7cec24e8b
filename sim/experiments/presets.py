"""The experiments: what each asks, and which runs it is made of."""

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


class Preset(msgspec.Struct, frozen=True):
    """An experiment: what it asks, in a line, and its runs."""

    about: str
    arms: tuple[ExperimentArm, ...]


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "pairwise": Preset(
            "Table 4: what each seller sells to each buyer.",
            (ExperimentArm("all", "stand-ins"),),
        ),
        "demographic": Preset(
            "Table 2: who buys what is made for whom.",
            (ExperimentArm("all", "demographic"),),
        ),
        "price-demand": Preset(
            "Table 3: how purchases answer to the price.",
            (ExperimentArm("all", "price-demand"),),
        ),
        "elasticity": Preset(
            "Which buyers answer more to the price.",
            (ExperimentArm("all", "elasticity"),),
        ),
        "persona-effects": Preset(
            "Table 8: what traits of sellers and buyers do.",
            (
                ExperimentArm("buyers", "persona-buyers"),
                ExperimentArm("sellers", "persona-sellers"),
            ),
        ),
        "guidance": Preset(
            "Table 5: what a strategy is worth to a pitch.",
            tuple(
                ExperimentArm(f"{share}", "guidance", (f"design.guidance={share}",))
                for share in (0.0, 0.25, 0.5, 0.75, 1.0)
            ),
        ),
        "category-fit": Preset(
            "Table 10: which seller is good in which category.",
            (ExperimentArm("all", "stand-ins"),),
        ),
        "cost": Preset(
            "Table 7: tokens and dollars of an episode.",
            (ExperimentArm("all", "pairwise", ("products.per_category=3",)),),
        ),
        "economics": Preset(
            "Three regularities of demand: reproduced or not.",
            tuple(
                ExperimentArm(name, name) for name in ("demographic", "price-demand", "elasticity")
            ),
        ),
        "latent-persona": Preset(
            "Table 9: which traits show in what is said.",
            (
                ExperimentArm("labelled", "latent-persona"),
                ExperimentArm("unlabelled", "pairwise", ("products.per_category=6",)),
            ),
        ),
        "fidelity": Preset(
            "Table 1: forms for raters, and what they said.",
            (ExperimentArm("all", "latent-persona", ("products.per_category=3",)),),
        ),
        "csales": Preset(
            "Sellers in conversations over a catalogue.",
            (ExperimentArm("all", "csales"),),
        ),
        "csales-ablation": Preset(
            "What each part of the best of these sellers is worth.",
            (ExperimentArm("all", "csales-ablation"),),
        ),
    }
)
"""Experiment -> what it is; each scenario is a file that can be copied and changed."""

EXPERIMENTS: Mapping[str, tuple[ExperimentArm, ...]] = MappingProxyType(
    {name: preset.arms for name, preset in PRESETS.items()}
)
"""Experiment -> its runs."""

_LOOPS = {"policy": "Learnt sellers, judged with buyers they never met."}

ABOUT: Mapping[str, str] = MappingProxyType(
    {**{name: preset.about for name, preset in PRESETS.items()}, **_LOOPS}
)
"""Experiment -> what it asks, in a line."""

LOOPS = tuple(_LOOPS)
"""Experiments that are no runs of scenarios side by side: a protocol's own work."""


def arms_of(name: str) -> tuple[ExperimentArm, ...]:
    """Return the runs of an experiment; raises `BadScenario` where there is none of the name."""
    if name in LOOPS:
        command = f"{program_name()} experiment {name}"
        raise BadScenario("experiment", f"{name} has no runs to copy; run it by {command}")
    if name not in EXPERIMENTS:
        known = ", ".join((*EXPERIMENTS, *LOOPS))
        raise BadScenario("experiment", f"no experiment is called {name!r}; known: {known}")
    return EXPERIMENTS[name]
