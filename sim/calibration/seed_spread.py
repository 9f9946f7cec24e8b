"""Seed spread: how the fitted cells of the built-in scenarios vary over seeds, as measured once.

The files beside this one are written by ``calibrate published --rounds 0 --cells FILE``, and
likewise for ``stand-ins``. A run of one seed is shown with them, so that nobody takes its rates for
more than they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files

import msgspec

from retailsim.sim.calibration.unseen_seeds import UnseenSeeds

OURS = ("published", "stand-ins")
"""Targets that come with the package."""


@cache
def spread_of(name: str) -> UnseenSeeds:
    """Return what is known of the cells of one of our targets' files."""
    text = files("retailsim.sim.calibration").joinpath(f"seeds-{name}.toml").read_text("utf-8")
    return msgspec.convert(tomllib.loads(text), UnseenSeeds)


def spread_in(scenarios: Collection[str]) -> UnseenSeeds | None:
    """Return what is known of some scenarios' cells; None where none of them was fitted."""
    for name in OURS:
        found = spread_of(name)
        cells = tuple(cell for cell in found.cells if cell.scenario in scenarios)
        if cells:
            return msgspec.structs.replace(found, cells=cells)
    return None
