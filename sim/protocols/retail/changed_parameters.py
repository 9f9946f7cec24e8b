"""What behavioral agents of a run were given other than what their parameters were fitted with.

A change counts if it is larger than `TOLERANCE` and if all behavioral agents of the role have it:
of buyers who are mostly as shipped, most of what shows is still what was put in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.persona import TRAITS
from retailsim.agents.retail.behavioral.parameter_sets import PAPER, SETS, base_of
from retailsim.agents.retail.behavioral.parameters import disposition, load_parameters, manner
from retailsim.events.messages import Role
from retailsim.sim.folder.inputs import with_inputs
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import ROLES

_BEHAVIORAL = "behavioral"
_FILE, _WALLET, _LEVELS, _ANCHOR = "parameters", "buyer.wallet", "levels", "buyer.anchor"

TOLERANCE = 0.05
"""Smallest change that counts: this share of the shipped number; in its own units where that is 0.
A parameter moved by less still gives what it was fitted to, within what a run can tell."""


def changed_parameters(scenario: Scenario, inputs: Path, shipped: Scenario) -> Mapping[str, str]:
    """Return dotted keys of what is not as shipped, each with who set it.

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
    mapping of str to str
        Parameters as ``buyer.choice.price``, options as ``buyer.options.price``, traits as
        ``buyer.persona.pickiness``; ``buyer.wallet`` for the scenario's factors on it,
        ``buyer.anchor.price`` and ``buyer.anchor.inclination`` for an anchor's levels. Only what
        differs by more than `TOLERANCE` in all behavioral seats of the role. A seat ``PART@NAME``
        is compared with the seat ``PART``.

    Raises
    ------
    BadOption
        If a file of parameters cannot be read.
    """
    told = with_inputs(scenario, inputs)
    found: dict[str, str] = {}
    for role, seats, ours in zip(
        ROLES, (told.sellers, told.buyers), (shipped.sellers, shipped.buyers), strict=True
    ):
        known = {seat.id: seat for seat in ours}
        each = [
            _changed(role, seat, known.get(seat.id) or known.get(seat.id.partition("@")[0]))
            for seat in seats
            if seat.agent == _BEHAVIORAL
        ]
        if each:
            found |= {key: who for key, who in each[0].items() if all(key in one for one in each)}
    if _differs(scenario.behavioral.wallet, shipped.behavioral.wallet):
        found[_WALLET] = _wallet_set_by(scenario.behavioral.parameters, inputs)
    return found


def _changed(role: Role, seat: AgentTable, base: AgentTable | None) -> dict[str, str]:
    """Key -> who set it, of all that one seat has otherwise than the shipped one."""
    found: dict[str, str] = {}
    path = seat.options.get(_FILE)
    if isinstance(path, str):
        ours, theirs = (_flat(msgspec.to_builtins(load_parameters(p))) for p in (None, path))
        keys = (key for key, value in theirs.items() if _differs(value, ours.get(key)))
        found |= {key: _set_by(path) for key in keys if key.startswith(f"{role}.")}
    here, there = (_options(role, one) if one else {} for one in (seat, base))
    for key in sorted({*seat.options, *(base.options if base else {})} - {_FILE, _LEVELS}):
        if _differs(here.get(key), there.get(key)):
            found[f"{role}.options.{key}"] = f"options of the {role}s"
    now, before = ((one.persona if one else None) or {} for one in (seat, base))
    for key in sorted({*now, *before}):
        if now.get(key) != before.get(key):
            found[f"{role}.persona.{key}"] = f"personas of the {role}s"
    return found | dict.fromkeys(_anchored(seat, base), "levels of the buyers ([anchor])")


def _set_by(named: str | None) -> str:
    """Say who chose parameters: a named set, or a file with the set below it."""
    if named is None or named in SETS:
        return f"the parameter set {named or PAPER}"
    base = base_of(named, _BEHAVIORAL)
    return "your file of parameters" + (f" over the set {base}" if base != PAPER else "")


def _wallet_set_by(named: str | None, inputs: Path) -> str:
    """Say who set the scenario's factors on wallets: a set that follows list prices, or a user."""
    place = named if named is None or named in SETS else str(inputs / named)
    base = base_of(place, _BEHAVIORAL)
    return "[behavioral.wallet]" if base == PAPER else f"the parameter set {base}"


def _options(role: Role, seat: AgentTable) -> dict[str, Any]:
    """Each option of a seat as it is set, or as the shipped parameters have it for its persona."""
    persona = seat.persona or {}
    poles = tuple(persona[trait] for trait in TRAITS[role] if trait in persona)
    of = manner if role == "seller" else disposition
    return msgspec.structs.asdict(of(_BEHAVIORAL, None, poles, "{}")) | dict(seat.options)


def _anchored(seat: AgentTable, base: AgentTable | None) -> Iterator[str]:
    """Yield what a seat's levels have otherwise than the shipped ones, in any category."""
    here, there = ((one.options if one else {}).get(_LEVELS) or {} for one in (seat, base))
    for key, none in (("inclination", 0.0), ("price", 1.0)):
        pairs = (
            [levels.get(category, {}).get(key, none) for levels in (here, there)]
            for category in sorted({*here, *there})
        )
        if any(_differs(now, before) for now, before in pairs):
            yield f"{_ANCHOR}.{key}"


def _differs(value: Any, shipped: Any) -> bool:
    """Whether a value is another one, beyond `TOLERANCE` where both are numbers or hold some."""
    if isinstance(value, Mapping) and isinstance(shipped, Mapping):
        keys = {*value, *shipped}
        return any(_differs(value.get(key), shipped.get(key)) for key in keys)
    if isinstance(value, list | tuple) and isinstance(shipped, list | tuple):
        pairs = zip(value, shipped, strict=False)
        return len(value) != len(shipped) or any(_differs(one, other) for one, other in pairs)
    if _number(value) and _number(shipped):
        return bool(abs(value - shipped) > TOLERANCE * (abs(shipped) or 1.0) + 1e-12)
    return bool(value != shipped)


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _flat(tree: Mapping[str, Any], above: str = "") -> dict[str, Any]:
    """Dotted key -> value of every leaf."""
    leaves: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            leaves |= _flat(value, f"{above}{key}.")
        else:
            leaves[f"{above}{key}"] = value
    return leaves
