"""`experiment NAME`: runs a preset's arms and prints its table beside the published one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from sim.errors import BadScenario, MissingExtra, RunExists
from sim.terminal import Quiet, Terminal

if TYPE_CHECKING:
    from sim.launch import Options


class Arm(msgspec.Struct, frozen=True):
    """One run of an experiment: its label, its scenario and what is set in it."""

    label: str
    scenario: str
    settings: tuple[str, ...] = ()


EXPERIMENTS: Mapping[str, tuple[Arm, ...]] = MappingProxyType(
    {
        "pairwise": (Arm("all", "pairwise"),),
        "demographic": (Arm("all", "demographic"),),
        "price-demand": (Arm("all", "price-demand"),),
        "elasticity": (Arm("all", "elasticity"),),
        "persona-effects": (Arm("buyers", "persona-buyers"), Arm("sellers", "persona-sellers")),
        "guidance": tuple(
            Arm(f"{share}", "guidance", (f"design.guidance={share}",))
            for share in (0.0, 0.25, 0.5, 0.75, 1.0)
        ),
        "category-fit": (Arm("all", "pairwise"),),
        "cost": (Arm("all", "pairwise", ("products.per_category=3",)),),
        "economics": tuple(
            Arm(name, name) for name in ("demographic", "price-demand", "elasticity")
        ),
        "latent-persona": (
            Arm("labelled", "latent-persona"),
            Arm("unlabelled", "pairwise", ("products.per_category=6",)),
        ),
        "csales": (Arm("all", "csales"),),
    }
)
"""Experiment -> its runs; each scenario is a file that can be copied and changed."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    name: str
    out: Path | None = None
    settings: tuple[str, ...] = ()
    sellers: str | None = None
    buyers: str | None = None
    workers: int | None = None
    seed: int | None = None
    budget: float | None = None
    plan: bool = False
    features: str = "tfidf"


def experiment(asked: Asked, terminal: Terminal) -> int:
    """Run an experiment and print its table; returns the exit status."""
    if asked.name not in EXPERIMENTS:
        raise BadScenario("experiment", f"no {asked.name!r}; there are {', '.join(EXPERIMENTS)}")
    arms = EXPERIMENTS[asked.name]
    if asked.plan:
        from sim.experiment_plan import show_experiment_plan

        plans = {arm.label: _options(asked, arm, None) for arm in arms}
        return show_experiment_plan(asked.name, plans, terminal)
    try:
        import analysis.experiments.tables  # noqa: F401 - to fail before anything is run
    except ModuleNotFoundError as error:
        raise MissingExtra("experiment", error.name or "a package") from None
    folder = asked.out or Path("runs") / f"{asked.name}-{time.strftime('%Y%m%d-%H%M%S')}"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunExists(folder)
    for arm in arms:
        terminal.say(f"{asked.name}: {arm.label}")
        status = _run(asked, arm, folder / arm.label)
        if status:
            return status
    runs = {arm.label: folder / arm.label for arm in arms}
    return show(asked.name, runs, terminal, asked.features)


def _options(asked: Asked, arm: Arm, out: Path | None) -> Options:
    from sim.launch import Options

    return Options(
        scenario=arm.scenario,
        seed=asked.seed,
        out=out,
        workers=asked.workers,
        sellers=asked.sellers,
        buyers=asked.buyers,
        budget=asked.budget,
        parts=True,
        settings=(*arm.settings, *asked.settings),
    )


def _run(asked: Asked, arm: Arm, out: Path) -> int:
    from sim.launch import launch

    return launch(_options(asked, arm, out), Quiet())


def show(name: str, runs: Mapping[str, Path], terminal: Terminal, features: str = "tfidf") -> int:
    """Print an experiment's table from its runs; returns the exit status."""
    from analysis.experiments.tables import outcome_of

    outcome = outcome_of(name, runs, features)
    folders = {label: str(run) for label, run in runs.items()}
    if terminal.json:
        terminal.out_json({"experiment": name, "runs": folders, "outcome": outcome})
        return 0
    from sim.experiment_tables import tables

    terminal.show(*tables(outcome))
    for note in outcome.notes:
        terminal.out(note)
    for label, folder in folders.items():
        terminal.out(f"{label}: {folder}")
    return 0
