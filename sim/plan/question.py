"""What `plan` is told, and what it answers."""

from __future__ import annotations

from pathlib import Path

import msgspec

from retailsim.sim.plan.needed import Asked, Needed


class PlanOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command was told."""

    scenario: str
    keys: tuple[str, ...] = ()
    difference: str
    measure: str = "conversion"
    power: float = 0.8
    runs: tuple[Path, ...] = ()
    settings: tuple[str, ...] = ()
    sellers: str | None = None
    buyers: str | None = None
    catalog: Path | None = None
    profiles: Path | None = None
    seed: int | None = None


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a plan.

    Parameters
    ----------
    asked : Asked
        What is to be told.
    level, change : float
        What the measure came to in the pilot's first arm, and changed by in the second.
    pilot_episodes, pilot_products : int
        Of each arm.
    pilot_runs : tuple of str
        The runs that it was taken from; empty: it was played.
    shared_draws : bool
        Whether the pilot's arms shared their draws.
    stand_ins : tuple of str
        Seats that behavioral agents took in the pilot.
    shared : str
        What episodes share: ``product`` or ``profile``.
    currency : str
        The ISO 4217 code of the catalogue's amounts; what models cost is in dollars.
    per_category : int or None
        The setting that gives so many products.
    """

    scenario: str
    measure: str
    asked: Asked
    level: float
    change: float
    pilot_episodes: int
    pilot_products: int
    pilot_runs: tuple[str, ...]
    shared_draws: bool
    stand_ins: tuple[str, ...]
    shared: str
    currency: str
    episodes_each: float
    per_category: int | None
    paired: Needed | None
    unpaired: Needed
