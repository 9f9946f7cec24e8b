"""A sweep read back from its folder: what was swept, and which run is which arm."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from retailsim.events.whole_file import read_bounded
from retailsim.sim.run.launch_options import Options
from retailsim.sim.sweep.errors import NotASweep
from retailsim.sim.sweep.sweep import MARK
from retailsim.sim.sweep.sweep_arms import Sweep
from retailsim.sim.sweep.swept import Swept, arms

_MOST_BYTES = 1 << 20


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """What of a sweep's words says which arms it has."""

    scenario: str
    keys: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...] = ()


def kept_sweep(folder: Path) -> Sweep:
    """Return the sweep of a folder; its arms need not have been played yet.

    Raises
    ------
    NotASweep
        If its words are missing, cannot be understood, or do not say in which order its keys were
        given.
    BadSweep
        If they make no arms.
    """
    try:
        told = msgspec.json.decode(read_bounded(folder / MARK, _MOST_BYTES), type=_Told)
    except (OSError, msgspec.MsgspecError) as error:
        raise NotASweep(folder, f"{MARK} cannot be read: {error}") from None
    order = told.order or tuple(told.keys)
    if set(order) != told.keys.keys() or (len(order) > 1 and not told.order):
        raise NotASweep(folder, f"{MARK} does not say in which order its keys were given")
    keys = tuple(Swept(key, told.keys[key]) for key in order)
    found = arms(keys)
    places = {arm.label: folder / arm.folder(number) for number, arm in enumerate(found, start=1)}
    runs = {label: Options(scenario=told.scenario, out=out) for label, out in places.items()}
    return Sweep(scenario=told.scenario, keys=keys, arms=found, folder=folder, runs=runs)
