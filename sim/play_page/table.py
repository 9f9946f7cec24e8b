"""The run that a person plays: a new one with a person in one seat, or one that goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.agents.protocol import PERSON
from retailsim.events.messages import Role
from retailsim.sim.execution.runner import RunControl, RunOutcome
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play_page.errors import OfTheRun, OneSeat, SeatNamed
from retailsim.sim.run.launch import asked_scenario, make, play_prepared, prepare
from retailsim.sim.run.launch_options import DEFAULT, Options
from retailsim.sim.run.resume import go_on
from retailsim.sim.scenario.protocol import run_of, scenario_protocol
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import ROLES
from retailsim.sim.terminal.audience import Audience

NAME = "you"
"""What the seat is called, where the scenario has none for a person."""
PLAYING = {"deadline_s": 3600.0}
"""The options of such a seat: nobody waits for who plays alone, so nothing hurries."""
_ALONE = "design.broadcast"
BUYER: Role = "buyer"
"""The seat of who does not say which."""

Playing = Callable[[Audience, RunControl], RunOutcome | None]


@dataclass(frozen=True, kw_only=True)
class Table:
    """A run and the person's seat in it.

    Parameters
    ----------
    run : RunFolder
    role : {"seller", "buyer"}
    seat : str
        Such as ``buyer:you``.
    play : callable
        Plays what is left of it; None comes back if nothing is.
    """

    run: RunFolder
    role: Role
    seat: str
    play: Playing


def table_for(
    scenario: str | None, flags: Mapping[str, Any], desk: Desk, audience: Audience
) -> Table:
    """Return the table that a command asks for.

    Parameters
    ----------
    scenario : str or None
        A scenario, or a run that goes on; None: a short one to begin with.
    flags : mapping
        The options of the command, None and () where nothing was said: ``role``, ``verbose``, and
        others as for a launch.

    Raises
    ------
    SimError, CatalogError, BadProfiles
        As `new_table` and `table_again`.
    """
    told = dict(flags)
    role, verbose = told.pop("role"), told.pop("verbose")
    if scenario is not None and (Path(scenario) / "run.toml").is_file():
        return table_again(Path(scenario), desk, {"as": role, **told})
    options = Options(verbose=verbose, **told)
    if scenario is None:
        options = short_default(options, role or BUYER)
    else:
        options = msgspec.structs.replace(options, scenario=scenario)
    return new_table(options, role or BUYER, desk, audience)


def new_table(options: Options, role: Role, desk: Desk, audience: Audience) -> Table:
    """Make the folder of a run with a person in one seat; nothing is played yet.

    Parameters
    ----------
    options : Options
        As for a launch. Without a scenario of its own, a few products and one partner.

    Raises
    ------
    SeatNamed, OneSeat
        If the seat is given to others, too.
    SimError, CatalogError, BadProfiles
        As `prepare`.
    """
    if getattr(options, f"{role}s") is not None:
        raise SeatNamed(role)
    seat = _seat(options, role)
    seated = msgspec.structs.replace(options, workers=1, desk=desk, **{f"{role}s": [seat]})
    prepared = prepare(_each_alone(seated), audience)
    mine = f"{role}:{seat['id']}"
    if prepared.cast.people() != [mine]:
        raise OneSeat(options.scenario, prepared.cast.people())
    run = make(prepared)

    def play(audience: Audience, control: RunControl) -> RunOutcome:
        return play_prepared(prepared, run, audience, control)

    return Table(run=run, role=role, seat=mine, play=play)


def table_again(path: Path, desk: Desk, named: Mapping[str, Any]) -> Table:
    """Return the table of a run that goes on.

    Parameters
    ----------
    named : mapping of option to value
        What the command names beside the run; None and () where it does not.

    Raises
    ------
    OfTheRun
        If it names anything.
    OneSeat
        If not exactly one person takes a seat.
    """
    given = [f"--{name}" for name, value in named.items() if value not in (None, ())]
    if given:
        raise OfTheRun(path, given)
    run = RunFolder(path)
    scenario = run.read().scenario
    people = [(role, one.id) for role in ROLES for one in _people(scenario, role)]
    if len(people) != 1:
        raise OneSeat(path, [f"{role}:{name}" for role, name in people])
    role, name = people[0]

    def play(audience: Audience, control: RunControl) -> RunOutcome | None:
        return go_on(path, audience, desk=desk, control=control)

    return Table(run=run, role=role, seat=f"{role}:{name}", play=play)


def short_default(options: Options, role: Role) -> Options:
    """Return the options of the default scenario cut short: a few products, one partner."""
    others: Role = "seller" if role == "buyer" else "buyer"
    short = msgspec.structs.replace(
        options, scenario=DEFAULT, settings=("products.per_category=1", *options.settings)
    )
    if getattr(options, f"{others}s") is not None:
        return short
    scenario, _ = asked_scenario(short)
    first = scenario.seats(others)[0].agent
    return msgspec.structs.replace(short, **{f"{others}s": first})


def _people(scenario: Scenario, role: Role) -> list[AgentTable]:
    return [seat for seat in scenario.seats(role) if seat.agent == PERSON]


def _seat(options: Options, role: Role) -> dict[str, Any]:
    """Return the person's seat as a table: the scenario's own, if it has one for a person."""
    scenario, _ = asked_scenario(options)
    for seat in _people(scenario, role):
        return {"id": seat.id, "agent": PERSON, "options": dict(seat.options)}
    return {"id": NAME, "agent": PERSON, "options": PLAYING}


def _each_alone(options: Options) -> Options:
    """Give each market one buyer, where the protocol would have several in one."""
    scenario, folder = asked_scenario(options)
    if _ALONE not in run_of(scenario_protocol(scenario, folder, options.scenario)).own_keys:
        return options
    settings = (f'{_ALONE}="episode"', *options.settings)
    return msgspec.structs.replace(options, settings=settings)
