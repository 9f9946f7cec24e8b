"""The run that a person plays: a new one with a person in one seat, or one that goes on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from retailsim.agents.person.desk import Desk
from retailsim.agents.person.options import Absence
from retailsim.agents.person.side import may_leave, side_of
from retailsim.agents.person.stand_in import stands_in
from retailsim.agents.protocol import PERSON
from retailsim.events.messages import Role
from retailsim.market.protocols.registry import Protocol
from retailsim.sim.execution.runner import RunControl, RunOutcome
from retailsim.sim.folder.run_folder import RunFolder
from retailsim.sim.play_page.errors import OfTheRun, OneSeat, SeatNamed, TrustsNothing
from retailsim.sim.run.launch import asked_scenario, make, play_prepared, prepare
from retailsim.sim.run.launch_options import DEFAULT, Options
from retailsim.sim.run.resume import go_on
from retailsim.sim.run.trust import brought, check_trust
from retailsim.sim.scenario.protocol import run_of, scenario_protocol
from retailsim.sim.scenario.scenario import AgentTable, Scenario
from retailsim.sim.seats.cast import ROLES
from retailsim.sim.terminal.audience import Audience

NAME = "you"
"""What the seat is called, where the scenario has none for a person."""
DEADLINE_S = 3600.0
"""Of such a seat's steps: nobody waits for who plays alone, so nothing hurries."""
OF_RUNS = ("budget", "settings", "trust")
"""Options that may be given with a run which goes on, as for `resume`."""
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
    trust : bool
        Whether the user said that the run's code may be run.
    """

    run: RunFolder
    role: Role
    seat: str
    play: Playing
    trust: bool = False


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
        return table_again(Path(scenario), desk, {"as": role, **told}, verbose=verbose)
    if told.pop("trust", False):
        raise TrustsNothing
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
    scenario, folder = asked_scenario(options)
    protocol = scenario_protocol(scenario, folder, options.scenario)
    seat = _seat(scenario, protocol, role)
    seated = msgspec.structs.replace(options, workers=1, desk=desk, **{f"{role}s": [seat]})
    prepared = prepare(_each_alone(seated, protocol), audience)
    mine = f"{role}:{seat['id']}"
    if prepared.cast.people() != [mine]:
        raise OneSeat(options.scenario, prepared.cast.people())
    run = make(prepared)

    def play(audience: Audience, control: RunControl) -> RunOutcome:
        return play_prepared(prepared, run, audience, control)

    return Table(run=run, role=role, seat=mine, play=play)


def table_again(
    path: Path, desk: Desk, named: Mapping[str, Any], *, verbose: bool = False
) -> Table:
    """Return the table of a run that goes on.

    Parameters
    ----------
    named : mapping of option to value
        What the command names beside the run; None and () where it does not. ``trust``,
        ``budget`` and ``settings`` are as for `go_on`.

    Raises
    ------
    OfTheRun
        If it names anything else.
    OneSeat
        If not exactly one person takes a seat.
    Untrusted
        If it was not launched here and brings code, or sends keys somewhere.
    """
    given = [
        f"--{name}"
        for name, value in named.items()
        if value not in (None, ()) and name not in OF_RUNS
    ]
    if given:
        raise OfTheRun(path, given)
    run, trust = RunFolder(path), bool(named.get("trust"))
    file = run.read()
    scenario = file.scenario
    people = [(role, one.id) for role in ROLES for one in _people(scenario, role)]
    if len(people) != 1:
        raise OneSeat(path, [f"{role}:{name}" for role, name in people])
    check_trust(run, file, brought(run, file), trust=trust, what="played")
    role, name = people[0]

    def play(audience: Audience, control: RunControl) -> RunOutcome | None:
        return go_on(
            path,
            audience,
            budget=named.get("budget"),
            settings=named.get("settings") or (),
            verbose=verbose,
            trust=trust,
            control=control,
            desk=desk,
        )

    return Table(run=run, role=role, seat=f"{role}:{name}", play=play, trust=trust)


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


def _seat(scenario: Scenario, protocol: Protocol, role: Role) -> dict[str, Any]:
    """Return the person's seat as a table: the scenario's own, if it has one for a person."""
    for seat in _people(scenario, role):
        return {"id": seat.id, "agent": PERSON, "options": dict(seat.options)}
    options = {"deadline_s": DEADLINE_S, "when_gone": _when_gone(protocol, role)}
    return {"id": NAME, "agent": PERSON, "options": options}


def _when_gone(protocol: Protocol, role: Role) -> Absence:
    """Return what comes of it that the person leaves: the best that the protocol has."""
    if may_leave(side_of(protocol), role):
        return "leave"
    return "fail" if stands_in(protocol, role) is None else "hand over"


def _each_alone(options: Options, protocol: Protocol) -> Options:
    """Give each market one buyer, where the protocol would have several in one."""
    if _ALONE not in run_of(protocol).own_keys:
        return options
    settings = (f'{_ALONE}="episode"', *options.settings)
    return msgspec.structs.replace(options, settings=settings)
