"""Seats as a program gives them: names, tables and agent classes, brought to names and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tomli_w

from retailsim.agents.base import Agent
from retailsim.events.messages import Role
from retailsim.sim.api.errors import BadArgument
from retailsim.sim.folder.run_folder import without_none
from retailsim.sim.folder.session_agents import agent_name, importable
from retailsim.sim.seats.seat_names import SeatEntry

SeatWish = str | type[Agent] | Mapping[str, Any]
"""A seat: a name as on the command line, an agent class, or a table as in a scenario, whose
``agent`` may be a class, too."""

SeatWishes = SeatWish | Sequence[SeatWish]
"""The seats of a role: one, or several in order; a text names several as ``"A,B"``."""

Classes = dict[str, type[Agent]]


def seat_entries(
    role: Role, wishes: SeatWishes | None, classes: Classes
) -> str | list[SeatEntry] | None:
    """Return the seats of a role as names and tables.

    Parameters
    ----------
    classes : dict
        Takes the classes that only this session has, by the names that they get.

    Raises
    ------
    BadArgument
        If something cannot be a seat.
    """
    if wishes is None or isinstance(wishes, str):
        return wishes
    if isinstance(wishes, type | Mapping) or not isinstance(wishes, Sequence):
        wishes = [wishes]
    return [_entry(role, one, classes) for one in wishes]


def _entry(role: Role, wish: Any, classes: Classes) -> SeatEntry:
    if isinstance(wish, str):
        return wish
    if isinstance(wish, type):
        return {"id": wish.__name__, "agent": _named(role, wish, classes)}
    if not isinstance(wish, Mapping):
        problem = f"a {type(wish).__name__} is not a seat: give a name, an agent class or a table"
        raise BadArgument(f"{role}s", problem)
    _check_options(role, wish)
    agent = wish.get("agent")
    if not isinstance(agent, type):
        return dict(wish)
    return {"id": agent.__name__, **wish, "agent": _named(role, agent, classes)}


def _named(role: Role, cls: type, classes: Classes) -> str:
    if not issubclass(cls, Agent):
        problem = f"{cls.__name__} is not an agent: subclass SellerAgent, BuyerAgent or Agent"
        raise BadArgument(f"{role}s", problem)
    name = agent_name(cls)
    if not importable(cls) and classes.setdefault(name, cls) is not cls:
        raise BadArgument(f"{role}s", f"two classes are called {name}: rename one")
    return name


def _check_options(role: Role, wish: Mapping[Any, Any]) -> None:
    """Refuse options that the run's own scenario file could not hold."""
    try:
        tomli_w.dumps(without_none({"options": wish.get("options", {})}))
    except (TypeError, ValueError) as error:
        raise BadArgument(f"{role}s", f"options that TOML does not have: {error}") from None
