"""Twins of many people at once: their markets again, with simulated agents in all their seats.

Each market of a run with people has one episode and is played by itself, so one cast serves all
seats: a market's twin is the same whoever sits in the others.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from retailsim.agents.base import Agent
from retailsim.agents.person.stand_in import BEHAVIORAL
from retailsim.agents.protocol import PERSON
from retailsim.events.messages import Event, Role
from retailsim.market.core.money import in_currency
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.execution.job import cast_of, run_design
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.play.in_memory import play_in_memory
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import ROLES, Cast


def simulated(file: RunFile, agent: str = BEHAVIORAL) -> RunFile:
    """Return a run with a simulated agent, by its seat's options ``stand_in``, for each person.

    Parameters
    ----------
    agent : str
        What sits there; a name that only this process knows, or the behavioral one.
    """
    scenario = file.scenario
    changed: dict[str, Any] = {
        f"{role}s": tuple(_seat(seat, agent) for seat in scenario.seats(role)) for role in ROLES
    }
    return msgspec.structs.replace(file, scenario=msgspec.structs.replace(scenario, **changed))


def _seat(seat: AgentTable, agent: str) -> AgentTable:
    if seat.agent != PERSON:
        return seat
    options = seat.options.get("stand_in", {})
    return msgspec.structs.replace(seat, agent=agent, options=options)


def twin_events(
    folder: RunFolder,
    file: RunFile,
    markets: Collection[str],
    *,
    classes: Mapping[str, type[Agent]] = MappingProxyType({}),
) -> list[Event]:
    """Play markets of a run again in memory, and return all their events.

    Not to be called where an event loop is running.

    Parameters
    ----------
    file : RunFile
        As `simulated` returns it, perhaps with other parameters.
    markets : collection of str
        Those to play, by their names in the design; nobody in them may wait for answers.
    classes : mapping of str to type
        Agents that only this process has.
    """
    design, cast = run_design(folder, file), cast_of(folder, file, classes)
    events: list[Event] = []
    wanted = [spec for spec in design.markets() if spec.id in markets]
    with in_currency(file.scenario.products.currency):
        asyncio.run(play_in_memory(design, cast, wanted, events.extend))
    return events


def waits_in(cast: Cast, scenario: Scenario, spec: MarketSpec) -> bool:
    """Whether anybody in a market would have to be asked anew; a model that reads claims, too."""
    seats = (cast.seat(*seat) for seat in spec.seats)
    return scenario.reader is not None or any(seat.kind.waits for seat in seats)


def person_seats(scenario: Scenario) -> dict[Role, tuple[str, ...]]:
    """Return the ids of the seats that people take, by role, where there are any."""
    found: dict[Role, tuple[str, ...]] = {
        role: tuple(seat.id for seat in scenario.seats(role) if seat.agent == PERSON)
        for role in ROLES
    }
    return {role: seats for role, seats in found.items() if seats}
