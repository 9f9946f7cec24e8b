"""``resume --set buyers.ID.options.KEY=VALUE``: what may change of an agent over HTTP.

Only what changes no request: where it is, how it is asked, and with which secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import msgspec

from retailsim.agents.protocol import WIRE
from retailsim.agents.wire.address import WireOptions, wire_options
from retailsim.events.messages import Role
from retailsim.sim.errors import BadSetting
from retailsim.sim.folder.run_folder import RunFile
from retailsim.sim.scenario.scenario import AgentTable
from retailsim.sim.scenario.settings import Tree, lay_over
from retailsim.sim.seats.cast import ROLES

ABOUT_SEATS = tuple(f"{role}s." for role in ROLES)
"""How settings about seats begin."""
CHANGEABLE = tuple(name for name in WireOptions.__struct_fields__ if name != "config")
"""Options that are in no request."""


def with_wire_settings(file: RunFile, settings: Sequence[str]) -> RunFile:
    """Return the run's file with settings laid over the options of its agents over HTTP.

    Raises
    ------
    BadSetting
        If a setting is about something else, or would change what is asked.
    BadOption
        If a value makes no sense.
    """
    seats = {f"{role}s": [_told(seat) for seat in _wired(file, role)] for role in ROLES}
    tree: Tree = {place: told for place, told in seats.items() if told}
    for setting in settings:
        if not any(setting.startswith(f"{place}.") for place in tree):
            raise BadSetting(setting, "the run has no such agents over HTTP")
    lay_over(tree, settings)
    changed: dict[str, Any] = {}
    for role in ROLES:
        told = tree.get(f"{role}s", ())
        after = {seat.id: one for seat, one in zip(_wired(file, role), told, strict=True)}
        changed[f"{role}s"] = tuple(
            _changed(seat, role, after[seat.id]) if seat.id in after else seat
            for seat in file.scenario.seats(role)
        )
    scenario = msgspec.structs.replace(file.scenario, **changed)
    return msgspec.structs.replace(file, scenario=scenario)


def _wired(file: RunFile, role: Role) -> list[AgentTable]:
    return [seat for seat in file.scenario.seats(role) if seat.agent == WIRE]


def _told(seat: AgentTable) -> Tree:
    return {"id": seat.id, "options": deepcopy(seat.options)}


def _changed(seat: AgentTable, role: Role, after: Tree) -> AgentTable:
    place, options = f"{role}s.{seat.id}", after["options"]
    if after != {"id": seat.id, "options": options} or not isinstance(options, dict):
        raise BadSetting(place, "resume can change the options of agents over HTTP only")
    if wire_options(place, options).config != wire_options(place, seat.options).config:
        may = ", ".join(CHANGEABLE)
        problem = f"is part of what was asked; resume can change {may}"
        raise BadSetting(f"{place}.options.config", problem)
    return msgspec.structs.replace(seat, options=options)
