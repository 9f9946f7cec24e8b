"""The twin of a person's episode: the same market with a simulated agent in the person's seat.

All draws are keyed by what they are for and never by who sits where, so the twin meets the same
product at the same price with the same luck, and a partner in the same mood. Where both differ, it
is by what the person said and did.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec

from retailsim.agents.person.options import Absence
from retailsim.agents.protocol import PERSON
from retailsim.events.messages import Event, Role
from retailsim.market.core.money import in_currency
from retailsim.market.core.spec import MarketSpec
from retailsim.sim.errors import NoPerson
from retailsim.sim.execution.job import cast_of, protocol_of, run_design
from retailsim.sim.folder.run_folder import RunFile, RunFolder
from retailsim.sim.people.ended_market import ended_markets
from retailsim.sim.people.outcome import Outcome, outcomes_of
from retailsim.sim.people.twin_events import waits_in
from retailsim.sim.play.in_memory import play_in_memory
from retailsim.sim.play.retries import attempt
from retailsim.sim.run.trust import brought, check_trust
from retailsim.sim.scenario.design import Design
from retailsim.sim.scenario.scenario import AgentTable
from retailsim.sim.seats.cast import Cast

BEHAVIORAL = "behavioral"


class BesideTwin(msgspec.Struct, frozen=True, kw_only=True):
    """A person's episode, and what a simulated agent in the same seat did.

    Parameters
    ----------
    market, episode : str
    outcome : Outcome
        The person's.
    gone : {"fail", "leave", "hand over"} or None
        What came of it, where the person left before the end; None: it played to the end.
    twin : Outcome or None
        The simulated agent's; None where it cannot be played.
    why_none : str
        Why it cannot, as a sentence.
    late : bool
        Whether the person did not get up: the time of a step was over.
    """

    market: str
    episode: str
    outcome: Outcome
    gone: Absence | None
    twin: Outcome | None
    why_none: str = ""
    late: bool = False


def beside_twins(run: Path, seat: str, *, trust: bool = False) -> list[BesideTwin]:
    """Return each episode that a person played to its end, beside its twin.

    Not to be called where an event loop is running: use a thread there. It reads the whole log.

    Parameters
    ----------
    run : Path
        The run's folder; it may be unfinished.
    seat : str
        The person's, such as ``buyer:ann``.
    trust : bool
        Whether the run's code may be run, if it was not launched here.

    Raises
    ------
    NoPerson
        If no person takes a seat of this name.
    Untrusted, RunChanged, LogDamaged
        If the run cannot be played again.
    """
    folder = RunFolder(run)
    file = folder.read()
    check_trust(folder, file, brought(folder, file), trust=trust, what="played again")
    role, table = _seat(run, file, seat)
    instead = _with_behavioral(file, role, table)
    cast = cast_of(folder, instead)
    design = run_design(folder, instead)
    specs = {spec.id: spec for spec in design.markets() if (role, table.id) in spec.seats}
    found: list[BesideTwin] = []
    for ended in ended_markets(folder, protocol_of(folder, file), seat):
        spec = specs.get(attempt(ended.market)[0])
        if spec is None:
            continue
        why = _why_none(cast, instead, spec)
        twins = {} if why else _played(design, instead, cast, spec)
        for episode, outcome in outcomes_of(ended.events).items():
            twin = twins.get(attempt(episode)[0])
            found.append(
                BesideTwin(
                    market=ended.market,
                    episode=episode,
                    outcome=outcome,
                    gone=ended.gone,
                    twin=twin,
                    why_none=why,
                    late=ended.late,
                )
            )
    return found


def _seat(run: Path, file: RunFile, seat: str) -> tuple[Role, AgentTable]:
    role, _, name = seat.partition(":")
    roles: tuple[Role, Role] = ("seller", "buyer")
    for known in roles:
        for table in file.scenario.seats(known):
            if (known, table.id, table.agent) == (role, name, PERSON):
                return known, table
    raise NoPerson(run, seat)


def _with_behavioral(file: RunFile, role: Role, table: AgentTable) -> RunFile:
    """Return the run with a behavioral agent in a person's seat."""
    options = table.options.get("stand_in", {})
    instead = msgspec.structs.replace(table, agent=BEHAVIORAL, options=options)
    seats = tuple(instead if one is table else one for one in file.scenario.seats(role))
    scenario = msgspec.structs.replace(file.scenario, **{f"{role}s": seats})
    return msgspec.structs.replace(file, scenario=scenario)


def _why_none(cast: Cast, file: RunFile, spec: MarketSpec) -> str:
    """Say who else in a market would have to be asked anew; empty where nobody."""
    if not waits_in(cast, file.scenario, spec):
        return ""
    return (
        "Somebody else in the market, such as a model, would have to be asked anew: "
        "its answers are to what the person said."
    )


def _played(design: Design, file: RunFile, cast: Cast, spec: MarketSpec) -> dict[str, Outcome]:
    events: list[Event] = []
    with in_currency(file.scenario.products.currency):
        asyncio.run(play_in_memory(design, cast, [spec], events.extend))
    return outcomes_of(events)
