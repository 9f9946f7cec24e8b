"""What behavioral agents of a run were given other than what their parameters were fitted with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.retail.behavioral.parameters import load_parameters
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import ROLES

_BEHAVIORAL = "behavioral"
_FILE, _WALLET = "parameters", "buyer.wallet"


def changed_parameters(scenario: Scenario, inputs: Path, shipped: Scenario) -> frozenset[str]:
    """Return dotted keys of what is not as shipped, over all behavioral seats.

    Parameters
    ----------
    scenario : Scenario
        The run's own.
    inputs : Path
        Where its files are.
    shipped : Scenario
        The built-in one that it was made from, whose seats have the fitted options.

    Returns
    -------
    frozenset of str
        Parameters as ``buyer.choice.price``, options as ``buyer.options.price``, traits as
        ``buyer.persona.pickiness``; ``buyer.wallet`` for the scenario's factors on it. A seat
        ``PART@NAME`` is compared with the seat ``PART``.

    Raises
    ------
    BadOption
        If a file of parameters cannot be read.
    """
    told = with_inputs(scenario, inputs)
    found: set[str] = set()
    if scenario.behavioral.wallet != shipped.behavioral.wallet:
        found.add(_WALLET)
    for role, seats, ours in zip(
        ROLES, (told.sellers, told.buyers), (shipped.sellers, shipped.buyers), strict=True
    ):
        known = {seat.id: seat for seat in ours}
        for seat in seats:
            if seat.agent == _BEHAVIORAL:
                found.update(_parameters(seat))
                base = known.get(seat.id) or known.get(seat.id.partition("@")[0])
                found.update(f"{role}.{key}" for key in _own(seat, base))
    return frozenset(found)


def _parameters(seat: AgentTable) -> Iterator[str]:
    """Yield the keys whose values a seat's file of parameters changes."""
    path = seat.options.get(_FILE)
    if isinstance(path, str):
        ours, theirs = (_flat(msgspec.to_builtins(load_parameters(p))) for p in (None, path))
        yield from (key for key, value in theirs.items() if ours.get(key) != value)


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Dotted key -> value of every leaf."""
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            leaves |= _flat(value, f"{above}{key}.")
        else:
            leaves[f"{above}{key}"] = value
    return leaves


def _own(seat: AgentTable, base: AgentTable | None) -> Iterator[str]:
    """Yield the options and traits in which a seat differs from the shipped one."""
    pairs = (
        ("options", seat.options, base.options if base else {}),
        ("persona", seat.persona or {}, (base.persona if base else None) or {}),
    )
    for what, here, there in pairs:
        for key in sorted({*here, *there} - {_FILE}):
            if here.get(key) != there.get(key):
                yield f"{what}.{key}"
