"""The figures that experiments call put in are the targets of the fit, no more and no fewer."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest

from retailsim.agents.retail.behavioral.parameters import load_parameters
from retailsim.analysis.experiments.put_in import fitted_tables
from retailsim.sim.calibration.targets import Target, read_targets


def targets() -> list[Target]:
    folder = Path(str(files("retailsim.sim.calibration")))
    return [
        target
        for name in ("published", "stand-ins")
        for target in read_targets(folder / f"{name}.toml").targets
    ]


def test_the_cells_that_were_fitted_are_the_targets_of_the_fit() -> None:
    cells = [
        f"{table.name}: {cell}"
        for table in fitted_tables()
        if table.how == "fitted"
        for cell in table.cells
    ]
    assert sorted(cells) == sorted(target.name for target in targets() if target.fitted)


def test_what_was_chosen_by_hand_was_no_target() -> None:
    chosen = {table.name for table in fitted_tables() if table.how == "chosen"}
    assert chosen == {"Table 5", "Elasticity"}
    assert not any(target.name.startswith(tuple(chosen)) for target in targets())


def keys(tree: dict[str, Any], above: str = "") -> set[str]:
    """Dotted keys of all tables and values."""
    below = [keys(v, f"{above}{k}.") for k, v in tree.items() if isinstance(v, dict)]
    return {f"{above}{key}" for key in tree}.union(*below)


@pytest.mark.parametrize("table", fitted_tables(), ids=lambda table: table.name)
def test_an_effect_hangs_on_parameters_that_there_are(table: Any) -> None:
    known = keys(msgspec.to_builtins(load_parameters(None))) | {"buyer.anchor.price"}
    for hangs_on in table.effects.values():
        assert {key for key in hangs_on if ".options." not in key} <= known
