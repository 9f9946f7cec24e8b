"""A sweep before it is played: its arms, what launches each, and where each goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from retailsim.sim.folder.default_folder import default_folder
from retailsim.sim.run.launch_options import Options
from retailsim.sim.sweep.swept import SweepArm, Swept, arms, swept


class SweepOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    scenario: str
    keys: tuple[str, ...]
    out: Path | None = None
    settings: tuple[str, ...] = ()
    sellers: str | None = None
    buyers: str | None = None
    catalog: Path | None = None
    profiles: Path | None = None
    seed: int | None = None
    workers: int | None = None
    budget: float | None = None
    measure: str | None = None
    html: bool = False
    dry_run: bool = False


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """What is played: the swept keys, the arms, and where each goes.

    Parameters
    ----------
    runs : mapping of str to Options
        What launches each arm, by its label.
    """

    scenario: str
    keys: tuple[Swept, ...]
    arms: tuple[SweepArm, ...]
    folder: Path
    runs: Mapping[str, Options]

    @property
    def named(self) -> str:
        """The swept keys in one text."""
        return " and ".join(one.key for one in self.keys)

    @property
    def short(self) -> tuple[str, ...]:
        """The last part of each swept key."""
        return tuple(one.key.rpartition(".")[2] for one in self.keys)

    def said(self, label: str) -> str:
        """Return an arm's values with the short names of their keys."""
        arm = next(one for one in self.arms if one.label == label)
        pairs = zip(self.short, arm.values, strict=True)
        return " and ".join(f"{key} = {value}" for key, value in pairs)


def planned(asked: SweepOptions) -> Sweep:
    """Read and check every arm, before anything is played.

    Raises
    ------
    BadSweep, SimError
        If what is swept makes no sense, or the scenario of an arm does not.
    """
    keys = tuple(swept(one) for one in asked.keys)
    found = arms(keys)
    folder = asked.out or default_folder("sweep")
    runs = {
        arm.label: _options(asked, arm, folder / arm.folder(number))
        for number, arm in enumerate(found, start=1)
    }
    return Sweep(scenario=asked.scenario, keys=keys, arms=found, folder=folder, runs=runs)


def _options(asked: SweepOptions, arm: SweepArm, out: Path) -> Options:
    return Options(
        scenario=asked.scenario,
        seed=asked.seed,
        out=out,
        workers=asked.workers,
        sellers=asked.sellers,
        buyers=asked.buyers,
        catalog=asked.catalog,
        profiles=asked.profiles,
        budget=asked.budget,
        settings=(*asked.settings, *arm.settings),
    )
